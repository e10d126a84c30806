"""A running Meshline: the engine, the poster, the clocks and the HTTP side, started together and stopped together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError

from bot.app import Parts
from sync.errors import ConfigurationError, LedgerUnavailable

log = structlog.get_logger()

_AGAIN_SECONDS = 1.0


class Service:
    """A running Meshline: start it, wait, stop it. `role` is all, bot (HTTP and Slack) or worker (the engine)."""

    def __init__(self, parts: Parts, *, role: str = "all", beat_seconds: float = 5.0) -> None:
        self.parts, self._role, self._beat = parts, role, beat_seconds
        self.stopping = asyncio.Event()
        self.again_seconds = _AGAIN_SECONDS
        self._tasks: list[asyncio.Task[None]] = []
        self._runner: web.AppRunner | None = None
        self._scheduler: AsyncIOScheduler | None = None
        self._socket: Any = None
        self.port = 0

    async def start(self) -> None:
        """Begin to work, post, tick and listen. Raises ConfigurationError, with everything let go, when it cannot listen."""
        try:
            await self._start()
        except ConfigurationError:
            await self.stop()
            raise

    async def _start(self) -> None:
        parts = self.parts
        if self._role in ("all", "worker"):
            self._tasks.append(asyncio.create_task(self.kept("engine", parts.engine.run), name="engine"))
        if self._role in ("all", "bot"):
            if parts.poster is not None:
                self._tasks.append(asyncio.create_task(self.kept("poster", parts.poster.run), name="poster"))
            await self.listen()
        self._schedule()

    async def stop(self) -> None:
        """Stop taking in, let what is under way finish."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
        if self._socket is not None:
            await self._socket.close_async()
        if self._runner is not None:
            await self._runner.cleanup()
        self.stopping.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.parts.close()

    async def kept(self, name: str, run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        """Keep a loop alive: a bug that ends it is logged, and it starts again."""
        while not self.stopping.is_set():
            [end] = await asyncio.gather(run(self.stopping), return_exceptions=True)
            if isinstance(end, Exception):
                log.error("loop_ended", loop=name, error=type(end).__name__)
                await asyncio.sleep(self.again_seconds)

    async def listen(self) -> None:
        """Take in webhooks and what Slack sends."""
        parts = self.parts
        if parts.web is None:
            return
        self._runner = web.AppRunner(parts.web.app(), shutdown_timeout=5.0, access_log=None)
        await self._runner.setup()
        host, port = parts.settings.http_host, parts.settings.http_port
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            wrong = f"MESHLINE_HTTP_HOST, MESHLINE_HTTP_PORT: cannot listen on {host}:{port} ({error.strerror})"
            raise ConfigurationError([wrong]) from None
        self.port = self._runner.addresses[0][1]
        log.info("listening", host=host, port=self.port)
        if parts.settings.slack_app_token is not None and parts.bolt is not None:
            await self._connect(parts.bolt, parts.settings.slack_app_token.get_secret_value())

    async def _connect(self, bolt: AsyncApp, token: str) -> None:
        try:  # asked once beforehand: the handler itself would try a wrong token for ever
            await bolt.client.apps_connections_open(app_token=token)
        except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
            wrong = f"SLACK_APP_TOKEN: Slack opens no Socket Mode connection with it ({type(error).__name__})"
            raise ConfigurationError([wrong]) from None
        self._socket = AsyncSocketModeHandler(bolt, token)
        await self._socket.connect_async()

    def _schedule(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a beat that is still busy is no news
        options: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        soon = datetime.now(UTC) + timedelta(milliseconds=50)
        jobs = (("beat", self._on_beat), ("poll", self._on_poll))
        for name, job in jobs:
            self._scheduler.add_job(job, "interval", seconds=self._beat, id=name, next_run_time=soon, **options)
        self._scheduler.start()

    async def _on_beat(self) -> None:
        await self._quietly(self.parts.jobs.beat if self.parts.jobs else None)

    async def _on_poll(self) -> None:
        if self._role != "bot":
            await self._quietly(self.parts.jobs.poll_due if self.parts.jobs else None)

    async def _quietly(self, job: Callable[[], Any] | None) -> None:
        if job is None:
            return
        try:
            await job()
        except LedgerUnavailable as error:
            log.error("ledger_unavailable", detail=str(error))  # the row still says it is due; the next beat does it
