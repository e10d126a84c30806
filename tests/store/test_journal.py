"""The journal cannot be changed, and if somebody with the file in hand changes it all the same, it shows where."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from store.ledger import Store
from tests.ledgers import POSTGRES
from tests.store.words import change as told
from tests.store.words import press, receive, rows, sql, stopped, unguard
from tests.world import MONDAY


async def written(store: Store) -> int:
    """Some history; how many lines it has."""
    [case] = await stopped(store)
    await press(store, "take", [case.id])
    await receive(store, told("2"), told("3"))
    lines, broken = await store.verify_journal()
    assert broken is None
    return lines


@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal SET actor = 'nobody'", "UPDATE journal SET seq = 99 WHERE seq = 1", "DELETE FROM journal",
     "DELETE FROM journal WHERE seq = 2"],
)  # fmt: skip
async def test_the_database_refuses_to_change_or_delete_a_line(store: Store, statement: str) -> None:
    lines = await written(store)
    with pytest.raises(DBAPIError, match="append-only"):
        await sql(store, statement)
    assert await store.verify_journal() == (lines, None)


async def test_an_empty_journal_is_whole(store: Store) -> None:
    assert await store.verify_journal() == (0, None)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE journal SET actor = 'nobody' WHERE seq = 2", 2),
        ("UPDATE journal SET data = '{}' WHERE seq = 1", 1),
        ("UPDATE journal SET at = '2026-01-01 00:00:00.000000' WHERE seq = 3", 3),
        ("UPDATE journal SET noun_id = '9' WHERE seq = 3", 3),
        ("UPDATE journal SET hash = 'f00' WHERE seq = 2", 2),
        ("UPDATE journal SET previous = 'f00' WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 1", 1),
        ("DELETE FROM journal WHERE seq = 2", 2),
        ("UPDATE journal SET seq = seq + 100 WHERE seq >= 3", 3),
    ],
)
async def test_a_line_that_was_changed_behind_its_back_is_found(store: Store, statement: str, broken: int) -> None:
    lines = await written(store)
    await unguard(store)
    await sql(store, statement)
    read, found = await store.verify_journal()
    assert found == broken
    assert read <= lines


async def test_a_line_that_is_said_to_follow_an_older_one_is_found(store: Store) -> None:
    lines = await written(store)
    copied = f"{lines + 1}, at, actor, verb, noun, noun_id, data, previous, hash FROM journal WHERE seq = 2"
    await sql(store, f"INSERT INTO journal (seq, at, actor, verb, noun, noun_id, data, previous, hash) SELECT {copied}")
    assert await store.verify_journal() == (lines + 1, lines + 1)
    with pytest.raises(IntegrityError, match="pk_journal" if POSTGRES else r"journal\.seq"):
        await sql(store, "INSERT INTO journal SELECT * FROM journal WHERE seq = 2")


async def test_the_journal_is_read_newest_first_by_noun_or_page_by_page(store: Store) -> None:
    lines = await written(store)
    newest = await store.entries(limit=2)
    assert [one.seq for one in newest] == [lines, lines - 1]
    assert [one.verb for one in await store.entries(noun="case", noun_id=1)] == ["take", "open"]
    first = await store.journal_page(0, limit=3)
    rest = await store.journal_page(first[-1].seq)
    assert [one.seq for one in (*first, *rest)] == list(range(1, lines + 1))
    assert first[1].previous == first[0].hash
    assert first[0].at == MONDAY


async def test_two_processes_that_write_at_once_make_one_chain(store: Store, other: Store) -> None:
    await asyncio.gather(*(receive(each, told(f"{n}-{i}")) for n, each in enumerate((store, other)) for i in range(25)))
    assert await store.verify_journal() == (50, None)
    assert len(await rows(store, "SELECT 1 FROM events")) == 50
