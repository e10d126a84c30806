"""The doors that the Python peers share: a webhook is answered when its handler has made it durable; a keep-alive client
writes to the target."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import aiohttp
import job
from aiohttp import web


async def serve(take: Callable[[bytes], Awaitable[None]]) -> None:
    """Take webhooks until told to stop."""

    async def hook(request: web.Request) -> web.Response:
        await take(await request.read())
        return web.Response(status=202)

    async def health(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_post("/in", hook)
    app.router.add_get("/health", health)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["BENCH_PORT"]), backlog=1024).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    os._exit(0)


class Erp:
    """The target, over connections that stay open."""

    def __init__(self) -> None:
        connector = aiohttp.TCPConnector(limit=100)
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=10))

    async def post(self, event: job.Event) -> None:
        """Write one record. Raises RuntimeError when it is refused."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": event.event_id}
        async with self._session.post(job.TARGET, data=job.record(event), headers=headers) as answer:
            await answer.read()
            if answer.status >= 300:
                raise RuntimeError(answer.status)
