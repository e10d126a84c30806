"""What may be claimed now. Each flow gets as many places as its connections bear, and in batch mode as many as are gathered for
its calls; a connection that does not answer trips its breaker, is probed, and after it recovered the work that waited goes
out slowly at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from sync.breaker import Window, drain_rate, open_for, verdict
from sync.decide import Failed, Outage, Outcome
from sync.errors import ConnectorError
from sync.lifecycle import BreakerState
from sync.model import Breaker, Want
from sync.modes import BATCH, EVENT, forced, judged, opened
from sync.ports import Ledger
from sync.workspace.flow import Elsewhere, Flow
from sync.workspace.workspace import Workspace

log = structlog.get_logger()

_REFRESH = timedelta(seconds=1)
_LOOK = timedelta(seconds=10)
_ABREAST = 2  # while one batch is under way the next is gathered


@dataclass(slots=True, kw_only=True)
class Traffic:
    """The traffic of one engine. What other engines found out is read from the ledger once a second."""

    ledger: Ledger
    workspace: Workspace
    jitter: Callable[[], float]
    _under_way: Counter[str] = field(default_factory=Counter)
    _counted: dict[str, ConnectorError] = field(default_factory=dict)
    _windows: dict[str, Window] = field(default_factory=dict)
    _breakers: dict[str, Breaker] = field(default_factory=dict)
    _modes: dict[str, str] = field(default_factory=dict)
    _read_at: datetime | None = None
    _looked_at: datetime | None = None
    _drained: dict[str, tuple[datetime, float]] = field(default_factory=dict)

    async def learn(self, now: datetime) -> None:
        """Hear what other engines found out, and choose the modes by the load."""
        if self._read_at is None or not timedelta() <= now - self._read_at < _REFRESH:
            self._breakers = {each.connection: each for each in await self.ledger.breakers()}
            self._modes = {each.flow: each.mode for each in await self.ledger.modes()}
            await self._choose_modes(now)
            self._read_at = now

    def batches(self, flow: Flow) -> bool:
        """Whether the flow's records go out many in one call now."""
        return self._modes.get(flow.name) == BATCH

    def capacity(self) -> int:
        """How many deliveries this engine has in hand at most: those it works on, and those that wait for their bulk call."""
        waiting = sum(self._places(flow) for flow in self.workspace.flows.values() if self.batches(flow))
        return self.workspace.engine.concurrency + waiting

    async def wants(self, free: int, now: datetime) -> dict[str, Want]:
        """What to claim, at most `free` of it from any one flow."""
        await self.learn(now)
        wants = {}
        for flow in self.workspace.flows.values():
            if flow.batch.windows and not opened(flow.batch, now, self.workspace.calendar(flow.owner).timezone):
                continue
            needs = needs_of(flow)
            most = min((self._room(flow, each, free, now) for each in needs), default=free)
            if most > 0:
                wants[flow.name] = Want(most=most, needs=needs)
        return wants

    def began(self, flow: str) -> None:
        """A delivery of the flow is under way."""
        self._under_way[flow] += 1

    def ended(self, flow: str) -> None:
        """It is not any more."""
        self._under_way[flow] -= 1

    async def heard(
        self, flow: Flow, outcome: Outcome, now: datetime, answered: Set[str] = frozenset(), *, lease: datetime
    ) -> Outage | None:
        """Learn from how a delivery, claimed until `lease`, ended and from which connections answered it on its way. The outage
        of the connection that failed it, if there is one."""
        failed = outcome if isinstance(outcome, Failed) else None
        works = verdict(failed.error) if failed is not None else None
        learnt = {connection: True for connection in answered}
        if failed is not None and works is not None:
            learnt[failed.connection] = works
        for connection, ok in learnt.items():
            if ok or (failed is not None and self._counted.get(connection) is not failed.error):
                self._window(connection).note(ok, now)
            if ok:
                await self._mend(connection, now)
        if failed is not None and works is False:
            # the records of one bulk call share their error: that was one request
            self._counted[failed.connection] = failed.error
        if self._breakers:
            await self._pass_on(flow, learnt.keys(), lease, now)
        return await self._failed(failed, now) if failed is not None and works is False else None

    async def _pass_on(self, flow: Flow, asked: Set[str], lease: datetime, now: datetime) -> None:
        """What a probe has not asked is for the next one to ask."""
        known = self._breakers
        broken = {each for each in needs_of(flow) if each in known and known[each].state != BreakerState.CLOSED}
        if broken - asked:
            await self.ledger.pass_on(broken - asked, probe=lease, now=now)

    async def _failed(self, outcome: Failed, now: datetime) -> Outage | None:
        name, known = outcome.connection, self._breakers.get(outcome.connection)
        broken = known is not None and known.state != BreakerState.CLOSED
        policy = self.workspace.connections[name].breaker
        if known is not None and known.state == BreakerState.OPEN and known.until > now:
            return Outage(until=known.until)
        if not broken and not self._window(name).tripped(policy, now):
            return None
        trips = known.trips + 1 if known is not None and broken else 1
        until = now + open_for(policy, trips, self.jitter())
        breaker = await self.ledger.trip(name, until=until, detail=str(outcome.error), now=now)
        if breaker is None:  # another worker found out first
            self._read_at = None
            return Outage(until=until)
        self._breakers[name] = breaker
        self._window(name).clear()
        return Outage(until=until, opened=breaker.trips == 1)

    async def _mend(self, connection: str, now: datetime) -> None:
        known = self._breakers.get(connection)
        if known is not None and known.state != BreakerState.CLOSED:
            await self.ledger.mend(connection, now=now)
            self._read_at = None

    async def _choose_modes(self, now: datetime) -> None:
        flows = self.workspace.flows
        for flow in flows.values():
            wanted = forced(flow.batch)
            if wanted is not None and wanted != self._modes.get(flow.name, EVENT):
                await self._switch(flow.name, wanted, f"the flow says {flow.batch.mode}", now)
        loaded = [flow.name for flow in flows.values() if forced(flow.batch) is None]
        if not loaded or (self._looked_at is not None and timedelta() <= now - self._looked_at < _LOOK):
            return
        self._looked_at = now
        for load in await self.ledger.look(loaded, every=_LOOK, now=now):
            mode = self._modes.get(load.flow, EVENT)
            if (other := judged(flows[load.flow].batch, mode, load, now)) is not None:
                await self._switch(load.flow, *other, now)

    async def _switch(self, flow: str, mode: str, why: str, now: datetime) -> None:
        if await self.ledger.switch(flow, mode, why=why, now=now):
            log.info("mode_switched", flow=flow, mode=mode, why=why)
        self._modes[flow] = mode

    def _room(self, flow: Flow, connection: str, free: int, now: datetime) -> int:
        room = min(free, self._places(flow) - self._under_way[flow.name])
        return min(room, self._draining(connection, free, now)) if room > 0 else 0

    def _places(self, flow: Flow) -> int:
        concurrency = self.workspace.engine.concurrency
        return max(concurrency, _ABREAST * flow.batch.size) if self.batches(flow) else concurrency

    def _draining(self, connection: str, free: int, now: datetime) -> int:
        """How many more may go since the last time we asked, after a recovery."""
        known = self._breakers.get(connection)
        if known is None or known.closed_at is None:
            return free
        rate = drain_rate(self.workspace.connections[connection].breaker, now - known.closed_at)
        if rate is None:
            self._drained.pop(connection, None)
            return free
        since, left = self._drained.get(connection, (known.closed_at, 1.0))
        credit = min(left + rate * (now - since).total_seconds(), float(self.workspace.engine.concurrency))
        self._drained[connection] = (now, credit - int(credit))
        return int(credit)

    def _window(self, connection: str) -> Window:
        found = self._windows.get(connection)
        if found is None:
            policy = self.workspace.connections[connection].breaker
            found = self._windows[connection] = Window(width=policy.window)
        return found


def needs_of(flow: Flow) -> tuple[str, ...]:
    """The connections that a flow's deliveries call: its source, where it is read, those its checks ask, and its targets."""
    asked = (each.connection for each in flow.checks if isinstance(each, Elsewhere))
    return tuple(dict.fromkeys((flow.trigger.connection, *asked, *(each.connection for each in flow.writes))))
