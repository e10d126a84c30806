"""What the ledger remembers of reconciliation: its runs, what disagrees, and what people accepted as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sync.model import Overlay
from sync.reconciling.nouns import Disagreement, Known
from sync.reconciling.taken import Undone

KIND = "reconciliation"
ENTITY = "disagreement"
SEND = "reconciled"
"""The kind of the change that sends a record round again because it is missing or stale in the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one flow. `mode` is full or changed; `state` reading, done or failed. `began_at` is since when its sides were
    read: earlier than `started_at` where it goes on with what a failed one read."""

    id: int
    flow: str
    mode: str
    state: str
    by: str
    began_at: datetime
    started_at: datetime
    ended_at: datetime | None = None
    lease: str = ""
    source_read: int = 0
    target_read: int = 0
    drifts: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    explained: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[tuple[str, str], ...] = ()
    stakes: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[str, int] = field(default_factory=dict)
    customers: Mapping[str, int] = field(default_factory=dict)
    totals: tuple[Mapping[str, str | int], ...] = ()
    detail: str = ""

    @property
    def records(self) -> int:
        """How many records the larger side has."""
        return max(self.source_read, self.target_read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A disagreement as the ledger keeps it: found first in one run and last in another, `seen` in so many."""

    id: int
    flow: str
    what: Disagreement
    first_run: int
    last_run: int
    seen: int
    opened_at: datetime
    closed_at: datetime | None = None
    why: str = ""
    accepted: bool = False


class ReconcilingLedger(Protocol):
    """What comparing and looking again ask."""

    async def known_of(
        self, flow: str, entity: str, target: tuple[str, str], keys: Mapping[str, str], *, also: Collection[str] = ()
    ) -> Mapping[str, Known]:
        """What is known of each key, with the source's id where the caller has it: in this flow, of records of `entity`, written
        to the `target`'s (connection, entity). `also` are writes upon the record, whose keys end in their names."""
        ...

    async def taken_back(self, connection: str) -> tuple[Undone, ...]:
        """The compensations that were carried out there."""
        ...

    async def decided_about(self, flow: str, subject: str) -> tuple[Overlay, ...]:
        """What people decided about values of this record."""
        ...

    async def disagreement(self, number: int) -> Kept | None:
        """The disagreement of that number."""
        ...

    async def close_disagreement(self, number: int, *, why: str, accepted: bool, now: datetime) -> bool:
        """It is over, or `accepted` as it is. False when it was closed already."""
        ...
