"""Trying again: later each time, never past the cap, never all at once, never before the other side allows it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from sync.policy import backoff, wait
from sync.workspace.flow import RetryPolicy

POLICY = RetryPolicy(attempts=6, first=timedelta(seconds=2), factor=3, cap=timedelta(minutes=5))
JITTER = st.floats(0, 1)


def test_each_wait_is_three_times_the_last_up_to_the_cap() -> None:
    waits = [backoff(POLICY, retries, 1.0).total_seconds() for retries in range(7)]
    assert waits == [2, 6, 18, 54, 162, 300, 300]


def test_those_who_failed_together_do_not_come_back_together() -> None:
    assert backoff(POLICY, 0, 0.0) == timedelta(seconds=1)
    assert backoff(POLICY, 0, 0.5) == timedelta(seconds=1.5)


@given(st.integers(0, 10_000), JITTER)
def test_a_wait_is_at_least_half_of_what_it_could_be(retries: int, jitter: float) -> None:
    full = backoff(POLICY, retries, 1.0)
    assert full / 2 <= backoff(POLICY, retries, jitter) <= full <= POLICY.cap


@given(st.integers(0, 100), JITTER, st.floats(0, 86_400))
def test_the_other_side_can_only_ask_for_more_patience(retries: int, jitter: float, asked: float) -> None:
    waited = wait(POLICY, retries, jitter, asked)
    assert waited >= timedelta(seconds=asked)
    assert waited >= backoff(POLICY, retries, jitter)
    assert wait(POLICY, retries, jitter, None) == backoff(POLICY, retries, jitter)
