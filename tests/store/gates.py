"""Commits that wait until a test lets them go, so that the test and not chance says who is first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection
from sqlalchemy.util import await_only

from store import journal
from store.database import Database
from store.ledger import Store
from tests.ledgers import POSTGRES
from tests.store.words import rows

T = TypeVar("T")

on_postgres = pytest.mark.skipif(not POSTGRES, reason="SQLite has one writer: nobody comes between")

_PATIENCE = 20.0
_WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Gate:
    """Stands before every commit of a ledger until it is opened: before the journal's lines, or behind them."""

    def __init__(self, *, behind_the_journal: bool = False) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        self._loop, self._behind = asyncio.get_running_loop(), behind_the_journal

    def finish(self, tx: Connection, lines: Sequence[Any]) -> None:
        """End a transaction as the ledger does."""
        if self._behind:
            journal.finish(tx, lines)
        if tx.dialect.name == "postgresql":
            self.reached.set()
            await_only(self.opened.wait())
        else:  # on the writer's own thread
            self._loop.call_soon_threadsafe(self.reached.set)
            asyncio.run_coroutine_threadsafe(self.opened.wait(), self._loop).result(_PATIENCE)
        if not self._behind:
            journal.finish(tx, lines)


@asynccontextmanager
async def before_its_commit(
    ledger: str, verb: Callable[[Store], Coroutine[Any, Any, T]], *, behind_the_journal: bool = False
) -> AsyncIterator[asyncio.Task[T]]:
    """Another process carries out the verb and stands before its commit until the block ends, which waits for its end."""
    gate, store = Gate(behind_the_journal=behind_the_journal), Store(ledger)
    store.db = Database(ledger, gate.finish)
    await store.db.open()
    task, there = asyncio.create_task(verb(store)), asyncio.create_task(gate.reached.wait())
    try:
        await asyncio.wait((task, there), timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        assert there.done() and not task.done(), "it did not come to its commit"
        yield task
    finally:
        gate.opened.set()
        there.cancel()
        await asyncio.wait((task,), timeout=_PATIENCE)
        await store.close()


async def at_rest(store: Store, *tasks: asyncio.Task[Any]) -> None:
    """Until each of them is done or waits for a lock that somebody else holds. PostgreSQL."""
    async with asyncio.timeout(_PATIENCE):
        while (left := sum(not one.done() for one in tasks)) and len(await rows(store, _WAITING)) < left:  # noqa: ASYNC110 - a lock has no event
            await asyncio.sleep(0.01)
