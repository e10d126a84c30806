"""A ledger for every test, and a second process on the same one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.ledger import Store
from tests.ledgers import ledger_url


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    """The address of a ledger with the program's schema and nothing in it."""
    return ledger_url(tmp_path)


@pytest.fixture
async def store(ledger: str) -> AsyncIterator[Store]:
    """An open ledger."""
    opened = Store(ledger)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def other(ledger: str, store: Store) -> AsyncIterator[Store]:
    """A second process on the same ledger."""
    opened = Store(ledger)
    await opened.open()
    yield opened
    await opened.close()
