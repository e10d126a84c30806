"""When something that happens once a day was last due."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def last_slot(now: datetime, at: time, timezone: str) -> datetime:
    """The latest moment, not after now, at which the wall clock of the time zone showed this time of day."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    moment = datetime.combine(today, at, zone)
    return moment if moment <= now else datetime.combine(today - timedelta(days=1), at, zone)
