"""Arithmetic of trying again. Pure: the jitter is an argument."""

from __future__ import annotations

from datetime import timedelta

from sync.workspace.flow import RetryPolicy

LONGEST_ASKED = 3600.0


def backoff(policy: RetryPolicy, retries: int, jitter: float) -> timedelta:
    """How long to wait after `retries` earlier tries. A part is random (`jitter` from 0 to 1), so that many who failed
    together do not come back together: the second half of an exponential wait, a tenth more of a wait by pattern."""
    full = policy.pause(retries)
    return full / 2 + full / 2 * jitter if policy.pattern is None else full + full / 10 * jitter


def wait(policy: RetryPolicy, retries: int, jitter: float, retry_after: float | None) -> timedelta:
    """The backoff, but never earlier than the other side asked for (seconds). It may ask for an hour at most; what is no
    wait at all (negative, not a number) is not heard."""
    own = backoff(policy, retries, jitter)
    if retry_after is None or not retry_after > 0:
        return own
    return max(own, timedelta(seconds=min(retry_after, LONGEST_ASKED)))
