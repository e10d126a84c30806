"""What ticks. A tick only wakes; whether anything is due is decided by a row, so of many processes one acts and what was
missed while down fires at the next beat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.digest import digest
from bot.drifting import watch_sources
from bot.keeping import keep
from bot.nightly import set_out
from bot.readiness import EngineWatch
from bot.signs import Watch
from bot.slots import last_slot
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.engine import Engine
from sync.errors import ConnectorError
from sync.model import Received
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

log = structlog.get_logger()


class Jobs:
    """One beat does everything that is due, and what others `also` do with it. `changed` is called when there may be work or
    stale cards."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        surroundings: Surroundings,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        *,
        also: Sequence[Callable[[datetime], Awaitable[int]]] = (),
    ) -> None:
        self._store, self._engine, self._around, self._also = store, engine, surroundings, also
        self._clock, self._changed = clock, changed
        self._watch = EngineWatch(store, surroundings)
        self.signs = Watch(store=store, surroundings=surroundings, clock=clock)

    @property
    def workspace(self) -> Workspace:
        return self._around.workspace

    async def beat(self) -> None:
        """Clocks, snoozes, digests, whether any engine is alive, and what is kept for how long."""
        now = self._clock()
        moved = await self._store.end_pauses(now=now) + await self._store.escalate(now=now)
        moved += await self._store.remind(now=now) + await self._store.wake(now=now)
        moved += await self._store.mention_held(now=now)
        moved += await self._store.look_again(now=now)
        moved += await self._watch.look(now) + await self.signs.look(now)
        moved += await keep(self._store, self.workspace, now)
        await self._engine.judge_trial()
        moved += await set_out(self._store, self.workspace, now)
        for each in self._also:
            moved += await each(now)
        for team in self.workspace.teams:
            moved += await self._digest(team, now)
        if moved:
            self._changed()

    async def poll_due(self) -> None:
        """Read every source whose interval has passed."""
        now = self._clock()
        for flow in self.workspace.flows.values():
            every = flow.trigger.poll
            if every is None or await self._paused(flow):
                continue
            slot = _slot(now, every)
            if await self._store.claim_tick(f"poll:{flow.name}", slot, now=now):
                await self.poll(flow)

    async def look_due(self) -> None:
        """Ask the sources whether they still have the fields of their contracts, and look at what arrived."""
        await watch_sources(self._store, self._engine.line.watch, self._clock())
        self._changed()

    async def poll(
        self, flow: Flow, *, since: datetime | None = None, told: Callable[[Received], None] | None = None
    ) -> str:
        """Read one source now; what came of it in words. `told` hears of every page."""
        try:
            got = await self._engine.poll(flow, since=since, told=told)
        except ConnectorError as error:
            log.warning("poll_failed", flow=flow.name, error=type(error).__name__)
            await self.signs.unread(flow, error)
            return f"{flow.title}: the source did not answer. Meshline tries again by itself."
        await self.signs.read(flow)
        return f"{flow.title}: {got.received} changes read, {got.duplicates} known already."

    async def _digest(self, team: str, now: datetime) -> int:
        until = last_slot(now, self.workspace.digests.time, self.workspace.calendar(team).timezone)
        slot, name = until.date().isoformat(), f"digest:{team}"
        if await self._store.last_tick(name) == slot:
            return 0
        channel = self.workspace.team(team).channel
        period = await self._store.period(channel, since=until - timedelta(days=1), until=now)
        payload = digest(self.workspace.team(team).title, period, self._around.around(now))
        if payload is None:
            await self._store.claim_tick(name, slot, now=now)
            return 0
        said = await self._store.announce(channel, name, payload["text"], now=now, body=payload, once=slot)
        return int(said)

    async def _paused(self, flow: Flow) -> bool:
        stopped = {(scope, name) for scope, name, _, _ in await self._store.pauses()}
        return ("flow", flow.name) in stopped or ("connection", flow.trigger.connection) in stopped


def _slot(now: datetime, every: timedelta) -> str:
    seconds = max(1, int(every.total_seconds()))
    return str(int(now.timestamp()) // seconds)
