"""What reconciliation asks of the outside: two sides that list and can be asked for one record."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sync.counting import Counting
from sync.errors import ConnectorError, Rejected
from sync.listing import Entry, Listing
from sync.model import Found
from sync.ports import Source, Target
from sync.prepare import apply
from sync.reconciling.judging import difference
from sync.reconciling.ledger import ReconcilingLedger
from sync.reconciling.nouns import Finding, Known, Row
from sync.reconciling.rules import Rules

_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both systems of one comparison."""

    rules: Rules
    source: Any
    target: Any
    ledger: ReconcilingLedger

    def lists_changes(self) -> bool:
        """Whether both sides can say what changed since a moment."""
        flow, write = self.rules.flow, self.rules.write
        return bool(self.source.lists_changes(flow.trigger.entity) and self.target.lists_changes(write.entity))

    async def known(self, findings: Collection[Finding]) -> Mapping[str, Known]:
        """What the ledger knows of each of them, by key."""
        flow, write = self.rules.flow, self.rules.write
        keys = {each.key: each.source.id if each.source else "" for each in findings if each.key}
        place = (write.connection, write.entity)
        also = [each.name for each in flow.writes if each.of == write.name]
        return await self.ledger.known_of(flow.name, flow.trigger.entity, place, keys, also=also)

    async def look(self, key: str, source_id: str, target_id: str = "", among: Collection[str] = ()) -> Finding | None:
        """Both records as they are this moment, with what people decided about them: how they disagree, None when they do not.
        `among` are the target's ids of all that are known where several have the reference. Raises ConnectorError."""
        sources, targets = await asyncio.gather(self.sources_now(source_id), self.targets_now(key, target_id, among))
        if not sources and not targets:
            return None
        return difference(self.rules, sources, targets)

    async def sources_now(self, source_id: str) -> list[Row]:
        """The source's record, if it has one."""
        if not source_id:
            return []
        flow, source = self.rules.flow, self.source
        try:
            record = await _source(source).read(flow.trigger.entity, source_id)
        except Rejected as error:
            if error.reason != "not_found":
                raise
            return []
        decided = await self.ledger.decided_about(flow.name, f"{flow.trigger.entity}:{source_id}")
        return [self.rules.source(apply(record, decided), None)]

    async def targets_now(self, key: str, target_id: str = "", among: Collection[str] = ()) -> list[Row]:
        """The target's records under this reference; where it is not known which, two stand for several."""
        entity, target = self.rules.write.entity, _target(self.target)
        try:
            there = self.rules.taken.reference(key)
            found = await (target.get(entity, target_id) if target_id else target.find(entity, there))
        except Rejected as error:
            if error.reason != "ambiguous_reference":
                raise
            if among:
                return await self._these(key, among)
            twice = self.rules.target(Entry("", {}, None, "", key))
            return [twice, twice] if twice is not None else []
        if found is None:
            return []
        row = self._row(found, "" if target_id else key)
        return [row] if row is not None else []

    async def _these(self, key: str, ids: Collection[str]) -> list[Row]:
        entity, target = self.rules.write.entity, _target(self.target)
        found = await asyncio.gather(*(target.get(entity, each) for each in ids))
        rows = [self._row(each, key) for each in found if each is not None]
        return [row for row in rows if row is not None]

    def _row(self, found: Found, key: str) -> Row | None:
        reference = self.rules.taken.reference(key) if key else ""
        return self.rules.target(Entry(found.id, found.record, None, found.status, reference))


async def together(looks: Collection[Any]) -> list[Any]:
    """All of these, a few at a time."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(look: Any) -> Any:
        async with turns:
            return await look

    return await asyncio.gather(*map(one, looks))


def _source(connector: Any) -> Source:
    found: Source = connector
    return found


def _target(connector: Any) -> Target:
    found: Target = connector
    return found


async def counted(connector: object, entity: str) -> int | None:
    """How many records of the entity the system itself has; None where it does not say, for whatever reason."""
    if not isinstance(connector, Counting) or not connector.counts(entity):
        return None
    try:
        return (await connector.counted(entity)).records
    except ConnectorError:
        return None


def is_listing(connector: object, entity: str) -> bool:
    """Whether the connection can list this entity."""
    return isinstance(connector, Listing) and connector.lists(entity)
