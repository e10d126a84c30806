"""History before it is taken in: what a flow would write of everything that changed since a moment. Both sides are read and nothing is
written, neither there nor in the ledger, and no exception is opened."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sync.adopting import alike
from sync.decide import about_of
from sync.errors import ConnectorError, Rejected, Unauthorized
from sync.line import Line
from sync.minimal import subject_of
from sync.model import Change, Delivery, Event, NotDue, Plan, Record, Violations, WriteSpec
from sync.money import Money
from sync.preparing import Preparing
from sync.workspace.flow import Flow

CREATE, BIND, KEEP, NOTHING, REFUSE, AGAIN = "create", "bind", "keep", "nothing", "refuse", "unread"
_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Would:
    """What would become of one record: `create` it, `bind` it to the one that is there, `keep` what was written before, do
    `nothing`, or `refuse` it for a reason. `unread`: a system did not answer, and nothing is known."""

    subject: str
    title: str
    what: str
    reason: str = ""
    words: str = ""
    money: Money | None = None


@dataclass(slots=True, kw_only=True)
class Foreseen:
    """All of them, counted; the first few by name. Money is in minor units, by what would become of it and its currency."""

    flow: str
    since: datetime
    most: int
    counts: Counter[str] = field(default_factory=Counter)
    money: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    held: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: list[Would] = field(default_factory=list)

    @property
    def records(self) -> int:
        return sum(self.counts.values())

    def add(self, one: Would) -> None:
        """Count a record."""
        self.counts[one.what] += 1
        if one.reason:
            self.reasons[one.reason] += 1
        if one.money is not None:
            self.money[one.what, one.money.currency] += one.money.minor
            if one.reason:
                self.held[one.reason, one.money.currency] += one.money.minor
        if len(self.first) < self.most:
            self.first.append(one)

    def sums(self, what: str) -> Iterator[Money]:
        """The money of what would become of so, per currency."""
        yield from _sums(self.money, what)

    def refused(self, reason: str) -> Iterator[Money]:
        """The money of what would be refused for this reason, per currency."""
        yield from _sums(self.held, reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseeing:
    """Reads a flow's source from a moment on and asks its target what is there."""

    line: Line
    flow: Flow

    async def run(self, since: datetime, *, most: int, told: Callable[[int], None]) -> Foreseen:
        """All of it; `told` hears how many records were looked at. Each record counts once, as it is now. Raises ConnectorError
        where the source cannot be read."""
        flow, found = self.flow, Foreseen(flow=self.flow.name, since=since, most=most)
        source = self.line.source(flow.trigger.connection)
        await self.line.erased.hear()
        cursor, more, seen = source.start_at(flow.trigger.entity, since), True, set[str]()
        while more:
            page = await source.changes(flow.trigger.entity, cursor, now=self.line.clock())
            cursor, more = page.cursor, page.more
            fresh = {each.record_id: each for each in page.changes if each.record_id not in seen}
            seen.update(fresh)
            for one in await self._page(list(fresh.values())):
                found.add(one)
            told(found.records)
        return found

    async def _page(self, changes: Sequence[Change]) -> list[Would]:
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(change: Change) -> Would:
            async with turns:
                return await self._one(change)

        return await asyncio.gather(*map(one, changes))

    async def _one(self, change: Change) -> Would:
        subject = f"{change.entity}:{change.record_id}"
        try:
            delivery = await self._delivery(change, subject)
            record = change.payload or await self.line.source(self.flow.trigger.connection).read(
                change.entity, change.record_id
            )
            about = subject_of(record, self.flow, self.line.workspace.contract_of(self.flow), change.record_id)
            if about in self.line.erased.names:
                return Would(subject=subject, title="", what=NOTHING, words="whom it is about was erased")
            preparing = Preparing(source=self.line, delivery=delivery, answered=set())
            return await self._foreseen(subject, await preparing.under(record, self.flow, self.line))
        except Rejected as error:
            return Would(subject=subject, title="", what=REFUSE, reason=error.reason, words=error.words)
        except ConnectorError as error:
            reason = "unauthorized" if isinstance(error, Unauthorized) else ""
            return Would(subject=subject, title="", what=AGAIN, reason=reason, words=str(error))

    async def _delivery(self, change: Change, subject: str) -> Delivery:
        """The delivery that it would be, with what people decided about the record before."""
        now = self.line.clock()
        event = Event(
            id=0, connection=self.flow.trigger.connection, entity=change.entity, record_id=change.record_id, kind=change.kind,
            occurred_at=change.occurred_at, received_at=now, trace="", payload=change.payload,
        )  # fmt: skip
        overlays = await self.line.ledger.decided_about(self.flow.name, subject)
        return Delivery(
            id=0, flow=self.flow.name, event=event, lease="", leased_until=now, number=1, retries=0, overlays=overlays
        )

    async def _foreseen(self, subject: str, prepared: Plan | Violations | NotDue) -> Would:
        if isinstance(prepared, NotDue):
            return Would(subject=subject, title="", what=NOTHING, words=prepared.why)
        about = about_of(prepared)
        if isinstance(prepared, Violations):
            first = prepared.found[0]
            words = f"{first.label}: {first.expected}" if first.label else first.expected
            return Would(
                subject=subject, title=about.title, what=REFUSE, reason=first.reason, words=words, money=about.money
            )
        spec = self._main(prepared.writes)
        what, reason, words = await self._there(spec) if spec is not None else (KEEP, "", "")
        return Would(subject=subject, title=about.title, what=what, reason=reason, words=words, money=about.money)

    def _main(self, writes: Sequence[WriteSpec]) -> WriteSpec | None:
        """The write by which the record counts: the one that is reconciled, else the last one that makes a record."""
        makes = [each for each in writes if each.operation in ("create", "upsert", "credit")]
        named = self.flow.reconcile.write if self.flow.reconcile is not None else ""
        return next((each for each in makes if each.name == named), makes[-1] if makes else None)

    async def _there(self, spec: WriteSpec) -> tuple[str, str, str]:
        if await self.line.ledger.written([spec]):
            return KEEP, "", "written before"
        target = self.line.target(spec.connection)
        found = await target.find(spec.entity, spec.key)
        if found is None:
            body: Record = {name: spec.body.get(name) for name in spec.same}
            found = await alike(target, spec, body)
        return (CREATE, "", "") if found is None else (BIND, "", f"{spec.connection} has it as {found.id}")


def _sums(found: Counter[tuple[str, str]], what: str) -> Iterator[Money]:
    for (named, currency), minor in sorted(found.items()):
        if named == what:
            yield Money(currency=currency, minor=minor)
