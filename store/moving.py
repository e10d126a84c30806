"""Moving up. A SQLite ledger is copied into an empty PostgreSQL database in one transaction: either everything stands there,
counted, numbered on and with the journal's chain followed line by line, or nothing does. The source is only read."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Table, TypeDecorator, event, false, func, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database import address_of, postgres_engine, sqlite_engine, trouble
from store.journal import verify
from store.migrate import to_head
from store.tables import journal, metadata
from sync.errors import ConfigurationError, IllegalMove, LedgerUnavailable, NotFound

_PAGE = 500
_ANY = 2**31
_SOON_MS = 2_000
_LOCKED = "55P03"
_CALM = ("statement_timeout = 0", "idle_in_transaction_session_timeout = 0", "lock_timeout = '5s'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many rows of a table have been copied, and how many there are."""

    table: str
    rows: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What stands in the new ledger: its rows by table, the journal's lines and the hash of the last one. `before` says that
    an earlier move had put it there. `address` is the new ledger's, without its password."""

    address: str
    rows: Mapping[str, int]
    lines: int
    head: str
    before: bool


Tell = Callable[[Progress], None]


async def move(source: str, target: str, tell: Tell) -> Moved:
    """Copy the ledger at `source` (SQLite) into the empty database at `target` (PostgreSQL), calling `tell` after every page.
    Done a second time, it only looks whether both still say the same. Nothing stands there after an error.

    Raises ConfigurationError for addresses that are none or of the wrong kind, NotFound when there is no ledger at `source`,
    LedgerUnavailable when one side does not answer or is in use, IllegalMove when the target is not empty, when a row does
    not fit or when the journal's chain is broken."""
    old, new = _addresses(source, target)
    with _understood():
        await asyncio.to_thread(_leave_alone, old)
        await to_head(old)
        await _make_room(new)
        with _ours(old) as there:
            async with _transaction(new) as here:
                return await here.run_sync(lambda tx: _move(there, tx, new, tell))


def _addresses(source: str, target: str) -> tuple[URL, URL]:
    old, mistakes = address_of(source), list[str]()
    if old.get_backend_name() != "sqlite":
        mistakes.append(
            "MESHLINE_DATABASE_URL is on PostgreSQL already; between two servers, use pg_dump and pg_restore"
        )
    try:
        new = address_of(target)
    except ConfigurationError:
        raise ConfigurationError(
            [*mistakes, "the new address is not a database address: postgresql+asyncpg://…"]
        ) from None
    if new.get_backend_name() != "postgresql":
        mistakes.append(
            "the new address must begin with postgresql+asyncpg://; a SQLite ledger is moved by copying its file"
        )
    if mistakes:
        raise ConfigurationError(mistakes)
    if not Path(old.database or "").is_file():
        raise NotFound(f"there is no ledger to move at {old.database}")
    return old, new


def _leave_alone(old: URL) -> None:
    """Raises LedgerUnavailable when somebody has the ledger open."""
    with _ours(old):
        pass


@contextmanager
def _ours(old: URL) -> Iterator[Connection]:
    """One snapshot of the source. Until the block ends nobody else opens it, and no service that has it open goes unnoticed."""
    engine = sqlite_engine(old, begin="BEGIN IMMEDIATE")
    event.listen(engine, "connect", _take_file, insert=True)
    try:
        with engine.begin() as tx:
            yield tx
    finally:
        engine.dispose()


def _take_file(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_SOON_MS}")
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute(
        "SELECT count(*) FROM sqlite_master"
    ).fetchone()  # takes the lock, or finds that somebody is there


async def _make_room(new: URL) -> None:
    """The schema, in a database that holds nothing else."""
    async with _transaction(new) as here:
        names = await here.run_sync(lambda tx: inspect(tx).get_table_names())
    if names and "alembic_version" not in names:
        raise IllegalMove(f"the new database is not empty: it holds {names[0]} of another program; nothing was moved")
    await to_head(new)


@asynccontextmanager
async def _transaction(new: URL) -> AsyncIterator[AsyncConnection]:
    engine = postgres_engine(new)
    try:
        async with engine.begin() as here:
            yield here
    finally:
        await engine.dispose()


@contextmanager
def _understood() -> Iterator[None]:
    """What a database says about itself becomes words; what it says about a row stays unsaid."""
    try:
        yield
    except DBAPIError as error:
        raise LedgerUnavailable(f"{_words(error)}; nothing was moved") from None
    except OSError:
        raise LedgerUnavailable("the new database does not answer; nothing was moved") from None


