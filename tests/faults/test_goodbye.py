"""PostgreSQL goes away while its driver is in the middle of something: that is an outage, which passes, and never a bug."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import BigInteger, literal, select
from sqlalchemy.exc import DBAPIError

from store.database import Database
from sync.errors import LedgerUnavailable
from tests.postgres import Cluster

CONFUSED = [
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    asyncpg.InterfaceError("cannot call Transaction.start(): the underlying connection is closed"),
]


@pytest.fixture
async def database(postgres: Cluster) -> AsyncIterator[Database]:
    one = Database(postgres.url(), lambda tx, lines: None)
    await one.open()
    yield one
    await one.close()


def failing_once(monkeypatch: pytest.MonkeyPatch, verb: str, error: Exception) -> None:
    real, left = getattr(asyncpg.Connection, verb), [error]

    async def fails(self: Any, *args: Any, **options: Any) -> Any:
        if left:
            raise left.pop()
        return await real(self, *args, **options)

    monkeypatch.setattr(asyncpg.Connection, verb, fails)


@pytest.mark.parametrize("error", CONFUSED, ids=lambda error: type(error).__name__)
async def test_a_driver_that_lost_its_way_is_an_outage_that_passes(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    one = select(literal(1))
    failing_once(monkeypatch, "prepare", error)
    with pytest.raises(LedgerUnavailable):
        await database.read(lambda tx: tx.execute(one).scalar_one())
    assert await database.read(lambda tx: tx.execute(one).scalar_one()) == 1


@pytest.mark.parametrize("error", CONFUSED, ids=lambda error: type(error).__name__)
async def test_whoever_listens_tries_again_where_the_driver_lost_its_way(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("store.database._AGAIN_SECONDS", 0.001)
    failing_once(monkeypatch, "add_listener", error)
    heard, stop = asyncio.Event(), asyncio.Event()
    listening = asyncio.create_task(database.listen(heard.set, stop))
    async with asyncio.timeout(30):
        await heard.wait()
    stop.set()
    await listening


async def test_a_value_that_the_driver_does_not_take_is_no_outage(database: Database) -> None:
    with pytest.raises(DBAPIError, match="int64"):
        await database.read(lambda tx: tx.execute(select(literal(2**70, BigInteger))).scalar_one())
