"""What a person prefers: a digest of their own, hours in which nothing rings, mentions. Values and clock arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One person's. Times of day are on that person's clock, `timezone` as Slack says it. Quiet hours are both set or both
    None; they may go over midnight."""

    user: str
    digest: bool = False
    digest_at: time = time(8, 0)
    quiet_from: time | None = None
    quiet_until: time | None = None
    mentions: bool = True
    timezone: str = "UTC"

    def quiet_ends(self, now: datetime) -> datetime | None:
        """When the quiet hours that are on now end, in UTC; None when none are on."""
        if self.quiet_from is None or self.quiet_until is None or self.quiet_from == self.quiet_until:
            return None
        zone = zone_of(self.timezone)
        here = now.astimezone(zone)
        for day in (here.date() - timedelta(days=1), here.date()):
            begin = datetime.combine(day, self.quiet_from, zone)
            over_midnight = self.quiet_until < self.quiet_from
            end = datetime.combine(day + timedelta(days=over_midnight), self.quiet_until, zone)
            if begin.astimezone(UTC) <= now < end.astimezone(UTC):
                return end.astimezone(UTC)
        return None


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
