"""A ledger on disk for every test, migrated once and copied."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.database import Database
from store.ledger import Store
from store.migrate import to_head


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger file with the program's schema and nothing in it."""
    path = tmp_path_factory.mktemp("ledger") / "fresh.db"
    asyncio.run(to_head(Database(f"sqlite:///{path}").url))
    return path


@pytest.fixture
def ledger_file(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "ledger.db"))


@pytest.fixture
async def store(ledger_file: Path) -> AsyncIterator[Store]:
    """An open ledger."""
    opened = Store(f"sqlite:///{ledger_file}")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def other(ledger_file: Path, store: Store) -> AsyncIterator[Store]:
    """A second process on the same file."""
    opened = Store(f"sqlite:///{ledger_file}")
    await opened.open()
    yield opened
    await opened.close()
