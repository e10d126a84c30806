"""Arithmetic of trying again. Pure: the jitter is an argument."""

from __future__ import annotations

from datetime import timedelta

from sync.workspace.flow import RetryPolicy


def backoff(policy: RetryPolicy, retries: int, jitter: float) -> timedelta:
    """How long to wait after `retries` earlier tries: exponential up to the cap, of which the second half is random
    (`jitter` from 0 to 1), so that many who failed together do not come back together."""
    grown = policy.first.total_seconds() * policy.factor ** min(retries, 30)
    full = timedelta(seconds=min(grown, policy.cap.total_seconds()))  # a timedelta would overflow
    return full / 2 + full / 2 * jitter


def wait(policy: RetryPolicy, retries: int, jitter: float, retry_after: float | None) -> timedelta:
    """The backoff, but never earlier than the other side asked for (seconds)."""
    own = backoff(policy, retries, jitter)
    return own if retry_after is None else max(own, timedelta(seconds=retry_after))
