"""What carries decisions about many records on: the canary's outcome is heard, the rest follows in batches, and the end is told.
The rows say how far each has come, so a process that is killed loses nothing and of many one acts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from bot.reprocessing import window
from bot.rollout_words import failed_words
from store.ledger import Store
from sync.errors import IllegalMove, LedgerUnavailable, NotAllowed
from sync.rollouts import Rollout, next_move
from sync.workspace.workspace import Workspace

log = structlog.get_logger()


class Rollouts:
    """`run` carries on what is on its way; `look` does what can be done now."""

    def __init__(
        self,
        store: Store,
        workspace: Callable[[], Workspace],
        clock: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self._store, self._workspace, self._clock, self._changed = store, workspace, clock, changed
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Somebody decided, or there is news."""
        self._wake.set()

    async def run(self, stop: asyncio.Event, *, pace_seconds: float = 0.5) -> None:
        """Carry on until told to stop. While nothing is on its way it sleeps until it is woken."""
        while not stop.is_set():
            self._wake.clear()
            busy = await self._once()
            waiting = [asyncio.create_task(event.wait()) for event in ((stop,) if busy else (stop, self._wake))]
            timeout = pace_seconds if busy else None
            await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()

    async def _once(self) -> bool:
        try:
            if await self.look(self._clock()):
                self._changed()
            return bool(await self._store.running_rollouts())
        except LedgerUnavailable as error:
            log.error("ledger_unavailable", detail=str(error))
            return True

    async def look(self, now: datetime) -> int:
        """Carry on whatever can go on; how many stages were passed."""
        running = await self._store.running_rollouts()
        if running:
            self._wake.set()
        return sum([await self._push(each, now) for each in running])

    async def _push(self, rollout_id: int, now: datetime) -> int:
        stages = 0
        while verb := next_move(rollout := await self._store.hear_rollout(rollout_id, now=now)):
            await self._stage(rollout, verb, now)
            stages += 1
        return stages

    async def _stage(self, rollout: Rollout, verb: str, now: datetime) -> None:
        if verb != "send":
            words = failed_words(rollout) if verb == "fail" else ""
            await self._store.move_rollout(rollout.id, verb, by="engine", words=words, now=now)
            return
        try:
            opens = window(self._workspace(), rollout.verb, rollout.flow, now)
            await self._store.send_batch(rollout.id, now=now, not_before=opens)
        except (IllegalMove, NotAllowed) as error:  # what was lawful is not any more: a person has to look
            await self._store.move_rollout(rollout.id, "stop", by="engine", words=str(error), now=now)
