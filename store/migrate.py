"""The schema's versions. Forward only; configured in code, so there is no ini file to lose."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection
from sqlalchemy.exc import OperationalError

from store.database import postgres_engine, sqlite_engine
from sync.errors import ConfigurationError, LedgerUnavailable

_SCRIPTS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config


async def to_head(url: URL) -> None:
    """Bring the schema to the program's version. Raises ConfigurationError when the schema is newer than the program,
    LedgerUnavailable when the database cannot be opened."""
    try:
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(_sqlite_to_head, url)
        else:
            await _postgres_to_head(url)
    except (OperationalError, OSError) as error:
        cause = error.orig if isinstance(error, OperationalError) else error
        raise LedgerUnavailable(f"the ledger cannot be opened: {cause}") from error


async def _postgres_to_head(url: URL) -> None:
    engine = postgres_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _sqlite_to_head(url: URL) -> None:
    engine = sqlite_engine(url, begin="BEGIN IMMEDIATE")
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    scripts = ScriptDirectory.from_config(_config())
    current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return
    if current is not None and current not in {one.revision for one in scripts.walk_revisions()}:
        raise ConfigurationError(["the ledger's schema is newer than this program: install the newer Meshline"])
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
