"""Weeks and months are those of the wall clock, whatever daylight saving does, and a month's pack waits for a working day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from sync.clocks import Calendar
from sync.spans import MONTHLY, WEEKLY, edges, monthly_due, weekly_due

BERLIN = "Europe/Berlin"
GERMANY = Calendar(timezone=BERLIN, days=frozenset(range(5)), opens=540, closes=1020, holidays="DE")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 23, 7, 44, tzinfo=UTC), datetime(2026, 11, 16, 7, 45, tzinfo=UTC)),
        (datetime(2026, 11, 23, 7, 45, tzinfo=UTC), datetime(2026, 11, 23, 7, 45, tzinfo=UTC)),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 7, 45, tzinfo=UTC)),
        (datetime(2026, 10, 26, 7, 45, tzinfo=UTC), datetime(2026, 10, 26, 7, 45, tzinfo=UTC)),  # the clock went back
        (datetime(2026, 3, 30, 6, 45, tzinfo=UTC), datetime(2026, 3, 30, 6, 45, tzinfo=UTC)),  # it went forward
    ],
)
def test_the_weekly_pack_is_due_on_monday_by_the_wall_clock(now: datetime, due: datetime) -> None:
    assert weekly_due(now, 0, time(8, 45), BERLIN) == due


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),
        (datetime(2026, 12, 1, 7, 59, tzinfo=UTC), datetime(2026, 11, 2, 8, 0, tzinfo=UTC)),  # the 1st was a Sunday
        (datetime(2027, 1, 3, 12, 0, tzinfo=UTC), datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),  # New Year, then a weekend
        (datetime(2027, 1, 4, 8, 0, tzinfo=UTC), datetime(2027, 1, 4, 8, 0, tzinfo=UTC)),
    ],
)
def test_the_monthly_pack_is_due_on_the_first_working_day(now: datetime, due: datetime) -> None:
    assert monthly_due(now, time(9), GERMANY) == due


def test_a_team_that_never_works_gets_its_pack_all_the_same() -> None:
    never = Calendar(timezone="UTC", days=frozenset(), opens=0, closes=1)
    assert monthly_due(datetime(2026, 5, 3, tzinfo=UTC), time(9), never) == datetime(2026, 5, 1, 9, tzinfo=UTC)


def test_weeks_begin_on_monday_midnight_and_one_has_an_hour_more_when_the_clock_goes_back() -> None:
    found = edges(WEEKLY, datetime(2026, 10, 27, 9, tzinfo=UTC), BERLIN, 2)
    assert found == [datetime(2026, 10, day, hour, tzinfo=UTC) for day, hour in ((11, 22), (18, 22), (25, 23))]
    assert found[2] - found[1] == timedelta(days=7, hours=1)


def test_months_are_whole_and_those_of_the_calendar() -> None:
    found = edges(MONTHLY, datetime(2026, 3, 2, 8, tzinfo=UTC), "UTC", 3)
    assert found == [datetime(2025, 12, 1, tzinfo=UTC), *(datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))]
