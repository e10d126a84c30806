"""The nouns of reconciliation. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

Value = str | int | None


class Kind(StrEnum):
    """How a record disagrees."""

    MISSING = "missing"  # the source has it, the target does not
    ORPHAN = "orphan"  # the target has it under our reference, the source does not
    DUPLICATE = "duplicate"  # the target has it more than once
    AMOUNT = "amount"  # a value differs, and neither side changed since we wrote it
    STATUS = "status"  # the two are in states that do not go together
    STALE = "stale"  # the source changed since we wrote, and the target still shows the earlier version
    BYPASS = "bypass"  # the target was changed since we wrote, or made without our reference


class Row(NamedTuple):
    """One record of one side, made comparable. `key` is our reference, empty for a target's record that is not ours. `values` are
    those of the compared fields, in their order. `changed` is in milliseconds since 1970, 0 where the side does not say.
    A source's row that is not `due` expects nothing in the target."""

    key: str
    id: str
    customer: str
    period: str
    currency: str
    minor: int
    values: tuple[Value, ...]
    changed: int
    due: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One key on which the rows disagree, before anybody was asked why. `fields` are places in the compared fields; `before` is its
    kind where it disagreed before."""

    shape: str
    key: str
    source: Row | None
    targets: tuple[Row, ...]
    fields: tuple[int, ...] = ()
    before: str = ""


class Open(NamedTuple):
    """What disagreed before and is to be looked at again. `target_id` is that of a target's record which is not ours."""

    key: str
    source_id: str
    target_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knows of one record. `written_at` is when we sent anything for it last; `state` is that of its newest
    delivery (pending, running, held, dead), empty when nothing is under way; `waits` says in words what for. `decided` says
    that people decided about its values, `accepted` are the prints of disagreements that they took as they are."""

    written_at: datetime | None = None
    source_id: str = ""
    state: str = ""
    waits: str = ""
    decided: bool = False
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One record on which the two sides do not agree. `field` is the first field that differs, `also` are the others; amounts
    are minor units of `currency`. `target_ids` are the records concerned, all of them where there are several."""

    kind: Kind
    key: str
    source_id: str
    target_ids: tuple[str, ...]
    customer: str
    period: str
    currency: str
    source_minor: int | None = None
    target_minor: int | None = None
    field: str = ""
    source_value: str = ""
    target_value: str = ""
    also: tuple[str, ...] = ()

    @property
    def print(self) -> str:
        """What stays the same while the disagreement does."""
        return "|".join((self.kind.value, self.field, self.source_value, self.target_value, *self.target_ids))

    @property
    def at_stake(self) -> int:
        """The money in question, in minor units of the currency."""
        source, target = self.source_minor, self.target_minor
        if source is None or target is None or self.kind is Kind.DUPLICATE:
            return abs((target if target is not None else source) or 0)
        return abs(source - target) or abs(target if self.kind in (Kind.STATUS, Kind.BYPASS) else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Counts and sums of one period and currency on both sides, in minor units."""

    period: str
    currency: str
    source_count: int
    source_minor: int
    target_count: int
    target_minor: int


@dataclass(slots=True, kw_only=True)
class Report:
    """What a run found. `found` holds the disagreements as far as they are kept, `counts` all of them by kind; `explained` counts
    by words what is only under way, of which `examples` say for some keys what exactly. `stakes` is money by currency,
    `fields` and `customers` say how often each is concerned."""

    source_read: int = 0
    target_read: int = 0
    groups: int = 0
    differing: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    explained: dict[str, int] = field(default_factory=dict)
    examples: list[tuple[str, str]] = field(default_factory=list)
    stakes: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    customers: dict[str, int] = field(default_factory=dict)
    totals: tuple[Total, ...] = ()
    found: list[Disagreement] = field(default_factory=list)

    @property
    def drifts(self) -> int:
        """How many records disagree without an explanation."""
        return sum(self.counts.values())

    @property
    def records(self) -> int:
        """How many records the larger side has."""
        return max(self.source_read, self.target_read)
