"""Trying again: later each time, never past the cap, never all at once, never before the other side allows it."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sync.policy import backoff, wait
from sync.workspace.flow import RetryPolicy

POLICY = RetryPolicy(attempts=6, first=timedelta(seconds=2), factor=3, cap=timedelta(minutes=5))
PATTERN = RetryPolicy(
    attempts=12, pattern={1: timedelta(seconds=10), 5: timedelta(minutes=1), 10: timedelta(minutes=10)}
)
JITTER = st.floats(0, 1)


def test_each_wait_is_three_times_the_last_up_to_the_cap() -> None:
    waits = [backoff(POLICY, retries, 1.0).total_seconds() for retries in range(7)]
    assert waits == [2, 6, 18, 54, 162, 300, 300]


def test_those_who_failed_together_do_not_come_back_together() -> None:
    assert backoff(POLICY, 0, 0.0) == timedelta(seconds=1)
    assert backoff(POLICY, 0, 0.5) == timedelta(seconds=1.5)
    assert backoff(PATTERN, 0, 1.0) == timedelta(seconds=11)


@settings(deadline=None)
@given(st.integers(0, 10_000), JITTER)
def test_a_wait_is_at_least_half_of_what_it_could_be(retries: int, jitter: float) -> None:
    full = backoff(POLICY, retries, 1.0)
    assert full / 2 <= backoff(POLICY, retries, jitter) <= full <= POLICY.cap


@settings(deadline=None)
@given(st.integers(0, 100), JITTER, st.floats(0, 86_400))
def test_the_other_side_can_only_ask_for_more_patience_and_for_an_hour_at_most(
    retries: int, jitter: float, asked: float
) -> None:
    waited = wait(POLICY, retries, jitter, asked)
    assert waited == max(backoff(POLICY, retries, jitter), timedelta(seconds=min(asked, 3600)))
    assert wait(POLICY, retries, jitter, None) == backoff(POLICY, retries, jitter)


@pytest.mark.parametrize("asked", [-1.0, -math.inf, math.nan, 0.0])
def test_what_is_no_wait_is_not_heard(asked: float) -> None:
    assert wait(POLICY, 0, 0.0, asked) == timedelta(seconds=1)


@pytest.mark.parametrize("asked", [86_400 * 9.0, math.inf, 1e300])
def test_days_of_patience_are_not_given(asked: float) -> None:
    assert wait(POLICY, 0, 0.0, asked) == timedelta(hours=1)


def test_a_pattern_says_from_which_retry_on_to_wait_how_long() -> None:
    waits = [int(backoff(PATTERN, retries, 0.0).total_seconds()) for retries in range(12)]
    assert waits == [10, 10, 10, 10, 60, 60, 60, 60, 60, 600, 600, 600]


def test_its_steps_may_be_written_in_any_order() -> None:
    turned = RetryPolicy(attempts=12, pattern=dict(reversed((PATTERN.pattern or {}).items())))
    assert all(backoff(turned, n, 0.0) == backoff(PATTERN, n, 0.0) for n in range(12))


@settings(deadline=None)
@given(st.integers(0, 10_000), JITTER)
def test_a_wait_by_pattern_is_never_shorter_than_written_and_at_most_a_tenth_longer(
    retries: int, jitter: float
) -> None:
    written = backoff(PATTERN, retries, 0.0)
    assert written <= backoff(PATTERN, retries, jitter) <= written * 1.1


DURATION = st.timedeltas(timedelta(seconds=1), timedelta(days=400))
GROWN = st.fixed_dictionaries({"first": DURATION, "factor": st.integers(1, 10), "cap": DURATION})
STEPS = st.dictionaries(st.integers(1, 12), DURATION, min_size=1, max_size=4).map(lambda steps: {"pattern": steps})


@settings(deadline=None)
@given(st.integers(1, 100), st.one_of(GROWN, STEPS))
def test_whatever_is_accepted_ends_within_thirty_days_and_never_waits_less_than_before(
    attempts: int, kind: dict[str, Any]
) -> None:
    try:
        policy = RetryPolicy(attempts=attempts, **kind)
    except ValidationError:
        return
    waits = [policy.pause(retries) for retries in range(attempts - 1)]
    assert sum(waits, timedelta()) <= timedelta(days=30)
    assert waits == sorted(waits)
