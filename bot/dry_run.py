"""A dry run: records of the past go round again, for real up to the last step. Sources are read, targets are only looked into;
what would be written is kept in a shadow ledger that is gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from store.ledger import Store
from sync.crediting import CreditingTarget
from sync.engine import Engine
from sync.errors import Rejected
from sync.line import Line
from sync.model import Bound, Change, Found, Record
from sync.ports import Incoming, Page, Source, Target
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldWrite:
    """One call that was not made. `body` is empty for a posting."""

    connection: str
    entity: str
    operation: str
    target: str
    body: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldBe:
    """What would become of one event in one flow: its state, why it would stop, and nothing else."""

    event_id: int
    flow: str
    subject: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What would happen. Nothing did."""

    events: tuple[WouldBe, ...]
    writes: tuple[WouldWrite, ...]


async def dry_run(
    store: Store,
    workspace: Workspace,
    connections: Mapping[str, object],
    event_ids: Sequence[int],
    *,
    clock: Callable[[], datetime],
) -> DryRun:
    """Let these events go round under the workspace. Raises NotFound for an event that is not there, ConnectorError never: a
    source that does not answer is what would happen."""
    excerpt, log = await store.excerpt(event_ids), list[WouldWrite]()
    with TemporaryDirectory(prefix="meshline-dry-") as directory:
        shadow = _Shelf(f"sqlite:///{Path(directory) / 'shadow.db'}", store)
        await shadow.open()
        try:
            numbers = await shadow.take_over(excerpt, now=clock())
            built = {name: _shadow_of(name, each, log) for name, each in connections.items()}
            line = Line(ledger=shadow, workspace=_unverified(workspace), connections=built, clock=clock)
            await Engine(line, jitter=lambda: 0.0).drain(limit=10 * len(event_ids) + 10)
            before = {new: old for old, new in numbers.items()}
            stood = [each for new in before for each in await _stood(shadow, new, before[new])]
            return DryRun(events=tuple(stood), writes=tuple(log))
        finally:
            await shadow.close()


class _Shelf(Store):
    """A shadow ledger that knows what the real one has bound."""

    def __init__(self, url: str, real: Store) -> None:
        super().__init__(url)
        self._real = real

    async def bound_to(self, asked: Collection[Bound]) -> dict[Bound, tuple[str, ...]]:
        known, fresh = await self._real.bound_to(asked), await super().bound_to(asked)
        return {each: known.get(each) or fresh.get(each, ()) for each in asked}


async def _stood(shadow: Store, number: int, told: int) -> list[WouldBe]:
    story = await shadow.trace(number)
    return [
        WouldBe(
            event_id=told, flow=each["flow"], subject=story["event"].subject, state=each["state"], detail=each["detail"]
        )
        for each in story["deliveries"]
    ]  # fmt: skip


def _unverified(workspace: Workspace) -> Workspace:
    """The same without what only the real target can show: its own totals and states."""
    return replace(workspace, flows={name: _blind(flow) for name, flow in workspace.flows.items()})


def _blind(flow: Flow) -> Flow:
    return flow.model_copy(update={"writes": tuple(each.model_copy(update={"verify": ()}) for each in flow.writes)})


def _shadow_of(name: str, real: object, log: list[WouldWrite]) -> object:
    if isinstance(real, Target):
        return _Both(name, real, log) if isinstance(real, Source) else _Shadow(name, real, log)
    return real


class _Shown(dict[str, Any]):
    """A record of a target that was never written: what only the target knows reads as its name."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, f"({key})" if default is None else default)


@dataclass(slots=True)
class _Shadow:
    """A target that is looked into, and remembers what it would have been told."""

    name: str
    real: Any
    log: list[WouldWrite]
    made: dict[tuple[str, str], Found] = field(default_factory=dict)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)

    async def find(self, entity: str, reference: str) -> Found | None:
        known = self.ids.get((entity, reference))
        return self.made[(entity, known)] if known else cast(Found | None, await self.real.find(entity, reference))

    async def get(self, entity: str, target_id: str) -> Found | None:
        known = self.made.get((entity, target_id))
        return known or cast(Found | None, await self.real.get(entity, target_id))

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        if await self.find(entity, reference) is not None:
            raise Rejected(f"{reference} is there already", reason="reference_taken")
        target_id = f"new {entity} {len(self.made) + 1}"
        self.ids[(entity, reference)] = target_id
        return self._note(entity, "create", target_id, body, body)

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        before = await self.get(entity, target_id)
        return self._note(entity, "update", target_id, body, {**(before.record if before else {}), **body})

    async def post(self, entity: str, target_id: str) -> Found:
        before = await self.get(entity, target_id)
        return self._note(entity, "post", target_id, {}, before.record if before else {})

    def credits(self, entity: str) -> bool:
        return isinstance(self.real, CreditingTarget) and self.real.credits(entity)

    async def credit(self, entity: str, target_id: str, reference: str, body: Record) -> Found:
        if await self.find(entity, reference) is not None:
            raise Rejected(f"{reference} is there already", reason="reference_taken")
        note = f"new {entity} {len(self.made) + 1}"
        self.ids[(entity, reference)] = note
        return self._note(entity, "credit", note, body, body)

    def _note(self, entity: str, operation: str, target_id: str, body: Record, shown: Record) -> Found:
        self.log.append(
            WouldWrite(connection=self.name, entity=entity, operation=operation, target=target_id, body=body)
        )
        found = self.made[(entity, target_id)] = Found(id=target_id, record=_Shown(shown))
        return found


class _Both(_Shadow):
    """A source that is written back to: it is read as it is."""

    __slots__ = ()

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        return cast(Sequence[Change], self.real.accept(incoming, now=now))

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        return cast(Page, await self.real.changes(entity, cursor, now=now))

    def start_at(self, entity: str, since: datetime) -> Record:
        return cast(Record, self.real.start_at(entity, since))

    async def read(self, entity: str, record_id: str) -> Record:
        return cast(Record, await self.real.read(entity, record_id))

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        return cast(list[Record], await self.real.search(entity, by))
