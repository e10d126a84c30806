"""An event loop on which a run is the same every time: what would go to a thread is done at once, in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class InlineLoop(asyncio.SelectorEventLoop):
    """Threads would come back in another order each time, and cost more than what they do."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def run(story: Coroutine[Any, Any, T], *, inline: bool = True) -> T:
    """Run to the end. Not `inline`: on an ordinary loop, for a database that answers over the network."""
    loop = InlineLoop() if inline else asyncio.new_event_loop()
    try:
        return loop.run_until_complete(story)
    finally:
        loop.close()
