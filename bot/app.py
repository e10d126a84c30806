"""The composition root: the only place where a store, connectors, a Slack client and a clock meet. Nothing is built at import."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.actions import Actions
from bot.away import Away
from bot.bypassing import Postmortems
from bot.command_answers import CommandAnswers
from bot.commands import Commands, Desk
from bot.connection import Connection
from bot.differences import Differences
from bot.fixing.part import Fixing
from bot.fixing.rules import Rules
from bot.holding import HoldingBilling
from bot.homes import Homes
from bot.jobs import Jobs
from bot.listeners import Elsewhere, Listeners
from bot.pack_sender import PackSender
from bot.parts import Part
from bot.pausing import PausingClocks
from bot.people import People
from bot.poster import Poster
from bot.preferring import Preferring
from bot.quiet_notes import QuietNotes
from bot.readiness import Intake
from bot.reconciling import Reconciling, check_listing
from bot.release_actions import ReleaseActions
from bot.rollout_actions import RolloutActions
from bot.rollouts import Rollouts
from bot.settings import Settings, ledger_key, resolve, slack_secrets
from bot.shortcuts import Shortcuts
from bot.strangers import Strangers
from bot.surroundings import Surroundings
from bot.unsaying import Unsaying
from bot.web import Web
from bot.whereabouts import Whereabouts
from store.ledger import Store
from sync import connectors
from sync.engine import Engine
from sync.errors import ConfigurationError
from sync.line import Line
from sync.releases import Running
from sync.trials import Candidate
from sync.workspace.workspace import Workspace

log = structlog.get_logger()

Clock = Callable[[], datetime]
Look = Callable[[datetime], Awaitable[int]]
_SLACK_TIMEOUT = 10


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


class Closing(Protocol):
    """Something that has to be let go."""

    def close(self) -> None: ...


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
    rollouts: Rollouts | None = None
    reconciling: Reconciling | None = None
    homes: Homes | None = None
    web: Web | None = None
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)
    around: list[Surroundings] = field(default_factory=list)
    retired: list[Any] = field(default_factory=list)
    library: Closing | None = None
    surface: tuple[Part, ...] = ()

    def changed(self) -> None:
        """There may be work, and cards may be stale."""
        self.engine.wake()
        if self.rollouts is not None:
            self.rollouts.wake()
        if self.poster is not None:
            self.poster.wake()
        if self.homes is not None:
            self.homes.wake()

    def adopt(self, line: Line, releases: Running, candidate: Candidate | None) -> None:
        """From now on all parts follow this release."""
        self.workspace, self.connections = line.workspace, dict(line.connections)
        self.engine.adopt(line, releases, candidate)
        for each in self.around:
            each.adopt(line.workspace)
        self.changed()

    def behind(self, words: str) -> None:
        """Why what was published cannot run here; empty when it can."""
        if self.web is not None:
            self.web.intake.behind = words

    async def close(self) -> None:
        """Let go of everything, the ledger last."""
        if self.reconciling is not None:
            await self.reconciling.close()
        for connection in (*self.connections.values(), *self.retired):
            await connection.close()
        for session in self.sessions:
            await session.close()
        if self.library is not None:
            self.library.close()
        await self.store.close()


async def wire(
    settings: Settings,
    workspace: Workspace,
    environ: Mapping[str, str],
    *,
    clock: Clock = utc_now,
    slack: bool = True,
    store: Store | None = None,
) -> Parts:
    """Build everything and open the ledger, unless an open `store` is given. Raises ConfigurationError with everything that
    is missing."""
    built = _connections(settings, workspace, environ, slack=slack)
    if store is None:
        store = Store(settings.database_url.get_secret_value(), ledger_key(settings))
        await store.open()
    line = Line(ledger=store, workspace=workspace, connections=built, clock=clock)
    engine = Engine(line, jitter=random.random)
    parts = Parts(settings, workspace, store, engine, clock, built)
    parts.rollouts = Rollouts(store, lambda: parts.workspace, clock, parts.changed)
    if slack:
        await _wire_slack(parts)
    if parts.jobs is None:
        surroundings = Surroundings(workspace, People(workspace, parts.client, ledger=store, clock=clock))
        parts.around.append(surroundings)
        parts.reconciling = _reconciling(parts, surroundings)
        also = (parts.rollouts.look, parts.reconciling.look)
        parts.jobs = Jobs(store, engine, surroundings, clock, parts.changed, also=also)
    intake = Intake(most=settings.queue)
    parts.web = Web(
        engine=engine, store=store, bolt=parts.bolt, public=settings.public, intake=intake, refused=parts.jobs.signs.refuse
    )  # fmt: skip
    return parts


def _connections(
    settings: Settings, workspace: Workspace, environ: Mapping[str, str], *, slack: bool
) -> dict[str, Any]:
    mistakes: list[str] = []
    for part in ((lambda: slack_secrets(settings)) if slack else dict, lambda: resolve(_options(workspace), environ)):
        try:
            part()
        except ConfigurationError as error:
            mistakes += [str(one) for one in error.mistakes]
    if mistakes:
        raise ConfigurationError(mistakes)
    return build_connections(workspace, environ)


def _options(workspace: Workspace) -> dict[str, Mapping[str, Any]]:
    return {name: one.options for name, one in workspace.connections.items()}


def build_connections(
    workspace: Workspace, environ: Mapping[str, str], *, only: Set[str] | None = None
) -> dict[str, Any]:
    """The workspace's connections, or `only` those of these names. Raises ConfigurationError with all that is missing."""
    wanted = {name: each for name, each in workspace.connections.items() if only is None or name in only}
    options = resolve({name: one.options for name, one in wanted.items()}, environ)
    built, mistakes = dict[str, Any](), list[str]()
    for name, connection in wanted.items():
        try:
            built[name] = connectors.build(connection.kind, options[name], name=name)
        except ConfigurationError as error:
            mistakes += [str(one) for one in error.mistakes]
    if mistakes:
        raise ConfigurationError(mistakes)
    check_listing(workspace, built)
    return built


