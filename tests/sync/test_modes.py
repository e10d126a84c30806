"""When a flow sends in batches, by its load alone: what leads in, what leads out again, and at which hours it may send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model import Load
from sync.modes import BATCH, EVENT, forced, judged, opened
from sync.workspace.batching import BatchPolicy

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AUTO = BatchPolicy.model_validate({"mode": "auto", "above": "50/s", "below": "20/s", "latency": "30s"})


def load(per_second: float, waits: float | None = None, seconds: float = 10.0) -> Load:
    oldest = None if waits is None else NOW - timedelta(seconds=waits)
    return Load(flow="bill", arrived=round(per_second * seconds), seconds=seconds, oldest=oldest)


def always(*windows: str) -> BatchPolicy:
    return BatchPolicy.model_validate({"mode": "always", "windows": list(windows)})


def berlin(day: int, clock: str, month: int = 11) -> datetime:
    """That time on the wall in Berlin, in winter."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


@pytest.mark.parametrize(
    ("mode", "now", "then"),
    [
        (EVENT, load(83), (BATCH, "83/s arrive")),
        (EVENT, load(50), None),
        (EVENT, load(30), None),
        (EVENT, load(0, waits=30), None),
        (EVENT, load(0, waits=31), (BATCH, "the oldest waits 31s")),
        (EVENT, load(0, waits=600), (BATCH, "the oldest waits 10 min")),
        (BATCH, load(83), None),
        (BATCH, load(30), None),
        (BATCH, load(20), None),
        (BATCH, load(3), (EVENT, "3/s arrive and none waits long")),
        (BATCH, load(0.2), (EVENT, "12/min arrive and none waits long")),
        (BATCH, load(3, waits=15), (EVENT, "3/s arrive and none waits long")),
        (BATCH, load(3, waits=16), None),
    ],
)
def test_a_load_leads_into_batches_and_only_when_it_is_well_over_out_again(
    mode: str, now: Load, then: tuple[str, str] | None
) -> None:
    assert judged(AUTO, mode, now, NOW) == then


@given(
    arrived=st.integers(0, 100_000),
    seconds=st.floats(0, 1_000, allow_nan=False),
    waits=st.one_of(st.none(), st.floats(0, 100_000)),
)
def test_no_load_leads_into_batches_and_out_again(arrived: int, seconds: float, waits: float | None) -> None:
    oldest = None if waits is None else NOW - timedelta(seconds=waits)
    now = Load(flow="bill", arrived=arrived, seconds=seconds, oldest=oldest)
    into, out = judged(AUTO, EVENT, now, NOW), judged(AUTO, BATCH, now, NOW)
    assert into is None or out is None


def test_a_flow_that_says_its_mode_is_not_asked_for_its_load() -> None:
    modes = [forced(BatchPolicy.model_validate({"mode": mode})) for mode in ("always", "never", "auto")]
    assert modes == [BATCH, EVENT, None]
    assert forced(BatchPolicy()) == EVENT


@pytest.mark.parametrize(
    ("clock", "may"),
    [("21:59", False), ("22:00", True), ("23:30", True), ("00:00", True), ("05:59", True), ("06:00", False), ("12:00", False)],
)  # fmt: skip
def test_a_window_over_midnight_is_open_on_both_of_its_sides(clock: str, may: bool) -> None:
    assert opened(always("22:00-06:00"), berlin(23, clock), "Europe/Berlin") is may


@pytest.mark.parametrize(
    ("clock", "may"), [("11:59", False), ("12:00", True), ("12:59", True), ("13:00", False), ("23:59", True)]
)
def test_several_windows_are_each_open(clock: str, may: bool) -> None:
    assert opened(always("12:00-13:00", "18:00-24:00"), berlin(23, clock), "Europe/Berlin") is may


def test_a_window_follows_the_wall_clock_through_the_change_of_the_clock() -> None:
    policy = always("02:00-03:00")
    before, twice, after = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1, 2))
    assert [opened(policy, at, "Europe/Berlin") for at in (before, twice, after)] == [True, True, False]
    skipped = [datetime(2026, 3, 29, hour, 30, tzinfo=UTC) for hour in range(5)]
    assert not any(opened(policy, at, "Europe/Berlin") for at in skipped)


@pytest.mark.parametrize("given", [{"mode": "auto"}, {"mode": "always"}, {}])
def test_without_windows_every_hour_is_right(given: dict[str, Any]) -> None:
    assert opened(BatchPolicy.model_validate(given), NOW, "Europe/Berlin")
