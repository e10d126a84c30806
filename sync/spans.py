"""Which stretches of time a digest or a pack is about, and when it is due: on a team's wall clock, whatever daylight saving does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sync.clocks import Calendar

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
WEEKLY, MONTHLY = "weekly", "monthly"


def weekly_due(now: datetime, weekday: int, at: time, timezone: str) -> datetime:
    """The latest moment, not after now, at which the wall clock showed this time on this weekday (Monday is 0)."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    day = today - (today.weekday() - weekday) % 7 * _DAY
    moment = datetime.combine(day, at, zone)
    return moment if moment <= now else datetime.combine(day - _WEEK, at, zone)


def monthly_due(now: datetime, at: time, calendar: Calendar) -> datetime:
    """The latest moment, not after now, at which the wall clock showed this time on the first working day of a month."""
    zone = ZoneInfo(calendar.timezone)
    first = now.astimezone(zone).date().replace(day=1)
    moment = datetime.combine(_working(first, calendar), at, zone)
    return moment if moment <= now else datetime.combine(_working(month_before(first), calendar), at, zone)


def edges(kind: str, due: datetime, timezone: str, count: int) -> Sequence[datetime]:
    """The ends of the last `count` whole weeks (which begin on a Monday) or months before the moment, oldest first, in UTC."""
    zone = ZoneInfo(timezone)
    day = due.astimezone(zone).date()
    last = day - day.weekday() * _DAY if kind == WEEKLY else day.replace(day=1)
    days = [last]
    for _ in range(count):
        days.append(days[-1] - _WEEK if kind == WEEKLY else month_before(days[-1]))
    return [datetime.combine(each, time(), zone).astimezone(UTC) for each in reversed(days)]


def month_before(first: date) -> date:
    """The first of the month before."""
    return (first - _DAY).replace(day=1)


def _working(day: date, calendar: Calendar) -> date:
    """The first working day from this one on; the day itself where the calendar has none in the month."""
    for ahead in range(28):
        if calendar.works_on(day + ahead * _DAY):
            return day + ahead * _DAY
    return day
