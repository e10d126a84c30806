"""A connection that fails is left alone, longer each time, and used again gently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.breaker import Window, drain_rate, open_for, verdict
from sync.errors import AnswerLost, ConnectorError, Rejected, Throttled, Unauthorized, Unavailable
from sync.workspace.pacing import BreakerPolicy, Rate

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = BreakerPolicy()
ALL_FAIL = {"share": "100%", "minimum": 1}
SECONDS = st.integers(0, 120_000).map(lambda ms: timedelta(milliseconds=ms))


def filled(ok: int, failed: int, at: datetime = NOW) -> Window:
    window = Window(width=POLICY.window)
    for good in [True] * ok + [False] * failed:
        window.note(good, at)
    return window


@pytest.mark.parametrize(
    ("ok", "failed", "tripped"),
    [(0, 9, False), (0, 10, True), (5, 5, True), (6, 5, False), (6, 6, True), (100, 0, False), (0, 0, False)],
)
def test_half_of_at_least_ten_requests_must_fail(ok: int, failed: int, tripped: bool) -> None:
    assert filled(ok, failed).tripped(POLICY, NOW) is tripped


def test_the_share_is_the_workspaces() -> None:
    strict = BreakerPolicy.model_validate(ALL_FAIL)
    assert filled(0, 1).tripped(strict, NOW)
    assert not filled(1, 99).tripped(strict, NOW)


def test_what_is_older_than_the_window_does_not_count() -> None:
    window = filled(0, 20)
    assert window.tripped(POLICY, NOW + timedelta(seconds=26))
    assert not window.tripped(POLICY, NOW + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("seconds", "tripped"), [((0, 10, 29), False), ((0, 70), False), ((0, 10, 70), True), ((0, 600, 3600), True)]
)
def test_where_few_requests_are_made_nothing_that_worked_for_a_whole_window_is_enough(
    seconds: tuple[int, ...], tripped: bool
) -> None:
    window = Window(width=POLICY.window)
    for each in seconds:
        window.note(False, NOW + timedelta(seconds=each))
    assert window.tripped(POLICY, NOW + timedelta(seconds=seconds[-1])) is tripped


def test_one_that_worked_in_between_says_that_the_connection_is_there() -> None:
    window = Window(width=POLICY.window)
    for each, ok in ((0, False), (60, False), (120, True), (180, False), (240, False)):
        window.note(ok, NOW + timedelta(seconds=each))
    assert not window.tripped(POLICY, NOW + timedelta(seconds=240))


def test_a_clock_that_is_set_back_begins_anew_and_trips_nothing() -> None:
    window = filled(0, 20)
    assert not window.tripped(POLICY, NOW - timedelta(hours=1))
    window.note(False, NOW - timedelta(hours=1))
    assert not window.tripped(POLICY, NOW - timedelta(hours=1))


def test_a_clock_that_is_set_forward_forgets() -> None:
    assert not filled(0, 20).tripped(POLICY, NOW + timedelta(hours=1))


def test_after_recovery_the_old_failures_are_gone() -> None:
    window = filled(0, 20)
    window.clear()
    assert not window.tripped(POLICY, NOW)


@settings(deadline=None)
@given(st.lists(st.tuples(SECONDS, st.booleans()), max_size=150))
def test_the_window_counts_what_a_list_of_all_requests_would(ends: list[tuple[timedelta, bool]]) -> None:
    window, policy = Window(width=POLICY.window), BreakerPolicy.model_validate(ALL_FAIL)
    ends.sort(key=lambda end: end[0])
    for after, good in ends:
        window.note(good, NOW + after)
    assert len(window._slices) <= 10
    last = ends[-1][0] if ends else timedelta()
    young = [good for after, good in ends if last - after < POLICY.window * 0.9]
    within = [good for after, good in ends if last - after < POLICY.window]
    tripped = window.tripped(policy, NOW + last)
    if tripped:
        assert young and not any(young)
    elif ends:
        assert any(within)


@settings(deadline=None)
@given(st.integers(1, 50), st.floats(0, 1))
def test_each_trip_is_longer_than_the_last_up_to_the_cap(trips: int, jitter: float) -> None:
    now, then = open_for(POLICY, trips, 1.0), open_for(POLICY, trips + 1, 0.0)
    assert then > now or then >= POLICY.cap * 0.9
    assert open_for(POLICY, trips, jitter) <= POLICY.cap


def test_the_first_trips_are_half_a_minute_one_and_two() -> None:
    assert [open_for(POLICY, trips, 1.0).total_seconds() for trips in range(1, 7)] == [30, 60, 120, 240, 300, 300]
    assert open_for(POLICY, 1, 0.0) == timedelta(seconds=27)
    assert open_for(POLICY, 0, 1.0) == timedelta(seconds=30)


def test_what_waited_goes_out_at_a_rate_that_doubles_until_nothing_binds_it() -> None:
    rates = [drain_rate(POLICY, timedelta(seconds=seconds)) for seconds in (0, 9.9, 10, 25, 30, 59, 60, 86_400)]
    assert rates == [5, 5, 10, 20, 40, 160, None, None]
    assert drain_rate(POLICY, timedelta(hours=-1)) == 5
    assert drain_rate(BreakerPolicy(drain=Rate(count=30, per=timedelta(minutes=1))), timedelta()) == 0.5


@pytest.mark.parametrize(
    ("error", "works"),
    [
        (None, True), (Rejected("no"), True), (Unauthorized("who"), True), (Unavailable("503"), False),
        (AnswerLost("cut"), False), (Throttled("429", sent=True), None), (Throttled("kept back"), None),
    ],
)  # fmt: skip
def test_a_refusal_is_an_answer_and_a_limit_says_nothing(error: ConnectorError | None, works: bool | None) -> None:
    assert verdict(error) is works
