"""Pausing a clock: only for a named reason, for a limited time, and what was left of it is given back exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sync import clocks
from sync.lifecycle import APPROVERS, TEAM, CaseState, Role

LONGEST = timedelta(days=14)
WHY = {
    "customer_waiting": "the customer has been asked",
    "merge_task": "two records are being merged",
}
"""The reasons for which a clock may stand still, in words that finish "The clock stands still because …"."""
STATES = tuple(map(str, (CaseState.OPEN, CaseState.OWNED, CaseState.SNOOZED, CaseState.REOPENED)))
ENDED_BY = frozenset({"resolve", "propose", "approve", "discard", "replay"})
"""The moves of a person that let a paused clock run again by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPause:
    """A clock that stands still: `why` is one of WHY. It runs again at `until` at the latest."""

    case_id: int
    why: str
    note: str
    by: str
    since: datetime
    until: datetime


def may_pause(severity: str) -> frozenset[Role]:
    """Who may stop the clock of a class: of A, where money is at stake, only an approver; else anybody of the team."""
    return APPROVERS if severity == "A" else TEAM


def moved(at: datetime | None, paused_at: datetime, now: datetime, calendar: clocks.Calendar | None) -> datetime | None:
    """Where a clock ends that stood still from `paused_at` to `now`: what was left of it is left still. One that was over when
    it was paused stays over."""
    if at is None or at <= paused_at:
        return at
    return clocks.later(now, clocks.left(paused_at, at, calendar), calendar)
