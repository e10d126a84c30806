"""Every difference between the two databases. A write is one transaction, durable when it returns; on SQLite many waiting
writes share one commit of the single writer, each inside a savepoint of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from sync.errors import ConfigurationError, LedgerUnavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

BUSY_MS = 15_000
_BATCH = 64
_READERS = 4
_JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    work: Work[T]
    done: asyncio.Future[T]


@dataclass(frozen=True, slots=True)
class _Answer:
    value: Any = None
    error: Exception | None = None


class Database:
    """A ledger's database. Open it before use, close it after."""

    def __init__(self, url: str) -> None:
        self.url = _known(url)
        self._backend: _Sqlite | _Postgres | None = None

    async def open(self) -> None:
        """Connect."""
        self._backend = _Sqlite(self.url) if self.url.get_backend_name() == "sqlite" else _Postgres(self.url)
        await self._backend.open()

    async def close(self) -> None:
        """Finish what waits, then let go."""
        if self._backend is not None:
            await self._backend.close()
        self._backend = None

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction. What it raises undoes it alone."""
        return await self._opened().write(work)

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which asks and never writes, on one snapshot."""
        return await self._opened().read(work)

    def _opened(self) -> _Sqlite | _Postgres:
        if self._backend is None:
            raise RuntimeError("the ledger is not open")
        return self._backend


class _Sqlite:
    """One writer thread, which commits all that waits together; a few reader threads beside it."""

    def __init__(self, url: URL) -> None:
        self._writing = sqlite_engine(url, begin="BEGIN IMMEDIATE")
        self._reading = sqlite_engine(url, begin="BEGIN")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="ledger-reader")
        self._jobs: asyncio.Queue[_Job[Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._task = asyncio.create_task(self._write_forever(), name="ledger-writer")

    async def close(self) -> None:
        await self._jobs.join()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._writing.dispose)
        self._writer.shutdown()
        self._readers.shutdown()
        self._reading.dispose()

    async def write(self, work: Work[T]) -> T:
        job: _Job[T] = _Job(work, asyncio.get_running_loop().create_future())
        await self._jobs.put(job)
        answer: T = await job.done
        return answer

    async def read(self, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            answer: T = await loop.run_in_executor(self._readers, lambda: _in_transaction(self._reading, work))
            return answer
        except OperationalError as error:
            raise _unavailable(error) from error

    async def _write_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._jobs.get()]
            while len(batch) < _BATCH and not self._jobs.empty():
                batch.append(self._jobs.get_nowait())
            work = loop.run_in_executor(self._writer, _commit_together, self._writing, batch)
            [answers] = await asyncio.gather(work, return_exceptions=True)
            if isinstance(answers, BaseException):  # nothing of the batch was committed
                answers = [_Answer(error=_unavailable(answers))] * len(batch)
            for job, answer in zip(batch, answers, strict=True):
                self._jobs.task_done()
                if job.done.done():
                    continue
                if answer.error is not None:
                    job.done.set_exception(answer.error)
                else:
                    job.done.set_result(answer.value)


class _Postgres:
    """A pool of connections; each write is a transaction of its own."""

    def __init__(self, url: URL) -> None:
        self._engine = postgres_engine(url)

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        await self._engine.dispose()

    async def write(self, work: Work[T]) -> T:
        try:
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)
        except (OperationalError, OSError) as error:
            raise _unavailable(error) from error

    async def read(self, work: Work[T]) -> T:
        return await self.write(work)


def _known(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(["MESHLINE_DATABASE_URL is not a database address"]) from None
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+asyncpg"}
    backend = parsed.get_backend_name()
    if backend not in drivers:
        raise ConfigurationError(["MESHLINE_DATABASE_URL must begin with sqlite:/// or postgresql+asyncpg://"])
    return parsed.set(drivername=drivers[backend])


def _unavailable(error: BaseException) -> LedgerUnavailable:
    return LedgerUnavailable(f"the ledger does not answer ({type(error).__name__})")


def _in_transaction(engine: Engine, work: Work[T]) -> T:
    with engine.begin() as tx:
        value = work(tx)
    return value


def _commit_together(engine: Engine, batch: list[_Job[Any]]) -> list[_Answer]:
    with engine.begin() as tx:
        return [_alone(tx, job.work) for job in batch]


def _alone(tx: Connection, work: Work[Any]) -> _Answer:
    """Run one job in its savepoint: its error belongs to its caller, the others of the batch go on."""
    savepoint = tx.begin_nested()
    try:
        value = work(tx)
    except Exception as error:  # handed to the caller, who alone can say what it means
        savepoint.rollback()
        return _Answer(error=_unavailable(error) if isinstance(error, OperationalError) else error)
    savepoint.commit()
    return _Answer(value=value)


def postgres_engine(url: URL) -> AsyncEngine:
    """An engine over asyncpg. Raises ConfigurationError where the extra is not installed."""
    try:
        return create_async_engine(url, **_JSON, pool_size=10, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise ConfigurationError(["PostgreSQL needs the extra: install meshline[postgres]"]) from None


def sqlite_engine(url: URL, *, begin: str) -> Engine:
    """An engine whose transactions open with `begin`: a writer takes the lock at once, or it would find out too late."""
    pool: dict[str, Any] = {"poolclass": StaticPool} if begin == "BEGIN IMMEDIATE" else {"pool_size": _READERS}
    engine = create_engine(url, **_JSON, **pool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions by itself
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def insert(connection: Connection, table: Table) -> Any:
    """INSERT that knows ON CONFLICT, in the dialect of the connection."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def insert_or_nothing(connection: Connection, table: Table) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING: somebody was first, and that is fine."""
    statement: Insert = insert(connection, table).on_conflict_do_nothing()
    return statement


def refuse_changes(connection: Connection, table: str) -> None:
    """Make the table append-only: the database itself refuses UPDATE and DELETE."""
    words = f"the {table} is append-only"
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
