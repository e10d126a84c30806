"""Moving up to PostgreSQL: everything stands there, row for row and line for line, or nothing does; the source stays as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy.exc import DBAPIError

from store.ledger import Store
from store.moving import Progress, move
from sync.errors import LedgerUnavailable
from tests.postgres import Cluster
from tests.store.moves import ANSWER, Contents, before, is_empty, lived, looked_at, new, old, quiet
from tests.store.words import HOUR, ROUTE, change, claim, hold, receive, sql
from tests.world import MONDAY

__all__ = ["before", "lived", "new", "old"]


async def test_a_moved_ledger_says_the_same_row_for_row(before: Contents, old: str, new: str) -> None:
    moved = await move(old, new, quiet)
    assert await looked_at(new) == before
    assert moved.rows == {name: len(found) for name, found in before.items()}
    assert sum(bool(found) for found in before.values()) > 12
    assert await looked_at(old) == before


async def test_the_journal_of_a_moved_ledger_is_the_same_chain_and_stays_append_only(
    before: Contents, old: str, new: str
) -> None:
    moved = await move(old, new, quiet)
    store = Store(new)
    await store.open()
    try:
        assert await store.verify_journal() == (moved.lines, None) == (len(before["journal"]), None)
        [last] = await store.entries(limit=1)
        assert (last.seq, last.hash) == (moved.lines, moved.head)
        for statement in ("UPDATE journal SET actor = 'nobody'", "DELETE FROM journal WHERE seq = 1"):
            with pytest.raises(DBAPIError, match="append-only"):
                await sql(store, statement)
    finally:
        await store.close()


async def test_a_moved_ledger_goes_on_where_the_old_one_stopped(before: Contents, old: str, new: str) -> None:
    moved = await move(old, new, quiet)
    store = Store(new)
    await store.open()
    try:
        again = await receive(store, change("4", at=MONDAY), change("6"))
        assert (again.received, again.duplicates) == (1, 1)
        claimed = await claim(store, now=MONDAY + HOUR)
        assert {one.subject: one.overlays for one in claimed} == {
            "deals:2": (ANSWER,), "deals:4": (), "deals:5": (), "deals:6": (),
        }  # fmt: skip
        for one in claimed:
            await store.settle(one, hold(cause=one.subject), now=MONDAY + HOUR, route=ROUTE)
        assert (await store.verify_journal())[1] is None
        assert (await store.verify_journal())[0] > moved.lines
    finally:
        await store.close()


async def test_moving_a_second_time_only_looks(before: Contents, old: str, new: str) -> None:
    told: list[Progress] = []
    first = await move(old, new, quiet)
    second = await move(old, new, told.append)
    assert (first.before, second.before, told) == (False, True, [])
    assert second.rows == first.rows and second.head == first.head
    assert await looked_at(new) == before


async def test_rows_are_carried_page_by_page_and_told(before: Contents, old: str, new: str) -> None:
    told: list[Progress] = []
    await move(old, new, told.append)
    assert [one.rows for one in told if one.table == "ticks"] == [500, 1000, 1200]
    assert {one.total for one in told if one.table == "ticks"} == {1200}
    assert [one.table for one in told if one.table in ("deliveries", "events")] == ["events", "deliveries"]


async def test_nobody_opens_the_old_ledger_or_writes_into_the_new_one_meanwhile(
    before: Contents, old: str, new: str, postgres: Cluster
) -> None:
    file, name, told = old.removeprefix("sqlite:///"), new.rsplit("/", 1)[1], list[Progress]()
    postgres.sql(f"ALTER DATABASE {name} SET lock_timeout = '50ms'")

    def look(progress: Progress) -> None:
        told.append(progress)
        with (
            pytest.raises(sqlite3.OperationalError, match="locked"),
            closing(sqlite3.connect(file, timeout=0)) as other,
        ):
            other.execute("SELECT 1 FROM events")
        with pytest.raises(Exception, match="lock timeout"):
            postgres.sql("DELETE FROM presses", name)

    await move(old, new, look)
    assert told


@pytest.mark.parametrize("table", ["events", "ticks", "journal"])
async def test_a_move_that_breaks_off_leaves_nothing_and_can_be_done_again(
    before: Contents, old: str, new: str, table: str
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.table == table:
            raise RuntimeError("the plug is pulled")

    with pytest.raises(RuntimeError, match="plug"):
        await move(old, new, interrupt)
    assert is_empty(await looked_at(new))
    assert not (await move(old, new, quiet)).before
    assert await looked_at(new) == before


async def test_a_server_that_dies_in_the_middle_leaves_nothing_and_the_move_is_done_again(
    before: Contents, old: str, new: str, postgres: Cluster
) -> None:
    def die(progress: Progress) -> None:
        if progress.table == "ticks" and progress.rows == 500:
            postgres.restart("immediate")

    with pytest.raises(LedgerUnavailable, match="nothing was moved"):
        await move(old, new, die)
    assert is_empty(await looked_at(new))
    await move(old, new, quiet)
    assert await looked_at(new) == before


async def test_the_address_to_set_comes_without_its_password(before: Contents, old: str, new: str) -> None:
    moved = await move(old, new.replace("postgres@", "postgres:hunter2@") + "?passfile=hunter2", quiet)
    assert moved.address == new.replace("postgres@", "postgres:***@")
