"""When a person may be mentioned. Class A always may; for the rest there are quiet hours, a team's hours and people who want none."""

from __future__ import annotations

from datetime import datetime, timedelta

from sync.clocks import Calendar, later
from sync.preferences import Preferences
from sync.severity import Severity


def rings_at(severity: str, wanted: Preferences, hours: Calendar | None, now: datetime) -> datetime | None:
    """The moment at which a person may be mentioned: now, at the end of their quiet hours, or when the team works again (without
    `hours` it always does). None: never, they want no mentions."""
    if severity == Severity.A:
        return now
    if not wanted.mentions:
        return None
    at = later(now, timedelta(), hours) if hours is not None else now
    ends = wanted.quiet_ends(at)
    return at if ends is None else later(ends, timedelta(), hours)
