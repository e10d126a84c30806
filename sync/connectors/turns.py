"""Lets the requests of one connection out: as many at a time and as often as it may be asked. Nobody waits here for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sync.errors import Throttled
from sync.throttle import Limit, Throttle
from sync.workspace.pacing import ThrottlePolicy

PATIENCE = 5.0
CROWDED = 1.0


def loop_time() -> float:
    """Seconds of the clock by which the event loop wakes those who sleep; it never goes back."""
    return asyncio.get_running_loop().time()


class Turns:
    """`async with turns:` around a request. Raises Throttled where the turn would not come within `patience` seconds, which
    is well below any lease. Turns come in the order in which they are asked for."""

    def __init__(
        self,
        name: str,
        policy: ThrottlePolicy | None = None,
        most: int | None = None,
        *,
        patience: float = PATIENCE,
        ticks: Callable[[], float] = loop_time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.throttle = Throttle(policy)
        self.ticks = ticks
        self._name, self._patience, self._sleep = name, patience, sleep
        self._places = asyncio.Semaphore(most) if most is not None else None

    async def __aenter__(self) -> None:
        if self._places is None:
            if not self.throttle.free:
                await self._turn(self.ticks() + self._patience)
            return
        until = self.ticks() + self._patience
        if self._places.locked():
            await self._place(self._places)
        else:
            await self._places.acquire()
        if self.throttle.free:
            return
        try:
            await self._turn(until)
        except BaseException:
            self._places.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        if self._places is not None:
            self._places.release()

    def heed(self, status: int, limit: Limit | None, wait: float | None = None) -> None:
        """What an answer says for all requests that follow. `wait` is what it asked for, in seconds."""
        if limit is not None:
            self.throttle.learn(limit, self.ticks())
        if status == 429:
            self.throttle.refused(wait, self.ticks())
        elif status < 300:
            self.throttle.went_well()

    async def _place(self, places: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await places.acquire()
                return
        except TimeoutError:
            pass
        raise Throttled(f"{self._name} has as many requests under way as it may have", retry_after=CROWDED)

    async def _turn(self, until: float) -> None:
        while True:
            now = self.ticks()
            wait = self.throttle.take(1, now, patience=until - now)
            if wait > until - now:
                raise Throttled(f"{self._name} may not be asked so often", retry_after=wait)
            if wait > 0:
                await self._sleep(wait)
            if not self.throttle.paused(self.ticks()):  # else another request was turned away meanwhile
                return