def _words(error: DBAPIError) -> str:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        busy = cause.sqlite_errorname.startswith("SQLITE_BUSY")
        return (
            "the ledger is in use: stop the service"
            if busy
            else f"the ledger cannot be read ({cause.sqlite_errorname})"
        )
    locked = "somebody is using it" if getattr(cause, "sqlstate", "") == _LOCKED else ""
    return f"the new database does not take it: {trouble(error) or locked or type(cause).__name__}"


def _move(there: Connection, here: Connection, new: URL, tell: Tell) -> Moved:
    _keep_out(here)
    wanted, found = _counts(there), _counts(here)
    before = any(found.values())
    if before and found != wanted:
        full = ", ".join(f"{many} {name}" for name, many in found.items() if many)
        raise IllegalMove(f"the new database is not empty: it holds {full}; create a fresh one. Nothing was moved")
    if not before:
        for table in metadata.sorted_tables:
            _copy(there, here, table, wanted[table.name], tell)
        _number_on(here)
    here.execute(text(f"ANALYZE {', '.join(wanted)}"))
    lines, head = _proved(there, here, wanted)
    address = new.set(query={}).render_as_string(hide_password=True)
    return Moved(address=address, rows=wanted, lines=lines, head=head, before=before)


def _keep_out(here: Connection) -> None:
    """Nobody writes there before our commit, and no clock ends a copy that takes its time."""
    for setting in _CALM:
        here.execute(text(f"SET LOCAL {setting}"))
    here.execute(text(f"LOCK TABLE {', '.join(metadata.tables)} IN EXCLUSIVE MODE"))


def _counts(tx: Connection) -> dict[str, int]:
    return {
        str(table.name): tx.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def _copy(there: Connection, here: Connection, table: Table, total: int, tell: Tell) -> None:
    query, done = select(table).order_by(*table.primary_key.columns), 0
    with there.execute(query, execution_options={"yield_per": _PAGE}) as found:
        for page in found.mappings().partitions():
            _put(here, table, [dict(row) for row in page])
            done += len(page)
            tell(Progress(table=table.name, rows=done, total=total))


def _put(here: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    misfit = _misfit(table, rows)
    if misfit is not None:
        raise IllegalMove(f"{misfit}, which PostgreSQL does not keep; nothing was moved")
    here.execute(table.insert(), rows)


def _misfit(table: Table, rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Which row is too much for PostgreSQL, by name: SQLite minds neither lengths nor NUL characters. It is looked for before
    it is sent, because what another system calls something would be shortened on the way."""
    for column in table.columns:
        kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
        most = getattr(kind, "length", None) or _ANY
        for row in rows:
            value = row[column.name]
            if isinstance(value, str) and (len(value) > most or "\0" in value):
                where = f"{table.name} {'/'.join(str(row[one.name]) for one in table.primary_key.columns)}"
                why = "holds a NUL character" if "\0" in value else f"is longer than {most} characters"
                return f"{column.name} of {where!r} {why}"
    return None


def _number_on(here: Connection) -> None:
    """The next row of each table gets the number after its last one."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            here.execute(select(func.setval(sequence, func.max(column))))


def _proved(there: Connection, here: Connection, wanted: Mapping[str, int]) -> tuple[int, str]:
    """(lines, hash of the last one) of the new journal. Raises IllegalMove when the two ledgers do not say the same."""
    found, head = _counts(here), _head(here)
    wrong = [f"{name} has {found[name]} rows instead of {many}" for name, many in wanted.items() if found[name] != many]
    if not _guarded(here):
        wrong.append("the journal can be changed there")
    lines, broken = verify(here)
    if broken is not None:
        wrong.append(
            f"line {broken} of the journal does not follow from the line before; see whether `audit verify` says so too"
        )
    elif (lines, head) != (wanted[journal.name], _head(there)):
        wrong.append("the journals do not end with the same line")
    if wrong:
        raise IllegalMove(f"{'; '.join(wrong)}; nothing was moved")
    return lines, head


def _head(tx: Connection) -> str:
    last: str | None = tx.execute(select(journal.c.hash).order_by(journal.c.seq.desc()).limit(1)).scalar_one_or_none()
    return last or ""


def _guarded(here: Connection) -> bool:
    """Whether the database refuses to delete from the journal; it says so even when there is nothing to delete."""
    savepoint = here.begin_nested()
    try:
        here.execute(journal.delete().where(false()))
    except DBAPIError:
        return True
    finally:
        savepoint.rollback()
    return False
