"""The bad network between Meshline and Tryton: it hands requests on, and spoils some of the answers."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

SPOILT = ("cut after", "busy", "cut before", "silent after", "oops after")
_QUICK = tuple(each for each in SPOILT if each != "silent after")


@dataclass
class Proxy:
    """What was asked, by the last word of the method, and what was spoilt how. `loses` is the method and the end of the path of a
    request whose answer gets lost, once."""

    to: str
    counted: Counter[str] = field(default_factory=Counter)
    spoilt: Counter[str] = field(default_factory=Counter)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    share: float = 0.0
    silent: float = 0.0
    loses: tuple[str, str] | None = None
    chance: random.Random = field(default_factory=random.Random)

    def often(self, share: float, *, seed: int, silent: float = 0.05) -> None:
        """Spoil this share of all calls from now on, of them so many by falling silent; of none, where the share is nothing."""
        self.share, self.silent, self.chance = share, silent, random.Random(seed)

    def _spoils(self) -> str:
        if self.chance.random() >= self.share:
            return ""
        return "silent after" if self.chance.random() < self.silent else self.chance.choice(_QUICK)

    async def stand(self, request: web.Request) -> web.StreamResponse:
        method = request.query_string.rpartition(".")[2]
        self.counted[method] += 1
        how = self._spoils()
        if self.loses and request.method == self.loses[0] and request.raw_path.endswith(self.loses[1]):
            self.loses, how = None, "cut after"
        if how:
            self.spoilt[how] += 1
        if how == "busy":
            return web.Response(status=503, text="<p>database is locked</p>")
        if how != "cut before":
            answer = await self._handed_on(request)
            if how == "silent after":
                await self.let_go.wait()
            if how == "oops after":
                return web.Response(status=500, text="<p>Internal Server Error</p>")
            if not how:
                return answer
        if request.transport is not None:
            request.transport.close()
        return web.Response()

    async def _handed_on(self, request: web.Request) -> web.Response:
        headers = {
            name: request.headers[name]
            for name in ("authorization", "content-type", "accept", "x-tryton-context")
            if name in request.headers
        }
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, f"{self.to}{request.raw_path}", data=await request.read(), headers=headers
            ) as answer,
        ):
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)


@asynccontextmanager
async def bad_network(to: str) -> AsyncIterator[tuple[Proxy, str]]:
    """The proxy, and the address to speak to instead."""
    proxy = Proxy(to)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.stand)
    server = TestServer(app)
    await server.start_server()
    try:
        yield proxy, str(server.make_url("")).rstrip("/")
    finally:
        proxy.let_go.set()
        await server.close()
