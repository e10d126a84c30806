"""The sender: posts every event until it is answered 202, repeats some that were, and knows what was promised."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import aiohttp

from tests.faults.orders import Order, lanes, signed

_AGAIN_SECONDS = 0.05
_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=5)


@dataclass
class Sender:
    """`acked` is what got its 202, `answers` counts every answer by status (0 is none). `may_send` holds it back while false."""

    addresses: Sequence[str]
    secret: str
    rng: Random
    repeats: float = 0.0
    lanes: int = 24
    ordered: bool = True
    may_send: Callable[[], bool] = lambda: True
    acked: dict[str, Order] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    repeated: int = 0
    retry_after: Counter[str] = field(default_factory=Counter)

    async def send(self, orders: Sequence[Order]) -> None:
        """Send all, the events of one customer one after the other unless not `ordered`."""
        dealt = (
            lanes(orders, self.lanes) if self.ordered else [list(orders[n :: self.lanes]) for n in range(self.lanes)]
        )
        connector = aiohttp.TCPConnector(limit=self.lanes * 2)
        async with aiohttp.ClientSession(timeout=_TIMEOUT, connector=connector) as session:
            await asyncio.gather(*(self._lane(session, lane) for lane in dealt))

    async def _lane(self, session: aiohttp.ClientSession, orders: list[Order]) -> None:
        for place, order in enumerate(orders):
            while not self.may_send():  # noqa: ASYNC110  # the condition is a look at a file, not an event
                await asyncio.sleep(0.02)
            await self.until_acked(session, order)
            if self.rng.random() < self.repeats:
                self.repeated += 1
                await self.until_acked(session, orders[self.rng.randrange(max(0, place - 20), place + 1)])

    async def until_acked(self, session: aiohttp.ClientSession, order: Order) -> None:
        """Send one until it is promised."""
        while await self.post(session, order) != 202:  # noqa: ASYNC110  # that is what a sender does
            await asyncio.sleep(_AGAIN_SECONDS * (0.5 + self.rng.random()))

    async def post(self, session: aiohttp.ClientSession, order: Order) -> int:
        """Send one once; the status, 0 without an answer."""
        headers, body = signed(order, self.secret)
        status = 0
        try:
            address = self.rng.choice(self.addresses)
            async with session.post(f"{address}/hooks/crm", data=body, headers=headers) as answer:
                await answer.read()
                status = answer.status
                if status in (429, 503):
                    self.retry_after[answer.headers.get("Retry-After", "")] += 1
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        self.answers[status] += 1
        if status == 202:
            self.acked[order.key] = order
        return status