def slack_session() -> aiohttp.ClientSession:
    """What calls of Slack go through; to be closed."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SLACK_TIMEOUT))


def slack_client(settings: Settings, session: aiohttp.ClientSession, token: str | None = None) -> AsyncWebClient:
    """Slack's Web API without the library's own retries, which could post twice."""
    return AsyncWebClient(
        token, base_url=settings.slack_api_url, session=session, timeout=_SLACK_TIMEOUT, retry_handlers=[]
    )


async def _wire_slack(parts: Parts) -> None:
    token, secret = slack_secrets(parts.settings)
    session = slack_session()
    parts.sessions.append(session)
    client = slack_client(parts.settings, session)
    people = People(parts.workspace, client, ledger=parts.store, clock=parts.clock)
    surroundings = Surroundings(parts.workspace, people)
    parts.around.append(surroundings)
    connection = Connection(parts.store, client, surroundings, parts.clock, lambda: slack_secrets(parts.settings)[0])
    bolt = AsyncApp(  # with a name, or it looks through all modules for one
        name="meshline", client=client, signing_secret=secret, authorize=connection.authorize()
    )
    client.token = token  # Bolt itself would ask Slack who we are before it lets the first press through
    releases = ReleaseActions(
        store=parts.store, client=client, surroundings=surroundings, clock=parts.clock, changed=parts.changed
    )
    parts.reconciling = _reconciling(parts, surroundings)
    jobs = Jobs(
        parts.store, parts.engine, surroundings, parts.clock, parts.changed,
        also=(releases.look, *_looks(parts, client, session, surroundings)),
    )  # fmt: skip
    desk = Desk(
        store=parts.store, client=client, surroundings=surroundings, clock=parts.clock, poll=jobs.poll,
        changed=parts.changed, line=lambda: parts.engine.line, reconciling=parts.reconciling,
    )  # fmt: skip
    _surface(parts, bolt, desk, releases)
    parts.client, parts.bolt, parts.jobs = client, bolt, jobs
    Strangers(bolt, parts.store, connection, parts.clock)
    parts.poster = Poster(parts.store, client, surroundings, parts.clock, connection)


def _looks(
    parts: Parts, client: AsyncWebClient, session: aiohttp.ClientSession, surroundings: Surroundings
) -> Iterator[Look]:
    """What is looked at with every beat, beside what the clocks themselves do."""
    store, clock = parts.store, parts.clock
    yield Whereabouts(store=store, client=client, surroundings=surroundings).look
    yield PackSender(store=store, client=client, session=session, surroundings=surroundings, clock=clock).look
    yield Unsaying(store=store, client=client, surroundings=surroundings).look
    yield QuietNotes(store=store, surroundings=surroundings).look
    if parts.rollouts is not None:
        yield parts.rollouts.look
    if parts.reconciling is not None:
        yield parts.reconciling.look


def _reconciling(parts: Parts, surroundings: Surroundings) -> Reconciling:
    return Reconciling(
        store=parts.store, surroundings=surroundings, clock=parts.clock, line=lambda: parts.engine.line,
        changed=parts.changed,
    )  # fmt: skip


def _surface(parts: Parts, bolt: AsyncApp, desk: Desk, releases: ReleaseActions) -> None:
    """All that people can press, type and open, listening."""
    store, client, around = desk.store, desk.client, desk.surroundings
    clock, changed = desk.clock, desk.changed
    fixing = Fixing(store=store, client=client, surroundings=around, clock=clock, line=desk.line)
    actions = Actions(store=store, client=client, surroundings=around, clock=clock, changed=changed, fixing=fixing)
    away = Away(store=store, client=client, surroundings=around, clock=clock, changed=changed)
    commands, shortcuts = Commands(desk=desk, away=away), Shortcuts(desk=desk)
    surface: tuple[Part, ...] = (
        releases,
        RolloutActions(store=store, client=client, surroundings=around, clock=clock, changed=changed),
        fixing,
        Rules(store=store, client=client, surroundings=around, clock=clock),
        away,
        PausingClocks(store=store, client=client, surroundings=around, clock=clock, changed=changed),
        Postmortems(store=store, client=client, surroundings=around, clock=clock, changed=changed),
        Differences(store=store, client=client, surroundings=around),
        HoldingBilling(store=store, client=client, surroundings=around, clock=clock, changed=changed),
        commands,
        Preferring(store=store, client=client, clock=clock, changed=changed),
        shortcuts,
    )
    parts.homes, parts.surface = Homes(desk=desk), (actions, *surface)
    asked = Elsewhere(commands=CommandAnswers(commands, around.people), homes=parts.homes, shortcuts=shortcuts)
    Listeners(bolt, client, actions, surface, asked, around.people)
