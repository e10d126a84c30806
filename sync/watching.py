"""Watching the sources for drift: a record that lacks a field which its flow reads has the source asked at once, and while a
difference is open the flow's records are held under that one cause. Nothing is concluded from silence or a refusal."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

import structlog

from sync.decide import About, Failed, Outcome, Resting, Written, Wrong, about_of
from sync.described import Described, Describing
from sync.drift import Difference, compare
from sync.drifts import KIND, REASON, DriftLedger, Noticed, OpenDrift
from sync.errors import ConnectorError, Unavailable
from sync.mapping import compile_path
from sync.model import Delivery, NotDue, Record
from sync.prepare import prepare
from sync.quick import every, kept
from sync.reading import reads, relied, triggers
from sync.selectors import Finder
from sync.trends import KINDS as SEEN
from sync.workspace.contract import Contract
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

log = structlog.get_logger()

Place = tuple[str, str]
"""A connection and an entity of it."""

AT_MOST = timedelta(minutes=1)
_OPEN_EVERY = timedelta(minutes=5)
_RETRY = timedelta(minutes=15)
_REFRESH = timedelta(seconds=1)
_LOOKED_AT = timedelta(seconds=3)
_NIGHT = timedelta(hours=2)


@dataclass(slots=True, kw_only=True)
class Watch:
    """The watch of one process. What other processes found out is read from the ledger once a second, and always before a
    record is held."""

    ledger: DriftLedger
    workspace: Workspace
    connections: Mapping[str, object]
    clock: Callable[[], datetime]
    _quiet_at: datetime | None = None
    _hearing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _excused: dict[Place, frozenset[str]] = field(default_factory=dict)
    _locks: defaultdict[Place, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    def want(self) -> None:
        """Have the sources read records with all that the contracts of the flows declare."""
        for flow in self._flows():
            source = self._source(flow.trigger.connection)
            if source is not None:
                source.want(flow.trigger.entity, (*self.workspace.contract_of(flow).fields, *written_back(flow)))

    async def hear(self) -> Collection[OpenDrift]:
        """The drifts that are open. That there is none is true for a second; of many who ask at once one asks the ledger."""
        if self._quiet:
            return ()
        async with self._hearing:
            if self._quiet:
                return ()
            found = await self.ledger.drifts()
            self._quiet_at = None if found else self.clock()
            return found

    @property
    def _quiet(self) -> bool:
        return self._quiet_at is not None and timedelta() <= self.clock() - self._quiet_at < _REFRESH

    async def stopping(self, delivery: Delivery, flow: Flow, record: Record) -> Outcome | None:
        """Why the record must not be evaluated now; None where it may be. Raises nothing of a connector."""
        contract = self.workspace.contract_of(flow)
        drift, stopped = await self._holding(flow, contract), None
        if drift is not None and not (drift.told and drift.moving):
            await self._look_again((drift.connection, drift.entity), AT_MOST)
            drift = await self._holding(flow, contract)
        elif drift is None and delivery.event.payload is None and (lacking := _lacking(flow, contract, record)):
            stopped = await self._ask_about(flow, lacking)
            drift = await self._holding(flow, contract)
        return stopped if drift is None else self._held(drift, delivery, flow, record)

    async def again(self, delivery: Delivery, flow: Flow) -> Outcome:
        """The delivery that tells of a drift: it is held until the drift is mended. Somebody who replays it has the source
        asked anew, or accepts what arrives as it is."""
        drift = await self._open(delivery, flow)
        if drift is not None and drift.told:
            if drift.kind in SEEN:
                await self._mend([drift.id], f"{drift.label} ({drift.path}) was looked at and accepted as it is.")
            else:
                await self.ledger.ask_once(drift.connection, drift.entity, every=timedelta(), now=self.clock())
                failed = await self._ask((drift.connection, drift.entity), frozenset())
                if failed is not None:
                    return failed
            drift = await self._open(delivery, flow)
        return Written(bindings=()) if drift is None else self._wrong(drift, self._about(drift))

    async def due(self) -> None:
        """Ask every source that was not asked since the night, or that has a drift open; let go what was held too late."""
        await self.ledger.set_going(now=self.clock())
        open_ = {(each.connection, each.entity) for each in await self.ledger.drifts()}
        for place in dict.fromkeys((each.trigger.connection, each.trigger.entity) for each in self._flows()):
            look = await self.ledger.look_at(*place)
            last = look.answered_at if look is not None else None
            if place in open_:
                await self._look_again(place, _OPEN_EVERY)
            elif last is None or last < _last_night(self.clock()):
                await self._look_again(place, _RETRY)

    async def arrived(self, flow: Flow, differences: Collection[Difference]) -> int:
        """What arrives is not as usual: the source is asked first; what it does not explain opens by itself. How many are new."""
        contract = self.workspace.contract_of(flow)
        read = [each for each in differences if each.path in reads(flow, contract)]
        if not read:
            return 0
        place = (flow.trigger.connection, flow.trigger.entity)
        await self._look_again(place, AT_MOST)
        known = {(each.flow, each.path) for each in await self.ledger.drifts()}
        noticed = [_noticed(place, contract, one, [flow]) for one in read if (flow.name, one.path) not in known]
        self._quiet_at = None
        return await self.ledger.open_drifts(noticed, now=self.clock())

    def _flows(self) -> Iterator[Flow]:
        """The flows whose source can say what fields it has."""
        return (each for each in self.workspace.flows.values() if self._source(each.trigger.connection) is not None)

    def _source(self, connection: str) -> Describing | None:
        found: Any = self.connections.get(connection)
        return cast(Describing, found) if _describes(found.__class__) else None

    async def _holding(self, flow: Flow, contract: Contract) -> OpenDrift | None:
        """The oldest open drift of a field that the flow reads."""
        found = await self.hear()
        mine = (each for each in found if each.flow == flow.name and each.contract == contract.id)
        return next((each for each in mine if each.path in reads(flow, contract)), None)

    async def _open(self, delivery: Delivery, flow: Flow) -> OpenDrift | None:
        value = delivery.event.record_id
        found = await self.ledger.drifts()
        return next((each for each in found if (each.flow, each.value) == (flow.name, value)), None)

    async def _mend(self, ids: list[int], why: str) -> None:
        await self.ledger.mend_drifts(ids, why=why, now=self.clock())
        self._quiet_at = None

    async def _look_again(self, place: Place, at_most: timedelta) -> None:
        """Ask the source unless somebody has within this time. One that does not answer has not said anything."""
        if self._source(place[0]) is not None:
            async with self._locks[place]:
                if await self.ledger.ask_once(*place, every=at_most, now=self.clock()):
                    await self._ask(place, frozenset())

    async def _ask_about(self, flow: Flow, lacking: frozenset[str]) -> Outcome | None:
        """Have the source asked whether it still has what the record lacks. None when it was, or cannot be."""
        place = (flow.trigger.connection, flow.trigger.entity)
        if self._source(place[0]) is None or lacking <= self._excused.get(place, frozenset()):
            return None
        async with self._locks[place]:
            look = await self.ledger.look_at(*place)
            self._excused[place] = look.excused if look is not None else frozenset()
            self._quiet_at, now = None, self.clock()
            if lacking <= self._excused[place] or await self._holding(flow, self.workspace.contract_of(flow)):
                return None
            if await self.ledger.ask_once(*place, every=AT_MOST, now=now):
                return await self._ask(place, lacking)
            asking = look is None or look.answered_at is None or look.answered_at < look.asked_at
            until = now + _REFRESH if asking or look is None else look.asked_at + AT_MOST
            return Resting(until=until, detail=f"{place[0]} is asked first whether it still has {min(lacking)}")

    async def _ask(self, place: Place, lacking: frozenset[str]) -> Outcome | None:
        """Ask the source now and draw the conclusions. Failed where it does not answer."""
        source = self._source(place[0])
        try:
            described = None if source is None else await source.describe(place[1])
        except Unavailable as error:
            return Failed(error=error, connection=place[0], side="crm")
        except ConnectorError as error:
            log.warning("schema_refused", connection=place[0], entity=place[1], error=type(error).__name__)
            described = None
        look = await self.ledger.look_at(*place)
        excused = lacking | (look.excused if look is not None else frozenset())
        strange: dict[str, str] | None = None
        if described is not None:
            excused &= described.fields.keys()
            strange = await self._conclude(place, described)
        await self.ledger.answered(*place, excused=excused, strange=strange, now=self.clock())
        self._excused[place], self._quiet_at = excused, None
        return None

    async def _conclude(self, place: Place, described: Described) -> dict[str, str]:
        """Open what differs, mend what agrees; the labels of the fields that no contract knows, by path."""
        noticed, agreed, strange, declared = [], [], dict[str, str](), set[str]()
        for contract, flows in self._contracts(place):
            found = compare(contract, described, relied(flows))
            strange |= {each.path: each.label for each in found if each.harmless}
            wrong = {each.path: each for each in found if not each.harmless}
            declared.update(contract.fields)
            for path in contract.fields:
                readers = [each for each in flows if path in reads(each, contract)]
                if path not in wrong:
                    agreed += [(each.name, f"{contract.id}.{path}") for each in readers]
                elif readers:
                    noticed.append(_noticed(place, contract, wrong[path], readers))
        still = {(flow, each.value) for each in noticed for flow in each.flows}
        for one in await self.ledger.drifts():
            here = (one.connection, one.entity) == place and one.kind not in SEEN
            if here and (one.flow, one.value) not in still:
                await self._mend([one.id], f"{one.label} ({one.path}) agrees with the contract again.")
        await self.ledger.forget_called_off(agreed, now=self.clock())
        opened = await self.ledger.open_drifts(noticed, now=self.clock())
        if opened:
            log.warning("schema_drift", connection=place[0], entity=place[1], fields=[each.path for each in noticed])
        return {path: label for path, label in strange.items() if path not in declared}

    def _contracts(self, place: Place) -> Iterator[tuple[Contract, list[Flow]]]:
        """The contracts of this source's entity that flows use, with those flows."""
        flows = [each for each in self._flows() if (each.trigger.connection, each.trigger.entity) == place]
        for ref in dict.fromkeys(each.contract for each in flows):
            yield self.workspace.contracts[ref], [each for each in flows if each.contract == ref]

    def _held(self, drift: OpenDrift, delivery: Delivery, flow: Flow, record: Record) -> Outcome:
        if drift.told and drift.moving:
            return Resting(until=self.clock() + _LOOKED_AT, detail=f"{drift.value} is looked at again first")
        prepared = prepare(record, flow, self.workspace, delivery.overlays)  # only for what its card says
        if isinstance(prepared, NotDue):
            doubtful = drift.path in triggers(flow, self.workspace.contract_of(flow))
            return self._wrong(drift, About()) if doubtful else prepared
        return self._wrong(drift, about_of(prepared))

    def _wrong(self, drift: OpenDrift, about: About) -> Wrong:
        return Wrong(reason=REASON, detail=drift.words, about=about, cause=drift.value)

    def _about(self, drift: OpenDrift) -> About:
        titles = [each.title for each in self.workspace.contracts.values() if each.id == drift.contract]
        return About(title=f"{drift.label} · {titles[-1] if titles else drift.contract}")


