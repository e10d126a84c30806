"""A running Meshline: the engine, the poster, the clocks and the HTTP side, started together and stopped together. Its row in
the ledger beats for as long as its loops go round."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot import slack_errors as refusal
from bot.app import Parts
from bot.readiness import SILENT
from store.workers import Worker
from sync.errors import ConfigurationError, LedgerUnavailable

log = structlog.get_logger()

DRAIN_SECONDS = 25.0
_AGAIN_SECONDS = 1.0
_STUCK_SECONDS = {"engine": 180.0, "poster": 900.0}  # longer than any wait that a round may take
_BYE_SECONDS = 2.0
_INTAKE_SECONDS = 2.5  # twice: aiohttp waits for a handler, cancels it and waits again
_IDLE_SECONDS = 75.0
_BACKLOG = 4096
_PING_SECONDS = 2.5  # a line that broke is noticed and opened anew after so long


class Round(asyncio.Event):
    """The signal to stop, which a loop asks for in each of its rounds. One that asks no more is stuck."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        super().__init__()
        self._seconds, self._asked = seconds, seconds()

    def is_set(self) -> bool:
        self._asked = self._seconds()
        return super().is_set()

    def quiet(self) -> float:
        """For how many seconds nobody has asked."""
        return self._seconds() - self._asked


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop that runs now."""

    task: asyncio.Future[None]
    round: Round


def _why(task: asyncio.Future[None]) -> str:
    if task.cancelled():
        return "stuck"
    error = task.exception()
    return type(error).__name__ if error else "ended"


class Service:
    """A running Meshline: start it, wait, stop it. `role` is all, bot (HTTP and Slack) or worker (the engine). `seconds` is a
    clock that only goes forward."""

    def __init__(
        self,
        parts: Parts,
        *,
        role: str = "all",
        beat_seconds: float = 5.0,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.parts, self._role, self._seconds = parts, role, seconds
        self._beat_seconds = beat_seconds
        self.stopping = asyncio.Event()
        self.again_seconds, self.drain_seconds = _AGAIN_SECONDS, DRAIN_SECONDS
        self.name = secrets.token_hex(8)
        self._started = parts.clock()
        self._loops: dict[str, _Loop] = {}
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
        self.keep("news", lambda stop: parts.store.db.listen(parts.changed, stop))
        if self._role in ("all", "worker"):
            self.keep("engine", parts.engine.run)
        if parts.rollouts is not None:
            self.keep("rollouts", parts.rollouts.run)
        if self._role in ("all", "bot"):
            if parts.poster is not None:
                self.keep("poster", parts.poster.run)
            if parts.homes is not None:
                self.keep("homes", parts.homes.run)
            await self.listen()
        self._schedule()

    def keep(self, name: str, run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        """Run this loop until we stop."""
        self._tasks.append(asyncio.create_task(self.kept(name, run), name=name))

    async def stop(self) -> None:
        """Take in and claim nothing more, and let what is under way finish; what takes longer than `drain_seconds` is given up
        and comes back by its lease."""
        self.stopping.set()
        for loop in self._loops.values():
            loop.round.set()
        if self.parts.web is not None:
            self.parts.web.intake.stopping = True
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
        ways = (self._close_port(), self._close_socket(), self._drain(), self._leave())
        for end in await asyncio.gather(*ways, return_exceptions=True):
            if isinstance(end, BaseException):
                log.error("not_stopped_cleanly", error=type(end).__name__)
        await self.parts.close()

    async def _close_port(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _close_socket(self) -> None:
        if self._socket is not None:
            await asyncio.wait_for(self._socket.close_async(), _BYE_SECONDS)

    async def _leave(self) -> None:
        if self._scheduler is not None:
            with suppress(LedgerUnavailable):
                await asyncio.wait_for(self.parts.store.leave(self.name), _BYE_SECONDS)

    async def _drain(self) -> None:
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=self.drain_seconds)
        for task in late:
            log.warning("given_up", loop=task.get_name())
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def kept(self, name: str, run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        """Keep a loop alive: a bug that ends it, or a wait that never ends, is logged, and it starts again."""
        while not self.stopping.is_set():
            stop = Round(self._seconds)
            task = asyncio.ensure_future(run(stop))
            self._loops[name] = _Loop(task, stop)
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:  # given up: it puts back what it holds
                task.cancel()
                await asyncio.wait([task], timeout=_BYE_SECONDS)
                raise
            if not self.stopping.is_set():
                log.error("loop_ended", loop=name, error=_why(task))
                await asyncio.sleep(self.again_seconds)

    async def listen(self) -> None:
        """Take in webhooks and what Slack sends."""
        parts = self.parts
        if parts.web is None:
            return
        parts.web.intake.role = self._role
        self._runner = web.AppRunner(
            parts.web.app(), shutdown_timeout=_INTAKE_SECONDS, access_log=None, keepalive_timeout=_IDLE_SECONDS
        )
        await self._runner.setup()
        host, port = parts.settings.http_host, parts.settings.http_port
        try:
            await web.TCPSite(self._runner, host, port, backlog=_BACKLOG).start()
        except OSError as error:
            wrong = f"MESHLINE_HTTP_HOST, MESHLINE_HTTP_PORT: cannot listen on {host}:{port} ({error.strerror})"
            raise ConfigurationError([wrong]) from None
        self.port = self._runner.addresses[0][1]
        log.info("listening", host=host, port=self.port)
        if parts.settings.slack_app_token is not None and parts.bolt is not None:
            await self._connect(parts.bolt, parts.settings.slack_app_token.get_secret_value())

    async def _connect(self, bolt: AsyncApp, token: str) -> None:
        """Open a socket. While Slack is away it is tried again and again, and everything else goes on; a token that Slack
        refuses is said at once, for the handler itself would try it for ever."""
        away = False
        try:
            await bolt.client.apps_connections_open(app_token=token)
        except SlackApiError as error:
            away = refusal.status(error) >= 500
            if not away:
                wrong = f"SLACK_APP_TOKEN: Slack opens no Socket Mode connection with it ({refusal.words(error)})"
                raise ConfigurationError([wrong]) from None
        except refusal.NO_ANSWER:
            away = True
        self._socket = AsyncSocketModeHandler(bolt, token, ping_interval=_PING_SECONDS)
        if away:
            log.warning("slack_away", what="Socket Mode")
            self._tasks.append(asyncio.create_task(self._socket.connect_async(), name="socket"))
            return
        await self._socket.connect_async()

    def _schedule(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a beat that is still busy is no news
        options: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        soon = datetime.now(UTC) + timedelta(milliseconds=50)
        jobs = (("beat", self.beat), ("poll", self._on_poll))
        for name, job in jobs:
            self._scheduler.add_job(job, "interval", seconds=self._beat_seconds, id=name, next_run_time=soon, **options)
        self._scheduler.start()

    async def beat(self) -> None:
        """Say that we are alive, and do what is due."""
        self._restart_stuck()
        await self._quietly(self._tell_alive)
        await self._quietly(self.parts.jobs.beat if self.parts.jobs else None)

    async def _tell_alive(self) -> None:
        """Renew our row, unless the engine in it goes round no more: then others have to see it."""
        engine = self._loops.get("engine")
        if engine is None or engine.round.quiet() < SILENT.total_seconds():
            now = self.parts.clock()
            mine = Worker(name=self.name, role=self._role, started_at=self._started, beat_at=now)
            await self.parts.store.beat(mine)

    def _restart_stuck(self) -> None:
        for name, seconds in _STUCK_SECONDS.items():
            loop = self._loops.get(name)
            if loop is not None and loop.round.quiet() > seconds:
                loop.task.cancel()

    async def _on_poll(self) -> None:
        if self._role != "bot":
            await self._quietly(self.parts.jobs.poll_due if self.parts.jobs else None)
            await self._quietly(self.parts.jobs.look_due if self.parts.jobs else None)

    async def _quietly(self, job: Callable[[], Any] | None) -> None:
        if job is None:
            return
        try:
            await job()
        except LedgerUnavailable as error:
            log.error("ledger_unavailable", detail=str(error))  # the row still says it is due; the next beat does it
