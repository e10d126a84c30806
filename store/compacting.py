"""Writing the database's files anew, so that what was deleted or overwritten is in none of their bytes."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from sqlalchemy import URL, text

from store.database import BUSY_MS, Database, postgres_engine
from store.tables import metadata
from sync.errors import LedgerUnavailable


async def compact(db: Database) -> None:
    """SQLite: VACUUM and an empty log. PostgreSQL: VACUUM (FULL) of every table, each for itself; what its own log of changes
    and its backups still hold goes when they do. Raises LedgerUnavailable when others do not let it."""
    if db.url.get_backend_name() == "sqlite":
        try:
            await asyncio.to_thread(_sqlite, db.url)
        except sqlite3.OperationalError as error:
            raise LedgerUnavailable(f"the ledger's file cannot be written anew now ({error})") from error
        return
    engine = postgres_engine(db.url).execution_options(isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET statement_timeout = 0"))
            for table in metadata.sorted_tables:
                await connection.execute(text(f'VACUUM (FULL) "{table.name}"'))
    finally:
        await engine.dispose()


def _sqlite(url: URL) -> None:
    with closing(sqlite3.connect(str(url.database), isolation_level=None)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy and busy[0]:
            raise sqlite3.OperationalError("somebody reads it")
