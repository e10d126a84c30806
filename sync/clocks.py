"""Working-hours arithmetic. Exact over nights, weekends, holidays and changes of the clock: an hour is an elapsed hour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays as public_holidays

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a team works: weekdays (Monday is 0), opening and closing in minutes after local midnight, public holidays of a
    country or region (`DE`, `DE-BY`) and further closed days. A night shift closes after more than 24 hours of minutes; it
    belongs to the day on which it begins."""

    timezone: str
    days: frozenset[int]
    opens: int
    closes: int
    holidays: str | None = None
    closed: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        """Whether the team works on that local day at all."""
        if day.weekday() not in self.days or day in self.closed:
            return False
        return self.holidays is None or day not in _holidays(self.holidays, day.year)


def add_working(start: datetime, duration: timedelta, calendar: Calendar) -> datetime:
    """The moment (UTC) at which `duration` of working time has passed since `start`. Outside hours the clock stands still;
    no duration at all ends at the first working moment."""
    start, left = start.astimezone(UTC), duration
    windows = _windows(start, calendar)
    while True:
        opens, closes = next(windows)
        begins = max(opens, start)
        if begins + left <= closes:
            return begins + left
        left -= closes - begins


def working_between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """The working time from `start` to `end`; none when `end` is not later. What `add_working` adds, this counts."""
    start, end, passed = start.astimezone(UTC), end.astimezone(UTC), timedelta()
    if end <= start:
        return passed
    for opens, closes in _windows(start, calendar):
        if opens >= end:
            break
        passed += min(closes, end) - max(opens, start)
    return passed


def later(start: datetime, duration: timedelta, calendar: Calendar | None) -> datetime:
    """`duration` after `start` (UTC) on a calendar; without one, round the clock."""
    return round_the_clock(start, duration) if calendar is None else add_working(start, duration, calendar)


def left(now: datetime, until: datetime, calendar: Calendar | None) -> timedelta:
    """How much of a clock is left: working time on a calendar; without one, elapsed time. None is left of what is over."""
    if calendar is None:
        return max(until.astimezone(UTC) - now.astimezone(UTC), timedelta())
    return working_between(now, until, calendar)


def as_record(calendar: Calendar) -> dict[str, Any]:
    """The calendar as plain values, for keeping."""
    return {
        "timezone": calendar.timezone,
        "days": sorted(calendar.days),
        "opens": calendar.opens,
        "closes": calendar.closes,
        "holidays": calendar.holidays,
        "closed": sorted(day.isoformat() for day in calendar.closed),
    }


def from_record(record: Mapping[str, Any]) -> Calendar:
    """The calendar that was kept."""
    days, closed = frozenset(record["days"]), frozenset(map(date.fromisoformat, record["closed"]))
    return Calendar(**{**record, "days": days, "closed": closed})


def round_the_clock(start: datetime, duration: timedelta) -> datetime:
    """The moment (UTC) `duration` after `start`, whatever the hour."""
    return start.astimezone(UTC) + duration


def _windows(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """The working windows (UTC) that end after `start`, in order."""
    zone = ZoneInfo(calendar.timezone)
    day = start.astimezone(zone).date() - _DAY  # yesterday's night shift may still be open
    while True:
        if calendar.works_on(day):
            opens, closes = _moment(day, calendar.opens, zone), _moment(day, calendar.closes, zone)
            if closes > start:
                yield opens, closes
        day += _DAY


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    midnights, minute = divmod(minutes, 24 * 60)
    local = datetime.combine(day + midnights * _DAY, time(minute // 60, minute % 60), zone)
    return local.astimezone(UTC)


@lru_cache(maxsize=512)
def _holidays(code: str, year: int) -> frozenset[date]:
    country, _, region = code.partition("-")
    return frozenset(public_holidays.country_holidays(country, subdiv=region or None, years=year))
