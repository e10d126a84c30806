"""Who is on call: people take turns, and a date may have somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Each of `people` has `days` in a row; the first began at `handover` (local time) of `start`. A date in `instead` has its
    own person, from that day's handover to the next day's."""

    people: tuple[str, ...]
    start: date
    handover: time
    days: int
    timezone: str
    instead: Mapping[date, str] = field(default_factory=dict)


def on_call(rota: Rota, now: datetime) -> str:
    """Whose turn it is. Before the first turn it is the first person's."""
    day = duty_day(rota, now)
    turn = max((day - rota.start).days, 0) // rota.days
    return rota.instead.get(day) or rota.people[turn % len(rota.people)]


def duty_day(rota: Rota, now: datetime) -> date:
    """The local date whose handover was last."""
    local = now.astimezone(ZoneInfo(rota.timezone))
    return local.date() if local.time() >= rota.handover else local.date() - _DAY
