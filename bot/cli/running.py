"""What commands share that need the product: settings, the ledger or a wired product for their duration."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bot.app import Parts, utc_now
from bot.cli.telling import MISUSE, NO, fail
from bot.people import People
from bot.releasing import Library, wire_published
from bot.settings import Settings, ledger_key, read_settings
from store.ledger import Store
from sync import connectors
from sync.errors import ConfigurationError, MeshlineError
from sync.workspace.loader import load
from sync.workspace.workspace import Workspace

T = TypeVar("T")


def settings() -> Settings:
    """From the environment."""
    return read_settings(os.environ)


def workspace(directory: Path) -> Workspace:
    """The checked workspace. Raises ConfigurationError."""
    return load(directory, connectors.kinds())


@asynccontextmanager
async def ledger() -> AsyncIterator[Store]:
    """The ledger alone, for commands that only ask."""
    said = settings()
    store = Store(said.database_url.get_secret_value(), ledger_key(said))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def product(*, slack: bool = False) -> AsyncIterator[Parts]:
    """The product wired for one command, on what was published; on the directory where nothing was."""
    parts, _ = await wire_published(settings(), os.environ, first=False, slack=slack)
    try:
        yield parts
    finally:
        await parts.close()


@asynccontextmanager
async def rights() -> AsyncIterator[tuple[Store, People]]:
    """The ledger and who may do what in it; no connection and no Slack is needed."""
    said = settings()
    async with ledger() as store:
        library, running = Library(store), await store.running_releases()
        try:
            known = await library.workspace(running.active) if running.active else workspace(said.workspace)
            people = People(known, None, ledger=store, clock=now)
            await people.look_who_is_away()
            yield store, people
        finally:
            library.close()


try:
    import uvloop
except ModuleNotFoundError:  # there is none for Windows
    loop_factory = asyncio.new_event_loop
else:
    loop_factory = uvloop.new_event_loop


def run(doing: Callable[[], Awaitable[T]]) -> T:
    """Run a command to its end; what goes wrong is said on stderr. Exit 1: the answer is no. Exit 2: misuse."""
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(_awaited(doing))
    except ConfigurationError as error:
        fail("\n".join(str(mistake) for mistake in error.mistakes), MISUSE)
    except MeshlineError as error:
        fail(str(error), NO)


async def _awaited(doing: Callable[[], Awaitable[T]]) -> T:
    return await doing()


def moment_of(text: str | None) -> datetime | None:
    """A day or moment as people write it, in UTC where no zone is given; ends with exit 2 for anything else."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text} is not a day or moment; write it like 2026-01-31", MISUSE)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def now() -> datetime:
    return utc_now()
