"""Working hours are counted as a person with a paper calendar would count them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clocks import Calendar, add_working, round_the_clock

WORKDAYS, EVERY_DAY = frozenset(range(5)), frozenset(range(7))
NINE, HALF_PAST_FIVE, FIVE = 9 * 60, 17 * 60 + 30, 17 * 60
BERLIN = Calendar(timezone="Europe/Berlin", days=WORKDAYS, opens=NINE, closes=HALF_PAST_FIVE, holidays="DE")
MUNICH = Calendar(timezone="Europe/Berlin", days=WORKDAYS, opens=NINE, closes=HALF_PAST_FIVE, holidays="DE-BY")
NEW_YORK = Calendar(timezone="America/New_York", days=WORKDAYS, opens=NINE, closes=FIVE, holidays="US")
ALWAYS = Calendar(timezone="Europe/Berlin", days=EVERY_DAY, opens=0, closes=24 * 60)
SHUT = Calendar(
    timezone="Europe/Berlin",
    days=WORKDAYS,
    opens=NINE,
    closes=HALF_PAST_FIVE,
    closed=frozenset({date(2026, 1, 13)}),
)

CASES = {
    "inside one day": (BERLIN, "2026-01-12 10:00", "4h", "2026-01-12 14:00"),
    "over a night": (BERLIN, "2026-01-12 15:30", "4h", "2026-01-13 11:00"),
    "over a weekend": (BERLIN, "2026-01-16 16:30", "4h", "2026-01-19 12:00"),
    "starting on a Saturday": (BERLIN, "2026-01-17 12:00", "1h", "2026-01-19 10:00"),
    "starting before opening": (BERLIN, "2026-01-12 07:00", "1h", "2026-01-12 10:00"),
    "starting at closing": (BERLIN, "2026-01-12 17:30", "1h", "2026-01-13 10:00"),
    "starting at midnight": (BERLIN, "2026-01-13 00:00", "1h", "2026-01-13 10:00"),
    "exactly one day ends at closing": (BERLIN, "2026-01-12 09:00", "8h30m", "2026-01-12 17:30"),
    "a minute more goes into the next day": (BERLIN, "2026-01-12 09:00", "8h31m", "2026-01-13 09:01"),
    "24 hours are almost three days": (BERLIN, "2026-01-12 09:00", "24h", "2026-01-14 16:00"),
    "four weeks": (BERLIN, "2026-01-12 09:00", "170h", "2026-02-06 17:30"),
    "over Easter": (BERLIN, "2026-04-02 16:30", "2h", "2026-04-07 10:00"),
    "over Christmas": (BERLIN, "2025-12-24 16:30", "2h", "2025-12-29 10:00"),
    "over New Year": (BERLIN, "2025-12-31 17:00", "1h", "2026-01-02 09:30"),
    "over the first of May": (BERLIN, "2026-04-30 17:00", "1h", "2026-05-04 09:30"),
    "the clock goes forward on the weekend": (BERLIN, "2026-03-27 17:00", "1h", "2026-03-30 09:30"),
    "the clock goes back on the weekend": (BERLIN, "2026-10-23 17:00", "1h", "2026-10-26 09:30"),
    "on a leap day": (BERLIN, "2024-02-29 16:30", "2h", "2024-03-01 10:00"),
    "a year without a leap day": (BERLIN, "2025-02-28 17:00", "1h", "2025-03-03 09:30"),
    "Epiphany is work in Berlin": (BERLIN, "2026-01-05 17:00", "1h", "2026-01-06 09:30"),
    "Epiphany is a holiday in Munich": (MUNICH, "2026-01-05 17:00", "1h", "2026-01-07 09:30"),
    "over Thanksgiving": (NEW_YORK, "2026-11-25 16:30", "1h", "2026-11-27 09:30"),
    "over the American change of the clock": (NEW_YORK, "2026-03-06 16:00", "2h", "2026-03-09 10:00"),
    "over a day of our own": (SHUT, "2026-01-12 17:00", "1h", "2026-01-14 09:30"),
    "nothing on a Sunday is Monday's opening": (BERLIN, "2026-01-18 12:00", "0h", "2026-01-19 09:00"),
    "nothing in working hours is now": (BERLIN, "2026-01-12 10:00", "0h", "2026-01-12 10:00"),
    "around the clock over the short day": (ALWAYS, "2026-03-28 20:00", "24h", "2026-03-29 21:00"),
    "around the clock over the long day": (ALWAYS, "2026-10-24 20:00", "24h", "2026-10-25 19:00"),
    "around the clock over midnight": (ALWAYS, "2026-01-17 23:00", "2h", "2026-01-18 01:00"),
}


def local(words: str, calendar: Calendar) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(calendar.timezone))


def span(words: str) -> timedelta:
    hours, _, minutes = words.rstrip("m").partition("h")
    return timedelta(hours=int(hours), minutes=int(minutes or 0))


@pytest.mark.parametrize("name", CASES)
def test_working_time_ends_when_the_paper_calendar_says(name: str) -> None:
    calendar, start, duration, end = CASES[name]
    ended = add_working(local(start, calendar), span(duration), calendar)
    assert ended == local(end, calendar)
    assert ended.tzinfo is UTC


@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    first=st.timedeltas(timedelta(0), timedelta(hours=60)),
    then=st.timedeltas(timedelta(seconds=1), timedelta(hours=60)),
)
def test_waiting_twice_is_waiting_for_the_sum(start: datetime, first: timedelta, then: timedelta) -> None:
    in_two = add_working(add_working(start, first, BERLIN), then, BERLIN)
    assert in_two == add_working(start, first + then, BERLIN)
    assert in_two >= start + first + then


def test_class_a_runs_through_the_night() -> None:
    start = datetime(2026, 3, 28, 23, tzinfo=ZoneInfo("Europe/Berlin"))
    assert round_the_clock(start, timedelta(hours=4)) == datetime(2026, 3, 29, 2, tzinfo=UTC)
