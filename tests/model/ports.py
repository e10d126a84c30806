"""What stands between an engine and the world: every call waits for its turn before and after, and there the engine may die."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from store.ledger import Store
from sync.errors import AnswerLost, Rejected, Throttled, Unavailable
from sync.ports import Go
from tests.model.weather import Killed, Strike

Turn = Callable[["Life"], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Life:
    """One engine's process. Once it is dead nothing that it asks for is answered. What was on the wire when it died arrives
    `wire` seconds later; 0: never."""

    turn: Turn
    number: int
    dead: bool = False
    wire: int = 0

    async def step(self) -> None:
        """Wait for the next turn. Raises Killed."""
        if self.dead:
            raise Killed
        await self.turn(self)
        if self.dead:
            raise Killed

    async def call(self, system: Any, verb: str, commit: Callable[[], Any], *, reads: bool = False) -> Any:
        """One request to a system, with the weather of its day."""
        if self.dead:
            raise Killed
        try:
            await self.step()
        except Killed:
            if self.wire and not reads and hasattr(system, "late"):
                system.late.append((system.clock() + timedelta(seconds=self.wire), commit))
            raise
        if hasattr(system, "late"):
            system.catch_up()
        strike = system.weather.take(verb)
        answer = commit() if strike is None else _struck(system, strike, commit, reads=reads)
        await self.step()
        return answer


def _struck(system: Any, strike: Strike, commit: Callable[[], Any], *, reads: bool) -> Any:
    match strike.kind:
        case "throttled":
            raise Throttled("too many requests", retry_after=3, sent=True)
        case "refused" if not reads:
            raise Rejected("the period is closed", code="period_closed")
        case "slow":
            system.clock.forward(seconds=strike.seconds * 4)
            return commit()
        case "lost_before" if not reads:
            raise AnswerLost("no answer came")
        case "lost_after" if not reads:
            commit()
            raise AnswerLost("no answer came")
        case "late" if not reads and hasattr(system, "late"):
            system.late.append((system.clock() + timedelta(seconds=strike.seconds), commit))
            raise AnswerLost("no answer came")
    raise Unavailable("it does not answer")


class LedgerPort:
    """The ledger as one engine sees it. `permitted` hears of every permit to write, and of when it was asked for."""

    def __init__(
        self, store: Store, life: Life, tick: Callable[[], int], permitted: Callable[[Any, Any, int], None]
    ) -> None:
        self._store, self._life, self._tick, self._permitted = store, life, tick, permitted

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)

        async def call(*given: Any, **named: Any) -> Any:
            await self._life.step()
            asked = self._tick()
            answer = await verb(*given, **named)
            if isinstance(answer, Go):
                self._permitted(given[0], given[1], asked)
            await self._life.step()
            return answer

        setattr(self, name, call)
        return call
