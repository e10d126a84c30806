"""What a workspace says about messages that nobody has to act on: weekly and monthly packs, and receipts of what was billed."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal

from pydantic import AfterValidator

from sync.workspace.values import Name, Strict, as_text

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _readable(at: str) -> str:
    if not _CLOCK.fullmatch(at):
        raise ValueError('a time of day such as "08:30" is needed')
    return at


TimeOfDay = Annotated[str, AfterValidator(_readable), as_text(_CLOCK)]


class WeeklyPack(Strict):
    """The operations pack of the week before, in the channel of `team`, on its wall clock."""

    team: Name
    day: Weekday = "mon"
    at: TimeOfDay = "08:45"

    @property
    def weekday(self) -> int:
        """Monday is 0."""
        return _DAYS.index(self.day)

    @property
    def time(self) -> time:
        return time.fromisoformat(self.at)


class MonthlyPack(Strict):
    """The governance pack of the month before, in the channel of `team`, on the first day of the month on which it works."""

    team: Name
    at: TimeOfDay = "09:00"

    @property
    def time(self) -> time:
        return time.fromisoformat(self.at)


class Packs(Strict):
    """Which packs go out. None does that is not named."""

    weekly: WeeklyPack | None = None
    monthly: MonthlyPack | None = None


class Receipts(Strict):
    """A quiet note to the team that works with what was written: what went through in the last hour or day, `of` all records or
    only those that had been stopped."""

    to: Name
    every: Literal["hour", "day"] = "hour"
    of: Literal["all", "stopped"] = "all"
