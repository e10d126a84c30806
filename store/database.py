"""Every difference between the two databases. A write is durable when it returns; many waiting writes share one commit.

SQLite: one writer thread, a few reader threads. PostgreSQL: a pool; a verb's callers wait together while its last batch commits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from store.dialects import insert as insert
from store.dialects import insert_or_nothing as insert_or_nothing
from store.dialects import refuse_changes as refuse_changes
from store.together import Answer, Finish, Job, Line, Many, Work, alone, collided, unavailable, whole
from store.vault import Session, Vault
from sync.errors import ConfigurationError, LedgerUnavailable

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - what a caller hands in
O = TypeVar("O")  # noqa: E741 - what a caller gets

Keys = Callable[[], Vault | None]

BUSY_MS = 15_000
NEWS = "meshline_news"
_READERS = 4
_AGAIN_SECONDS = 1.0
_TROUBLE = {
    "28": "it does not accept this user or password",
    "3D": "there is no such database: create it first",
    "25006": "readonly database",
    "42501": "this user may not make tables there",
    "53100": "disk is full",
    "53300": "too many connections",
    "57P03": "it is starting or stopping",
}
_LOCK = (  # in one order for all, or two would wait for each other
    "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(value, 0) AS key "
    "FROM json_array_elements_text(CAST(:names AS json)) ORDER BY key) AS wanted"
)
_JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


class Database:
    """A ledger's database. Open it before use, close it after. `finish` writes at the end of each transaction what its work
    left to be written last. Columns seal and open with the keys of the `vault`; without one they hold what they are given."""

    def __init__(self, url: str, finish: Finish) -> None:
        self.url, self._finish = address_of(url), finish
        self.vault: Vault | None = None
        self._backend: _Sqlite | _Postgres | None = None

    async def open(self) -> None:
        """Connect."""
        backend = _Sqlite if self.url.get_backend_name() == "sqlite" else _Postgres
        self._backend = backend(self.url, self._finish, lambda: self.vault)
        await self._backend.open()

    async def close(self) -> None:
        """Finish what waits, then let go."""
        if self._backend is not None:
            await self._backend.close()
        self._backend = None

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction. What it raises undoes it alone."""
        answer: T = await self._opened().submit(alone, work)
        return answer

    async def together(self, many: Many[I, O], item: I) -> O:
        """Hand `item` to `many`, which takes whatever waits at once; the answer to this item, after its commit."""
        answer: O = await self._opened().submit(many, item)
        return answer

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which asks and never writes, on one snapshot."""
        return await self._opened().read(work)

    async def listen(self, heard: Callable[[], None], stop: asyncio.Event) -> None:
        """Call `heard` whenever another process says that there is news, until told to stop."""
        await self._opened().listen(heard, stop)

    def waiting(self) -> int:
        """How many writes wait for their commit."""
        return self._opened().waiting()

    def _opened(self) -> _Sqlite | _Postgres:
        if self._backend is None:
            raise RuntimeError("the ledger is not open")
        return self._backend


class _Sqlite:
    """One writer thread, which commits all that waits together; a few reader threads beside it."""

    def __init__(self, url: URL, finish: Finish, vault: Keys) -> None:
        self._vault = vault
        self._writing = sqlite_engine(url, begin="BEGIN IMMEDIATE")
        self._reading = sqlite_engine(url, begin="BEGIN")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="ledger-reader")
        self._line, self._finish = Line(self._commit), finish

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        await self._line.close()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._writing.dispose)
        self._writer.shutdown()
        self._readers.shutdown()
        self._reading.dispose()

    async def submit(self, many: Many[Any, Any], item: Any) -> Any:
        return await self._line.submit(many, item)

    async def read(self, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, _in_transaction, self._reading, work, self._vault())
        except OperationalError as error:
            raise unavailable(error) from error

    async def listen(self, heard: Callable[[], None], stop: asyncio.Event) -> None:
        await stop.wait()  # whoever shares the file is looked for by polling

    def waiting(self) -> int:
        return self._line.waiting

    async def _commit(self, jobs: list[Job]) -> list[Answer]:
        work = partial(whole, jobs=jobs, finish=self._finish)
        return await asyncio.get_running_loop().run_in_executor(
            self._writer, _in_transaction, self._writing, work, self._vault()
        )


class _Postgres:
    """A pool of connections. Each verb has a line of its own, so one transaction holds one verb's batch."""

    def __init__(self, url: URL, finish: Finish, vault: Keys) -> None:
        self._vault = vault
        self._engine, self._finish = postgres_engine(url), finish
        self._lines: dict[Many[Any, Any], Line] = {}
        self._busy, self._calm = 0, asyncio.Event()

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        for line in self._lines.values():
            await line.close()
        while self._busy:  # what does not stand in a line: a connection that is out would be left open
            self._calm.clear()
            await self._calm.wait()
        await self._engine.dispose()

    async def submit(self, many: Many[Any, Any], item: Any) -> Any:
        if many is alone:
            [answer] = await self._commit([Job(many, item, asyncio.get_running_loop().create_future())])
            return answer.heard()
        line = self._lines.get(many)
        if line is None:
            line = self._lines[many] = Line(self._commit)
        return await line.submit(many, item)

    async def read(self, work: Work[T]) -> T:
        return await self._run(work, isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def listen(self, heard: Callable[[], None], stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(DBAPIError, OSError, *_driver_errors()):
                await self._hear(heard, stop)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _AGAIN_SECONDS)

    def waiting(self) -> int:
        return sum(line.waiting for line in self._lines.values())

    async def _hear(self, heard: Callable[[], None], stop: asyncio.Event) -> None:
        """On a connection of its own; ends when told to, or when the connection is gone."""
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            gone = asyncio.Event()
            driver.add_termination_listener(lambda *_: gone.set())
            await driver.add_listener(NEWS, lambda *_: heard())
            heard()  # what was said while nobody listened
            ends = [asyncio.create_task(one.wait()) for one in (stop, gone)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
            await connection.invalidate()

    async def _commit(self, jobs: list[Job]) -> list[Answer]:
        answers = await self._run(partial(whole, jobs=jobs, finish=self._finish))
        return [answer if answer.error is None else _told(answer) for answer in answers]

    async def _run(self, work: Work[T], **options: Any) -> T:
        self._busy += 1
        try:
            return await self._tried(work, options)
        finally:
            self._busy -= 1
            self._calm.set()

    async def _tried(self, work: Work[T], options: dict[str, Any]) -> T:
        for left in (3, 2, 1, 0):
            try:
                async with self._engine.connect() as connection:
                    if options:
                        await connection.execution_options(**options)
                    session = _session(self._vault())
                    async with connection.begin():
                        value = await connection.run_sync(_within(session, work))
                    _keep(session)
                    return value
            except DBAPIError as error:
                if left and collided(error):
                    continue
                if _is_outage(error):
                    raise _no_answer(error) from error
                raise
            except (OSError, TimeoutError) as error:
                raise unavailable(error) from error
        raise AssertionError("the last try returns or raises")


def _driver_errors() -> tuple[type[Exception], ...]:
    """What asyncpg itself raises where SQLAlchemy is not in between."""
    from asyncpg import InterfaceError, InternalClientError, PostgresError

    return (InterfaceError, InternalClientError, PostgresError)


def _in_transaction(engine: Engine, work: Work[T], vault: Vault | None) -> T:
    session = _session(vault)
    with engine.begin() as tx:
        value = _within(session, work)(tx)
    _keep(session)
    return value


def _session(vault: Vault | None) -> Session | None:
    return vault.session() if vault is not None else None


def _within(session: Session | None, work: Work[T]) -> Work[T]:
    return partial(session.within, work) if session is not None else work


def _keep(session: Session | None) -> None:
    """Its transaction is committed."""
    if session is not None:
        session.committed()


def _is_outage(error: DBAPIError) -> bool:
    state = _state(error)
    return lost(error) or state[:2] in ("53", "57", "08") or state == "25006"


def lost(error: DBAPIError) -> bool:
    """Whether the server went away, which asyncpg finds out in the middle of one thing or another. A value that it does not
    take is its caller's fault."""
    if isinstance(getattr(error.orig, "__cause__", None), ValueError):
        return False
    return error.connection_invalidated or isinstance(error, OperationalError | InternalError | InterfaceError)


def _told(answer: Answer) -> Answer:
    """What stopped one caller's part is perhaps no fault of it: a disk that is full."""
    error = answer.error
    return Answer(error=_no_answer(error)) if isinstance(error, DBAPIError) and _is_outage(error) else answer


def _no_answer(error: DBAPIError) -> LedgerUnavailable:
    known = trouble(error)
    return LedgerUnavailable(f"the ledger does not answer ({known})") if known else unavailable(error)


def trouble(error: DBAPIError) -> str:
    """What is in the way, in words, where PostgreSQL says it; it never says a row."""
    return next((words for begin, words in _TROUBLE.items() if _state(error).startswith(begin)), "")


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", "") or "")


def address_of(url: str) -> URL:
    """The ledger's address with the driver that we use. Raises ConfigurationError for anything else."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        raise ConfigurationError(["MESHLINE_DATABASE_URL is not a database address"]) from None
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+asyncpg"}
    backend = parsed.get_backend_name()
    if backend not in drivers:
        raise ConfigurationError(["MESHLINE_DATABASE_URL must begin with sqlite:/// or postgresql+asyncpg://"])
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigurationError(["MESHLINE_DATABASE_URL names no file: a ledger in memory would be forgotten"])
    return parsed.set(drivername=drivers[backend])


def postgres_engine(url: URL) -> AsyncEngine:
    """An engine over asyncpg whose sessions live in UTC and let no statement hang. Raises ConfigurationError where the extra
    is not installed."""
    limits = {"timezone": "UTC", "statement_timeout": "30s", "lock_timeout": "15s",
              "idle_in_transaction_session_timeout": "10s"}  # fmt: skip
    connect = {"server_settings": limits, "timeout": 10}
    try:
        return create_async_engine(url, **_JSON, pool_size=10, max_overflow=10, connect_args=connect)
    except ModuleNotFoundError:
        raise ConfigurationError(["PostgreSQL needs the extra: install meshline[postgres]"]) from None


def sqlite_engine(url: URL, *, begin: str) -> Engine:
    """An engine whose transactions open with `begin`: a writer takes the lock at once, or it would find out too late."""
    pool: dict[str, Any] = {"poolclass": StaticPool} if begin == "BEGIN IMMEDIATE" else {"pool_size": _READERS}
    engine = create_engine(url, **_JSON, **pool, connect_args={"check_same_thread": False, "cached_statements": 1024})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions by itself
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def tell_news(tx: Connection) -> None:
    """Tell the other processes, once this is committed, that there is work or a stale card."""
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"NOTIFY {NEWS}"))


def one_at_a_time(tx: Connection, names: str) -> None:
    """Nobody else passes here with the same name until our commit. `names` is a JSON array of texts. SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(text(_LOCK), {"names": names})


def side_by_side(tx: Connection, names: str) -> None:
    """Whoever calls this with a name passes beside others who do, but not beside one who goes `one_at_a_time` with it."""
    if tx.dialect.name == "postgresql":
        tx.execute(text(_LOCK.replace("xact_lock(", "xact_lock_shared(")), {"names": names})