def written_back(flow: Flow) -> tuple[str, ...]:
    """The fields of its own source that the flow writes: what stands there is compared with what was written."""
    mine = (row for row in flow.writes if row.connection == flow.trigger.connection and row.operation == "update")
    return tuple(dict.fromkeys(each.to for row in mine if row.entity == flow.trigger.entity for each in row.record))


def is_told_of(delivery: Delivery) -> bool:
    """Whether the delivery tells of a drift and carries no record."""
    return delivery.event.kind == KIND


@cache
def _describes(connector: Any) -> bool:
    return issubclass(connector, Describing)


def _last_night(now: datetime) -> datetime:
    """Two o'clock UTC of today, or of yesterday while it is earlier."""
    return (now - _NIGHT).replace(hour=0, minute=0, second=0, microsecond=0) + _NIGHT


def _noticed(place: Place, contract: Contract, difference: Difference, readers: list[Flow]) -> Noticed:
    titles, told = ", ".join(each.title for each in readers), difference.told
    return Noticed(
        connection=place[0], entity=place[1], contract=contract.id, path=difference.path, kind=difference.kind,
        label=difference.label, words=f"{told}{'' if told.endswith('?') else '.'} Contract {contract.ref}, read by {titles}.",
        flows=tuple(each.name for each in readers),
    )  # fmt: skip


def _lacking(flow: Flow, contract: Contract, record: Record) -> frozenset[str]:
    """The fields that the flow reads and whose very names are not in the record. An empty field has its name."""
    lacking: set[str] = set()
    for find, names in _expected(flow, contract):
        for found in find(record):
            if isinstance(found, dict) and not names.keys() <= found.keys():
                lacking.update(path for name, path in names.items() if name not in found)
    return frozenset(lacking)


@kept
def _expected(flow: Flow, contract: Contract) -> list[tuple[Finder, dict[str, str]]]:
    """The names that each object of a record has, with their paths."""
    objects: dict[tuple[Any, ...], dict[str, str]] = {}
    for path in sorted(reads(flow, contract)):
        steps = compile_path(path)
        objects.setdefault(steps[:-1], {})[str(steps[-1])] = path
    return [(every(way), names) for way, names in objects.items()]
