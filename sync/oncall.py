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


def next_handover(rota: Rota, now: datetime) -> datetime:
    """When somebody else is on call (UTC offsets of the rota's zone); with one person and no other date, the end of the turn."""
    zone, day, present = ZoneInfo(rota.timezone), duty_day(rota, now), on_call(rota, now)
    for ahead in range(1, rota.days + 1):
        moment = datetime.combine(day + ahead * _DAY, rota.handover, zone)
        if on_call(rota, moment) != present:
            return moment
    return datetime.combine(day + rota.days * _DAY, rota.handover, zone)
