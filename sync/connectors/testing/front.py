"""The way in to a fake of another system: it sees every request and, when told to, misbehaves as networks do."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Fault:
    """What happens to the next request that matches: `say` an answer, or `cut`, `truncate`, `flood`, `hang`. With
    `after` the fake does its work first."""

    what: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    after: bool = False
    method: str = ""
    path: str = ""


@dataclass
class Front:
    """The faults that wait and the requests that came."""

    faults: deque[Fault] = field(default_factory=deque)
    seen: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def next(self, what: str, **details: Any) -> None:
        self.faults.append(Fault(what, **details))

    @web.middleware
    async def stand(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.seen.append((request.method, request.raw_path))
        self.headers.append(dict(request.headers))
        fault = self.faults[0] if self.faults else None
        if fault is None or fault.method not in {"", request.method} or not request.raw_path.endswith(fault.path):
            return await handler(request)
        self.faults.popleft()
        if fault.after:
            await handler(request)
        return await self.misbehave(request, fault)

    async def misbehave(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.what == "say":
            return web.Response(status=fault.status, headers=fault.headers, text=fault.body)
        if fault.what == "hang":
            await self.let_go.wait()
            return web.Response()
        response = web.StreamResponse(status=fault.status, headers={"content-type": "application/json"})
        if fault.what == "truncate":
            response.content_length = 1000
            await response.prepare(request)
            await response.write(b'{"id": "1"')
        if fault.what == "flood":
            await response.prepare(request)
            for _ in range(11):
                await response.write(b" " * 1024 * 1024)
            await response.write(b'{"id": "1", "reference": "r", "status": "draft"}')
            await response.write_eof()
            return response
        if request.transport is not None:
            request.transport.close()
        return response


@asynccontextmanager
async def served(build: Callable[[web.Application], None], front: Front) -> AsyncIterator[str]:
    """The address of a fake behind its faults."""
    app = web.Application(middlewares=[front.stand])
    build(app)
    server = TestServer(app, host="127.0.0.1", port=0)
    await server.start_server()
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        front.let_go.set()
        await server.close()
