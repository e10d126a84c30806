"""What just changed, told to everybody who listens: pages that stream it, and whoever waits for a state to come true."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

from bot.sandbox.slack.values import Json

BACKLOG = 1000  # a reader that is this far behind re-fetches anyway


class Changes:
    def __init__(self) -> None:
        self._moved = asyncio.Event()
        self._readers: set[asyncio.Queue[Json | None]] = set()

    def tell(self, kind: str, **about: Any) -> None:
        change = {"type": kind} | {name: value for name, value in about.items() if value is not None}
        for reader in self._readers:
            with suppress(asyncio.QueueFull):
                reader.put_nowait(change)
        self.nudge()

    def nudge(self) -> None:
        """Wake those who wait, for a change that no page shows."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wait(self, predicate: Callable[[], object], within: float) -> None:
        """Return once the predicate holds. Raises TimeoutError after so many seconds."""
        async with asyncio.timeout(within):
            while True:
                moved = self._moved
                if predicate():
                    return
                await moved.wait()

    def stream(self) -> AsyncGenerator[Json, None]:
        """Every change from this call on."""
        reader: asyncio.Queue[Json | None] = asyncio.Queue(BACKLOG)
        self._readers.add(reader)
        return self._read(reader)

    async def _read(self, reader: asyncio.Queue[Json | None]) -> AsyncGenerator[Json, None]:
        try:
            while (change := await reader.get()) is not None:
                yield change
        finally:
            self._readers.discard(reader)

    def end_streams(self) -> None:
        for reader in self._readers:
            with suppress(asyncio.QueueFull):
                reader.put_nowait(None)
