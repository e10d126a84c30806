"""The schema's versions. Forward only; configured in code, so there is no ini file to lose. What belongs to another program is
refused before anything of it is changed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection
from contextlib import closing
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, inspect
from sqlalchemy.exc import DBAPIError

from store.database import lost, one_at_a_time, postgres_engine, sqlite_engine, trouble
from store.tables import metadata
from sync.errors import ConfigurationError, LedgerUnavailable

APPLICATION_ID = 0x4D534C4E
"""What a SQLite file of ours says it is (`MSLN`). Ledgers made before this was written say nothing."""

_SCRIPTS = Path(__file__).parent / "migrations"
_VERSIONS = "alembic_version"
_NEWER = "the ledger's schema is newer than this program: install the newer Meshline"
_OLDER = "the ledger's schema is older than this program: run `meshline migrate`"


async def to_head(url: URL) -> None:
    """Bring the schema to the program's version. Raises ConfigurationError when the schema is newer than the program or the
    database is another program's, LedgerUnavailable when it cannot be opened."""
    try:
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(_sqlite_to_head, url)
        else:
            await _postgres_to_head(url)
    except OSError as error:
        raise LedgerUnavailable(f"the ledger cannot be opened: {error}") from error
    except DBAPIError as error:
        known = trouble(error)
        if not known and not lost(error):
            raise
        raise LedgerUnavailable(f"the ledger cannot be opened: {known or error.orig}") from error


def standing(tx: Connection) -> str:
    """What is wrong with the schema's version for this program, in words; nothing when it is the program's own."""
    current = MigrationContext.configure(tx).get_current_revision()
    if current == _revisions()[0]:
        return ""
    return _OLDER if current is None or current in _revisions() else _NEWER


@cache
def _revisions() -> tuple[str, ...]:
    """Every version that the program knows, its own first."""
    return tuple(one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config


async def _postgres_to_head(url: URL) -> None:
    engine = postgres_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _sqlite_to_head(url: URL) -> None:
    _look_at(url)
    engine = sqlite_engine(url, begin="BEGIN IMMEDIATE")
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    one_at_a_time(connection, '["schema"]')  # of processes that start together one brings the schema up
    _refuse_strangers(connection)
    wrong = standing(connection)
    if wrong == _NEWER:
        raise ConfigurationError([wrong])
    if connection.dialect.name == "sqlite" and _application_id(connection) != APPLICATION_ID:
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    if wrong:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_strangers(connection: Connection) -> None:
    tables = inspect(connection).get_table_names()
    if connection.dialect.name == "sqlite":
        _refuse(tables, _application_id(connection))
    elif set(tables) & set(metadata.tables):  # other programs' tables may stand beside ours, but not in their place
        _refuse(tables, APPLICATION_ID)


def _application_id(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA application_id").scalar_one())


def _look_at(url: URL) -> None:
    """Read what a SQLite file says it is. To open it for writing would change it."""
    file = Path(url.database or "")
    if not file.is_file() or not file.stat().st_size:
        return
    in_use = Path(f"{file}-wal").exists()
    modes = ("mode=ro",) if in_use else ("mode=ro&immutable=1", "mode=ro")  # immutable: no file appears beside it
    for mode in modes:
        try:
            with closing(sqlite3.connect(f"{file.resolve().as_uri()}?{mode}", uri=True)) as connection:
                names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                [known] = connection.execute("PRAGMA application_id").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname == "SQLITE_NOTADB":
                raise ConfigurationError(["MESHLINE_DATABASE_URL names a file that is no SQLite database"]) from None
        else:
            _refuse([name for (name,) in names], known)
            return


def _refuse(tables: Collection[str], application_id: int) -> None:
    """Raises ConfigurationError unless there is nothing yet, or a ledger."""
    ours = _VERSIONS in tables and "journal" in tables and "deliveries" in tables
    if application_id in (0, APPLICATION_ID) and (ours or not set(tables) - {_VERSIONS, "sqlite_sequence"}):
        return
    raise ConfigurationError(["MESHLINE_DATABASE_URL names the database of another program; nothing in it was changed"])
