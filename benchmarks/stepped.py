"""A clock that is stepped: an event loop whose time moves only by what is waited. Sockets are real, and what
goes over the loopback is there at once; when none is ready and somebody waits, it is as late as that."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


class _Selector(selectors.DefaultSelector):
    """Waits in no time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return super().select(None)
        self.now += max(timeout, 0.0)
        return []


class SteppedLoop(asyncio.SelectorEventLoop):
    """An event loop of its own time, in seconds."""

    def __init__(self) -> None:
        self._stepped = _Selector()
        super().__init__(self._stepped)

    def time(self) -> float:
        """It starts at 1000."""
        return self._stepped.now


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """`asyncio.run` on a stepped clock."""
    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return runner.run(main)
