"""Turns: never more than the workspace allows, less where the other side says so, and a lie costs an hour at most."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.throttle import Bucket, Limit, Throttle
from sync.workspace.pacing import ThrottlePolicy

TEN_A_SECOND = ThrottlePolicy.model_validate({"rate": "10/s"})
MOMENTS = st.lists(st.floats(0, 60, allow_nan=False), min_size=1, max_size=80).map(sorted)
WILD = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
LIMITS = st.builds(Limit, remaining=st.integers(-5, 10**12), limit=st.none() | st.integers(0, 10**12), reset=WILD)


def most_within(starts: list[float], seconds: float) -> int:
    return max(sum(1 for other in starts if start <= other < start + seconds) for start in starts)


def test_turns_are_evenly_spaced() -> None:
    throttle = Throttle(TEN_A_SECOND)
    assert [round(throttle.take(1, 100.0), 6) for _ in range(4)] == [0.0, 0.1, 0.2, 0.3]
    assert throttle.take(1, 100.9) == 0.0


def test_after_a_rest_a_burst_may_go_at_once() -> None:
    throttle = Throttle(ThrottlePolicy.model_validate({"rate": "600/min", "burst": 3}))
    assert [round(throttle.take(1, 5.0), 6) for _ in range(5)] == [0.0, 0.0, 0.0, 0.1, 0.2]


def test_several_turns_are_taken_together() -> None:
    throttle = Throttle(ThrottlePolicy.model_validate({"rate": "100/10s", "burst": 5}))
    assert throttle.take(5, 0.0) == 0.0
    assert round(throttle.take(5, 0.0), 6) == 0.5


def test_a_turn_that_is_not_waited_for_is_not_taken() -> None:
    throttle = Throttle(TEN_A_SECOND)
    throttle.take(50, 0.0)
    assert round(throttle.take(1, 0.0, patience=4.0), 6) == 5.0
    assert round(throttle.take(1, 0.0, patience=4.0), 6) == 5.0
    assert round(throttle.take(1, 1.0, patience=4.0), 6) == 4.0
    assert round(throttle.take(1, 1.0, patience=9.0), 6) == 4.1


@settings(deadline=None)
@given(MOMENTS, st.integers(1, 200), st.integers(1, 20), st.floats(0.05, 30))
def test_no_span_of_time_holds_more_than_the_burst_and_the_rate(
    moments: list[float], count: int, burst: int, span: float
) -> None:
    throttle = Throttle(ThrottlePolicy.model_validate({"rate": f"{count}/10s", "burst": burst}))
    starts = [moment + throttle.take(1, moment) for moment in moments]
    assert most_within(starts, span) <= burst + span * count / 10 + 1e-6 * len(starts) + 1


@settings(deadline=None)
@given(MOMENTS, st.lists(st.tuples(st.floats(0, 60), LIMITS | WILD), max_size=10))
def test_whatever_the_other_side_says_nobody_is_sent_faster_than_allowed(
    moments: list[float], said: list[tuple[float, Limit | float | None]]
) -> None:
    throttle = Throttle(TEN_A_SECOND)
    starts = []
    for moment, words in sorted([*((m, "ask") for m in moments), *said], key=lambda pair: pair[0]):
        if isinstance(words, Limit):
            throttle.learn(words, moment)
        elif words == "ask":
            wait = throttle.take(1, moment, patience=5.0)
            assert 0 <= wait < math.inf
            if wait <= 5.0:
                starts.append(moment + wait)
        else:
            throttle.refused(words, moment)
    assert all(later - earlier > 0.1 - 1e-6 for earlier, later in itertools.pairwise(sorted(starts)))


@settings(deadline=None)
@given(st.lists(LIMITS | WILD, max_size=20))
def test_no_lie_stops_a_connection_for_more_than_an_hour(said: list[Limit | float | None]) -> None:
    throttle = Throttle()
    for words in said:
        if isinstance(words, Limit):
            throttle.learn(words, 1000.0)
        else:
            throttle.refused(words, 1000.0)
    assert 0 <= throttle.take(1, 1000.0) <= 3600.0
    assert throttle.take(1, 1000.0 + 7200.1) == 0.0
    assert throttle.free


def test_one_refusal_pauses_everything_and_those_under_way_with_it_do_not_lengthen_it() -> None:
    throttle = Throttle()
    assert throttle.free
    for _ in range(8):
        throttle.refused(None, 50.0)
    assert not throttle.free
    assert [throttle.take(1, now) for now in (50.0, 50.75, 51.0)] == [1.0, 0.25, 0.0]
    assert throttle.free


def test_refused_again_and_again_it_waits_twice_as_long_each_time_up_to_a_minute() -> None:
    throttle, now, waits = Throttle(), 0.0, []
    for _ in range(9):
        throttle.refused(None, now)
        waits.append(throttle.paused(now))
        now += throttle.paused(now)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    throttle.went_well()
    throttle.refused(None, now)
    assert throttle.paused(now) == 1


def test_the_other_side_says_how_long() -> None:
    throttle = Throttle()
    throttle.refused(7.0, 0.0)
    throttle.refused(3.0, 1.0)
    assert throttle.paused(1.0) == 6.0
    throttle.refused(9.0, 1.0)
    assert throttle.paused(1.0) == 9.0


def test_turns_after_a_pause_are_spaced_too() -> None:
    throttle = Throttle(TEN_A_SECOND)
    throttle.refused(3.0, 0.0)
    assert [round(throttle.take(1, now), 6) for now in (0.0, 1.0, 2.0)] == [3.0, 2.1, 1.2]


def test_at_zero_everything_waits_for_the_reset() -> None:
    throttle = Throttle()
    throttle.learn(Limit(remaining=0, limit=100, reset=12.0), 100.0)
    assert throttle.take(1, 102.0) == 10.0
    assert throttle.take(1, 112.0) == 0.0


def test_what_is_low_is_spread_over_the_time_left() -> None:
    throttle = Throttle()
    throttle.learn(Limit(remaining=15, limit=100, reset=30.0), 0.0)
    assert [throttle.take(1, 0.0) for _ in range(3)] == [0.0, 2.0, 4.0]
    throttle.learn(Limit(remaining=99, limit=100, reset=30.0), 1.0)
    assert throttle.take(1, 1.0) == 0.0


def test_a_low_limit_does_not_lift_the_workspaces_own() -> None:
    throttle = Throttle(TEN_A_SECOND)
    throttle.learn(Limit(remaining=5, limit=100, reset=0.05), 0.0)
    assert [round(throttle.take(1, 0.0), 6) for _ in range(3)] == [0.0, 0.1, 0.2]


def test_a_new_window_does_not_keep_the_old_ones_wait() -> None:
    throttle = Throttle()
    throttle.learn(Limit(remaining=1, limit=100, reset=3600.0), 0.0)
    throttle.take(1, 0.0)
    throttle.learn(Limit(remaining=10, limit=100, reset=10.0), 1.0)
    assert throttle.take(1, 1.0) < 1.1


@pytest.mark.parametrize(
    ("limit", "low"),
    [
        (Limit(remaining=20, limit=100), False), (Limit(remaining=19, limit=100), True),
        (Limit(remaining=10), False), (Limit(remaining=9), True), (Limit(remaining=5, limit=0), False),
    ],
)  # fmt: skip
def test_less_than_a_fifth_is_low(limit: Limit, low: bool) -> None:
    assert limit.low is low


def test_a_limit_without_a_reset_is_known_and_slows_nothing() -> None:
    throttle = Throttle()
    throttle.learn(Limit(remaining=3, limit=5000), 0.0)
    assert throttle.known == Limit(remaining=3, limit=5000)
    assert throttle.free and throttle.take(1, 0.0) == 0.0


def test_with_nothing_configured_and_nothing_said_nobody_waits() -> None:
    throttle = Throttle(ThrottlePolicy.model_validate({"concurrency": 4}))
    assert throttle.free
    assert {throttle.take(1, 0.0) for _ in range(1000)} == {0.0}


@settings(deadline=None)
@given(st.floats(0.001, 10), st.integers(1, 50), st.integers(1, 5), st.floats(0, 1e9))
def test_a_bucket_makes_room_again_as_time_goes_by(each: float, burst: int, n: int, now: float) -> None:
    bucket = Bucket(each, burst)
    assert bucket.wait(burst, now) == 0.0
    bucket.book(burst + n, now)
    assert bucket.wait(1, now) == pytest.approx((n + 1) * each, abs=1e-5)
    assert bucket.wait(1, now + (n + 1) * each + 1e-3) <= 1e-3


def test_a_rate_that_the_limit_allows_for_good_is_not_slowed_by_what_it_leaves() -> None:
    fits, too_fast = (Throttle(ThrottlePolicy.model_validate({"rate": each})) for each in ("95/10s", "15/s"))
    for one in (fits, too_fast):
        one.learn(Limit(remaining=4, limit=100, reset=10.0, span=10.0), 0.0)
        one.take(1, 0.0)
    assert fits.take(1, 0.0) == pytest.approx(10 / 95)
    assert too_fast.take(1, 0.0) == pytest.approx(2.5)


def test_a_window_that_rolls_and_is_used_up_by_a_fitting_rate_gives_back_a_tenth_soon() -> None:
    fits, too_fast = (Throttle(ThrottlePolicy.model_validate({"rate": each})) for each in ("95/10s", "15/s"))
    for one in (fits, too_fast):
        one.learn(Limit(remaining=0, limit=100, reset=10.0, span=10.0), 0.0)
    assert (fits.paused(0.0), too_fast.paused(0.0)) == (1.0, 10.0)
