"""`python -m benchmarks.politeness`: a backlog of 20,000 records against fakes that enforce a vendor's smallest tier. With the
limits that the docs give, none is answered 429, at nine tenths or more of the rate that is allowed; without them, many are.

Connector, sockets and HTTP are real. The clock is stepped: it moves by what is waited, for connector, network and fake alike."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from benchmarks.stepped import run
from bot.sandbox.crm import PREFIX, Crm
from bot.sandbox.crm_api import mount_crm
from sync.connectors import build
from sync.errors import Throttled
from tests.sync.fakes.netsuite import NetSuite

_BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
_AT_ONCE = 32
_OFTEN_ENOUGH = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one run came to. `allowed` and `asked` are requests a second, of the kind that the limit is about."""

    name: str
    records: int
    requests: int
    refused: int
    allowed: float
    asked: float
    seconds: float
    real_seconds: float

    @property
    def share(self) -> float:
        """How much of what is allowed was used."""
        return self.asked / self.allowed


@dataclass(slots=True)
class Road:
    """The network: each request takes a while to come and each answer to come back, never twice the same."""

    chance: random.Random
    longest: float = 0.3
    requests: int = 0
    refused: int = 0

    @web.middleware
    async def travel(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        await asyncio.sleep(self.chance.uniform(0.02, self.longest))
        self.requests += 1
        answer = await handler(request)
        self.refused += answer.status == 429
        await asyncio.sleep(self.chance.uniform(0.02, self.longest))
        return answer


def stepped_now() -> datetime:
    """The date by the stepped clock."""
    return _BEGAN + timedelta(seconds=asyncio.get_running_loop().time())


@asynccontextmanager
async def hubspot(records: int, options: Mapping[str, Any], road: Road) -> AsyncIterator[Any]:
    """A connection to an account with so many companies that changed within the last hour."""
    crm = Crm(clock=stepped_now)
    for number in range(records):
        crm.create("companies", {"name": f"Company {number}"})
    crm.enforce_limits = True
    app = web.Application(middlewares=[road.travel])
    mount_crm(crm, app)
    server = TestServer(app, host="127.0.0.1", port=0)
    await server.start_server()
    url = str(server.make_url(PREFIX))
    connector = build("hubspot", {"base_url": url, "token": crm.token, **options}, name="crm")
    try:
        yield connector
    finally:
        await connector.close()
        await server.close()


@asynccontextmanager
async def netsuite(records: int, options: Mapping[str, Any], road: Road) -> AsyncIterator[Any]:
    """A connection to an account of the smallest tier, which answers after a second and lets five requests be under way."""
    erp = NetSuite(slow=SECONDS)
    erp.now = stepped_now
    for number in range(records):
        erp.create("customer", {"companyName": f"Company {number}", "isPerson": False, "subsidiary": {"id": "1"}})
    app = web.Application(middlewares=[road.travel])
    erp.mount(app)
    server = TestServer(app, host="127.0.0.1", port=0)
    await server.start_server()
    connector = build("netsuite", {**NETSUITE, "base_url": str(server.make_url("")), **options}, name="erp")
    try:
        yield connector
    finally:
        await connector.close()
        await server.close()


async def patiently(call: Callable[[], Awaitable[Any]]) -> Any:
    """What the engine does where a connection is at its limit: it comes again when it was told to."""
    while True:
        try:
            return await call()
        except Throttled as busy:
            await asyncio.sleep(busy.retry_after or 1.0)


async def backlog(connector: Any, entity: str) -> int:
    """Poll every change and read each record, many at a time. How many were read."""
    waiting: asyncio.Queue[str | None] = asyncio.Queue()
    read: set[str] = set()

    async def reader() -> None:
        while (record_id := await waiting.get()) is not None:
            found = await patiently(lambda at=record_id: connector.read(entity, at))
            read.add(found["id"])

    readers = [asyncio.create_task(reader()) for _ in range(_AT_ONCE)]
    cursor: Any = None
    while True:
        page = await patiently(lambda at=cursor: connector.changes(entity, at, now=stepped_now()))
        for change in page.changes:
            waiting.put_nowait(change.record_id)
        cursor = page.cursor
        if not page.more:
            break
    for _ in readers:
        waiting.put_nowait(None)
    await asyncio.gather(*readers)
    return len(read)


async def measured(
    name: str, records: int, options: Mapping[str, Any], allowed: float, seed: int, *, longest: float = 0.3
) -> Figure:
    """One run on the stepped clock, against the system whose name the run's begins with."""
    road = Road(random.Random(seed), longest=longest)
    loop, real = asyncio.get_running_loop(), time.monotonic()
    there, entity = (hubspot, "companies") if name.startswith("hubspot") else (netsuite, "customer")
    async with there(records, options, road) as connector:
        await asyncio.sleep(60)  # what the search index needs
        began = loop.time()
        read = await backlog(connector, entity)
        seconds = loop.time() - began
    return Figure(
        name=name, records=read, requests=road.requests, refused=road.refused, allowed=allowed,
        asked=read / seconds, seconds=seconds, real_seconds=time.monotonic() - real,
    )  # fmt: skip


SECONDS = 1.0
NETSUITE: Mapping[str, Any] = {
    "account": "1234567_SB1", "consumer_key": "consumer-key-1", "consumer_secret": "consumer-secret-2",
    "token_id": "token-id-3", "token_secret": "pat-very-secret-1", "amounts": "net", "timezone": "UTC",
}  # fmt: skip
POLITE: Mapping[str, Any] = {"throttle": {"rate": "95/10s"}}


def runs(records: int, seed: int) -> list[tuple[Figure, bool]]:
    """Each vendor as its page says, and a tenth of it without limits; whether the run is as it must be."""
    few = max(records // 10, 200)
    polite = run(measured("hubspot", records, POLITE, 10.0, seed))
    rude = run(measured("hubspot without limits", few, {}, 10.0, seed))
    near = 0.025  # what is under way is not at work there
    ours = run(measured("netsuite, our share of three", records, {}, 3 / SECONDS, seed, longest=near))
    more = run(measured("netsuite without limits", few, {"concurrency": None}, 5 / SECONDS, seed, longest=near))
    return [
        (ours, ours.records == records and not ours.refused and ours.share >= _OFTEN_ENOUGH),
        (more, more.records == few and more.refused > 0),
        (polite, polite.records == records and not polite.refused and polite.share >= _OFTEN_ENOUGH),
        (rude, rude.records == few and rude.refused > 0),
    ]


def main(words: Sequence[str] | None = None) -> int:
    """Exit 1 when a limit was not kept, or kept by asking too seldom."""
    parser = argparse.ArgumentParser(prog="benchmarks.politeness", description=__doc__)
    parser.add_argument("--n", type=int, default=20_000, help="records (20000)")
    parser.add_argument("--seed", type=int, default=7, help="of the network (7)")
    parser.add_argument("--json", action="store_true", help="one object as the last line of stdout")
    asked = parser.parse_args(words)
    done = runs(asked.n, asked.seed)
    print(
        "run | records | requests | answered 429 | share of what is allowed | seconds of the stepped clock | real seconds"
    )
    for each, right in done:
        print(
            f"{each.name} | {each.records:,} | {each.requests:,} | {each.refused:,} | {each.share:.1%} "
            f"| {each.seconds:,.0f} | {each.real_seconds:.0f}{'' if right else ' | WRONG'}"
        )
    if asked.json:
        print(json.dumps({each.name: {**asdict(each), "share": each.share, "right": right} for each, right in done}))
    return 0 if all(right for _, right in done) else 1


if __name__ == "__main__":
    sys.exit(main())
