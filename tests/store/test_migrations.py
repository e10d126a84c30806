"""The schema on disk is the schema of the program, or the program does not start."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, text
from sqlalchemy.exc import DBAPIError

from store.ledger import Store
from store.tables import metadata
from sync.errors import ConfigurationError
from tests.ledgers import POSTGRES
from tests.store.words import receive, rows, sql


async def test_a_fresh_ledger_is_exactly_what_the_program_expects(store: Store) -> None:
    def differences(tx: Connection) -> object:
        return compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata)

    assert await store.db.read(differences) == []


async def test_a_ledger_that_was_not_there_is_made(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/new.db")
    await store.open()
    assert set((await store.counts()).values()) == {0}
    await store.close()


async def test_the_constraints_on_disk_are_those_of_the_program(store: Store) -> None:
    """PostgreSQL keeps a condition in words of its own, so there the names have to do; what they refuse is tried elsewhere."""
    checks = "SELECT conname AS sql FROM pg_constraint WHERE contype = 'c'"
    tables = "SELECT sql FROM sqlite_master WHERE type = 'table'"
    on_disk = "\n".join(row.sql for row in await rows(store, checks if POSTGRES else tables))
    for table in metadata.tables.values():
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint):
                assert str(constraint.name) in on_disk
                assert POSTGRES or str(constraint.sqltext) in on_disk


async def test_opening_twice_changes_nothing(ledger: str) -> None:
    for _ in range(2):
        store = Store(ledger)
        await store.open()
        await receive(store)
        assert (await store.counts())["events"] == 1
        await store.close()


async def test_a_schema_newer_than_the_program_is_refused(ledger: str) -> None:
    store = Store(ledger)
    await store.open()
    await sql(store, "UPDATE alembic_version SET version_num = '9999'")
    await store.close()
    with pytest.raises(ConfigurationError, match="newer than this program"):
        await Store(ledger).open()


async def test_a_migrated_journal_is_append_only(store: Store) -> None:
    await receive(store)
    with pytest.raises(DBAPIError, match="append-only"):
        await store.db.write(lambda tx: tx.execute(text("DELETE FROM journal")))
