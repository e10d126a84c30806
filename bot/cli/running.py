"""What every command shares: settings and a wired product for its duration, errors on stderr, JSON on request."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import orjson
import typer
from pydantic import BaseModel

from bot.app import Parts, utc_now, wire
from bot.people import People
from bot.settings import Settings, read_settings
from store.ledger import Store
from sync import connectors
from sync.errors import ConfigurationError, MeshlineError
from sync.workspace.loader import load
from sync.workspace.workspace import Workspace

T = TypeVar("T")

NO, MISUSE = 1, 2


def settings() -> Settings:
    """From the environment."""
    return read_settings(os.environ)


def kinds() -> dict[str, type[BaseModel]]:
    """The options of every kind of connection there is."""
    return {name: kind.options for name, kind in connectors.kinds().items()}


def workspace(directory: Path) -> Workspace:
    """The checked workspace. Raises ConfigurationError."""
    return load(directory, kinds())


@asynccontextmanager
async def ledger() -> AsyncIterator[Store]:
    """The ledger alone, for commands that only ask."""
    store = Store(settings().database_url.get_secret_value())
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def product(*, slack: bool = False) -> AsyncIterator[Parts]:
    """The product wired for one command."""
    said = settings()
    parts = await wire(said, workspace(said.workspace), os.environ, slack=slack)
    try:
        yield parts
    finally:
        await parts.close()


@asynccontextmanager
async def rights() -> AsyncIterator[tuple[Store, People]]:
    """The ledger and who may do what in it; no connection and no Slack is needed."""
    said = settings()
    people = People(workspace(said.workspace), None)
    async with ledger() as store:
        yield store, people


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


def fail(words: str, code: int = NO) -> NoReturn:
    """Say why and end."""
    typer.echo(words.replace("@{", "").replace("}", ""), err=True)
    raise typer.Exit(code)


def show(value: Any, *, as_json: bool, text: Callable[[], str]) -> None:
    """One answer, for a program or for a person."""
    typer.echo(orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2).decode() if as_json else text())


def table(rows: Sequence[tuple[str, ...]], *heads: str) -> str:
    """Columns as wide as they need to be."""
    lines = [heads, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def moment(value: datetime | None) -> str:
    return value.strftime("%Y-%m-%d %H:%M UTC") if value else "-"


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


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
