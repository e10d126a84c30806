"""Turns within one process: who waits here does not ask the ledger again and again, and takes over what this process holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from sync.model import Turn
from sync.ports import Ledger


@dataclass(slots=True)
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of one line."""

    holder: str = field(default_factory=lambda: uuid4().hex)
    _queues: dict[str, _Queue] = field(default_factory=dict)

    @asynccontextmanager
    async def take(self, name: str, ledger: Ledger) -> AsyncIterator[Turn]:
        """Alone in this process with this name. The last one that leaves lets other processes have the turn."""
        queue, turn = self._queues.setdefault(name, _Queue()), Turn(name=name, holder=self.holder)
        queue.waiting += 1
        try:
            async with queue.lock:
                yield turn
        finally:
            queue.waiting -= 1
        if not queue.waiting:
            await ledger.end_turn(turn)
