"""Which exceptions somebody asks for, and what of a flow went through. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync.exceptions import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """What unresolved exceptions must be, all at once; None asks for nothing. `holder` is who has it, or is asked when nobody
    has; `late_at` picks those whose deadline passed before; `proposed_to` those that wait for the approval of somebody else
    than that person; `opened_from` is included, `opened_before` is not."""

    teams: frozenset[str] | None = None
    holder: str | None = None
    reason: str | None = None
    flow: str | None = None
    severity: str | None = None
    late_at: datetime | None = None
    proposed_to: str | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """The first of them, nearest deadline first, and how many there are in all."""

    cases: tuple[Case, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """How many records of a flow were delivered since local midnight and within the last hour; each counted to 10,000."""

    flow: str
    today: int
    hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualFix:
    """Something that a person mended by hand in another system and told us of."""

    id: int
    flow: str
    case_id: int | None
    record: str
    system: str
    what: str
    why: str
    by: str
    at: datetime
