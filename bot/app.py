"""The composition root: the only place where a store, connectors, a Slack client and a clock meet. Nothing is built at import."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions import Actions
from bot.commands import Commands
from bot.jobs import Jobs
from bot.listeners import Listeners
from bot.people import People
from bot.poster import Poster
from bot.settings import Settings, resolve, slack_secrets
from bot.surroundings import Surroundings
from bot.web import Web
from store.ledger import Store
from sync import connectors
from sync.deliver import Line
from sync.engine import Engine
from sync.errors import ConfigurationError, LedgerUnavailable
from sync.workspace.workspace import Workspace

log = structlog.get_logger()

Clock = Callable[[], datetime]
_SLACK_TIMEOUT = 10


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Parts:
    """Everything that was wired together."""

    settings: Settings
    workspace: Workspace
    store: Store
    engine: Engine
    clock: Clock
    connections: dict[str, Any]
    client: AsyncWebClient | None = None
    bolt: AsyncApp | None = None
    poster: Poster | None = None
    jobs: Jobs | None = None
    web: Web | None = None
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    def changed(self) -> None:
        """There may be work, and cards may be stale."""
        self.engine.wake()
        if self.poster is not None:
            self.poster.wake()

    async def close(self) -> None:
        """Let go of everything, the ledger last."""
        for connection in self.connections.values():
            await connection.close()
        for session in self.sessions:
            await session.close()
        await self.store.close()


async def wire(
    settings: Settings, workspace: Workspace, environ: Mapping[str, str], *, clock: Clock = utc_now, slack: bool = True
) -> Parts:
    """Build everything and open the ledger. Raises ConfigurationError with everything that is missing."""
    built = _connections(settings, workspace, environ, slack=slack)
    store = Store(settings.database_url.get_secret_value())
    await store.open()
    line = Line(ledger=store, workspace=workspace, connections=built, clock=clock)
    engine = Engine(line, jitter=random.random)
    parts = Parts(settings, workspace, store, engine, clock, built)
    if slack:
        await _wire_slack(parts)
    surroundings = Surroundings(workspace, People(workspace, parts.client))
    if parts.jobs is None:
        parts.jobs = Jobs(store, engine, surroundings, clock, parts.changed)
    parts.web = Web(engine=engine, store=store, bolt=parts.bolt, public=settings.public)
    return parts


def _connections(
    settings: Settings, workspace: Workspace, environ: Mapping[str, str], *, slack: bool
) -> dict[str, Any]:
    mistakes: list[str] = []
    built: dict[str, Any] = {}
    if slack:
        try:
            slack_secrets(settings)
        except ConfigurationError as error:
            mistakes += [str(one) for one in error.mistakes]
    try:
        options = resolve({name: one.options for name, one in workspace.connections.items()}, environ)
    except ConfigurationError as error:
        raise ConfigurationError([*mistakes, *map(str, error.mistakes)]) from None
    for name, connection in workspace.connections.items():
        try:
            built[name] = connectors.build(connection.kind, options[name], name=name)
        except ConfigurationError as error:
            mistakes += [str(one) for one in error.mistakes]
    if mistakes:
        raise ConfigurationError(mistakes)
    return built


async def _wire_slack(parts: Parts) -> None:
    token, secret = slack_secrets(parts.settings)
    session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SLACK_TIMEOUT))
    parts.sessions.append(session)
    client = AsyncWebClient(
        token=token, base_url=parts.settings.slack_api_url, session=session, timeout=_SLACK_TIMEOUT, retry_handlers=[]
    )
    bolt = AsyncApp(client=client, signing_secret=secret)
    people = People(parts.workspace, client)
    surroundings = Surroundings(parts.workspace, people)
    jobs = Jobs(parts.store, parts.engine, surroundings, parts.clock, parts.changed)
    actions = Actions(
        store=parts.store, client=client, surroundings=surroundings, clock=parts.clock, changed=parts.changed
    )
    commands = Commands(
        store=parts.store, surroundings=surroundings, clock=parts.clock, poll=jobs.poll, changed=parts.changed
    )
    Listeners(bolt, client, actions, commands, people)
    parts.client, parts.bolt, parts.jobs = client, bolt, jobs
    parts.poster = Poster(parts.store, client, surroundings, parts.clock)


class Service:
    """A running Meshline: start it, wait, stop it. `role` is all, bot (HTTP and Slack) or worker (the engine)."""

    def __init__(self, parts: Parts, *, role: str = "all", beat_seconds: float = 5.0) -> None:
        self.parts, self._role, self._beat = parts, role, beat_seconds
        self._stop = asyncio.Event()
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
            self._tasks.append(asyncio.create_task(parts.engine.run(self._stop), name="engine"))
        if self._role in ("all", "bot"):
            if parts.poster is not None:
                self._tasks.append(asyncio.create_task(parts.poster.run(self._stop), name="poster"))
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
        self._stop.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.parts.close()

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
