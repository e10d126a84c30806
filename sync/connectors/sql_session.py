"""The connections to one database: its tables looked up once, questions, and changes that are one transaction each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import Select, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from sync.connectors.decode import decode
from sync.connectors.sql_errors import TROUBLE, error_of, is_taken
from sync.connectors.sql_options import SqlOptions, SqlStatus
from sync.connectors.sql_tables import Known, look_up
from sync.errors import ConfigurationError, ConnectorError, Rejected

T = TypeVar("T")

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_JSON: dict[str, Any] = {"json_serializer": lambda value: orjson.dumps(value).decode(), "json_deserializer": decode}


class Taken(Exception):
    """Something unique is there already."""

    def __init__(self, refusal: Rejected) -> None:
        self.refusal = refusal


class Database:
    """One database of the workspace."""

    def __init__(self, options: SqlOptions, name: str) -> None:
        self._options, self._name = options, name
        self._engine = _engine(options, name)
        self._known: dict[str, Known] = {}

    async def close(self) -> None:
        """Let go of its connections."""
        await self._engine.dispose()

    async def _with_status(self, entity: str, what: str) -> tuple[Known, SqlStatus]:
        known = await self._target(entity)
        if known.options.status is None:
            raise self._unsupported(entity, f"{what}: name the column `status`")
        return known, known.options.status

    async def _target(self, entity: str) -> Known:
        known = await self._look_up(entity)
        if known.options.reference is None:
            raise self._unsupported(entity, "written: name the column `reference`")
        return known

    def _unsupported(self, entity: str, what: str) -> Rejected:
        return Rejected(f"{entity} cannot be {what}", code="unsupported")

    async def _look_up(self, entity: str) -> Known:
        if entity not in self._options.entities:
            raise self._unsupported(entity, f"found: it is none of the entities of {self._name}")
        if entity not in self._known:
            look = lambda sync: look_up(sync, entity, self._options)  # noqa: E731 - run_sync hands over one argument
            async with self._asking() as connection:
                self._known[entity] = await connection.run_sync(look)
        return self._known[entity]

    async def _unseen(self, known: Known) -> int:
        rows = await self._rows(select(func.count()).select_from(known.table).where(known.stamp().is_(None)))
        return int(rows[0][0])

    async def _now(self, known: Known, now: datetime) -> datetime:
        """The database's clock; a file has ours."""
        if known.sqlite:
            return now
        [[at]] = await self._rows(select(func.current_timestamp()))
        return at if isinstance(at, datetime) and at.tzinfo else now

    async def _rows(self, query: Select[Any]) -> Sequence[Any]:
        async with self._asking() as connection:
            found: Sequence[Any] = (await connection.execute(query)).all()
            return found

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncConnection]:
        failed: ConnectorError | None = None
        try:
            async with asyncio.timeout(self._options.timeout), self._engine.connect() as connection:
                yield connection
        except ConnectorError as error:
            failed = error
        except TROUBLE as error:
            failed = self._failed(error, committing=False)
        if failed is not None:
            raise failed  # out here it carries no trace of a statement with its values

    async def _change(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """One transaction. Raises Taken where a unique constraint spoke."""
        committing, failed = False, None
        try:
            async with asyncio.timeout(self._options.timeout), self._engine.connect() as connection:
                await connection.begin()
                made = await work(connection)
                committing = True
                await connection.commit()
                return made
        except ConnectorError as error:
            failed = error
        except TROUBLE as error:
            failed = self._failed(error, committing=committing)
            if is_taken(error) and isinstance(failed, Rejected):
                raise Taken(failed) from None
        raise failed

    def _failed(self, error: Exception, *, committing: bool) -> ConnectorError:
        found = error_of(self._name, error, committing=committing)
        if isinstance(found, Rejected) and found.code == "schema":
            self._known.clear()
        return found


def _engine(options: SqlOptions, name: str) -> AsyncEngine:
    mistake = ""
    try:
        return create_async_engine(
            _address(options.url.get_secret_value()), hide_parameters=True, pool_pre_ping=True,
            pool_size=options.connections, max_overflow=0, **_JSON,
        )  # fmt: skip
    except ArgumentError:
        mistake = "is no address of a database, such as postgresql+asyncpg://user@host/name"
    except InvalidRequestError:
        mistake = "needs a driver that does not wait, such as sqlite+aiosqlite or postgresql+asyncpg"
    except ModuleNotFoundError as missing:
        mistake = f"needs the package {missing.name}: install it beside meshline"
    raise ConfigurationError([f"connections.{name}.url: {mistake}"])


def _address(url: str) -> URL:
    address = make_url(url)
    return address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))
