"""What arrives is remembered once, and the poll cursor moves with its page or not at all."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from store import database
from store.ledger import Store
from sync.model import Received
from tests.ledgers import on_sqlite
from tests.store.gates import before_its_commit, on_postgres
from tests.store.words import FLOWS, MINUTE, change, claim, receive, rows
from tests.world import MONDAY


async def test_a_change_that_is_told_twice_is_remembered_once(store: Store) -> None:
    inside = await receive(store, change(), change(), change("2"))
    assert (inside.received, inside.duplicates) == (2, 1)
    across = await receive(store, change("2"), change("3"), now=MONDAY + MINUTE)
    assert (across.received, across.duplicates) == (1, 1)
    assert (await store.counts())["events"] == 3
    assert (await store.counts())["deliveries"] == 3


async def test_the_same_key_of_another_connection_is_another_change(store: Store) -> None:
    await store.receive("crm", [change(key="k")], FLOWS, now=MONDAY)
    got = await store.receive("shop", [change(key="k")], FLOWS, now=MONDAY)
    assert got.received == 1


async def test_one_change_told_by_ten_senders_at_once_makes_one_delivery(store: Store, other: Store) -> None:
    got = await asyncio.gather(*(receive(each) for each in (store, other) for _ in range(5)))
    assert sum(one.received for one in got) == 1
    assert sum(one.duplicates for one in got) == 9
    assert (await store.counts())["deliveries"] == 1


async def test_every_flow_of_the_entity_gets_a_delivery_and_others_none(store: Store) -> None:
    flows = {"deals": ["bill", "mirror"], "companies": ["names"]}
    await receive(store, change(), change("9", entity="tickets"), flows=flows)
    claimed = await claim(store)
    assert sorted(one.flow for one in claimed) == ["bill", "mirror"]
    [(_, first), (_, second)] = await store.recent_events()
    assert {first, second} == {"no flow", "running, running"}


async def test_the_cursor_moves_with_its_page(store: Store) -> None:
    assert await store.cursor("crm", "deals") is None
    await receive(store, change(), cursor=("deals", {"after": "1"}))
    assert await store.cursor("crm", "deals") == {"after": "1"}
    await receive(store, change("2"), cursor=("deals", {"after": "2"}))
    assert await store.cursor("crm", "deals") == {"after": "2"}
    assert await store.cursor("crm", "companies") is None


async def test_a_page_that_cannot_be_remembered_leaves_the_cursor_where_it_was(store: Store) -> None:
    await receive(store, change(), cursor=("deals", {"after": "1"}))
    naive = change("2", key="naive", at=MONDAY.replace(tzinfo=None))
    with pytest.raises(Exception, match="without a zone"):
        await receive(store, change("3"), naive, cursor=("deals", {"after": "3"}))
    assert await store.cursor("crm", "deals") == {"after": "1"}
    assert (await store.counts())["events"] == 1


async def test_a_change_keeps_what_it_said(store: Store) -> None:
    payload = {"amount": "12.50", "name": "شركة الأفق – Ærø"}
    await receive(store, change(payload=payload), now=MONDAY + timedelta(seconds=5))
    [delivery] = await claim(store, now=MONDAY + MINUTE)
    assert delivery.event.payload == payload
    assert delivery.event.occurred_at == MONDAY
    assert delivery.event.received_at == MONDAY + timedelta(seconds=5)
    assert delivery.subject == "deals:1"
    [entry] = await store.entries(noun="event")
    assert entry.data["trace"] == delivery.event.trace
    assert await rows(store, "SELECT 1 FROM events") == [(1,)]


async def test_ten_thousand_identical_changes_are_one_event(store: Store, other: Store) -> None:
    """In requests of a thousand, in one after the other and in many at once, in one process and in two."""
    same = [change()] * 1_000
    got = [await receive(store, *same)]
    got += await asyncio.gather(*(receive(each, *same) for each in (store, other, store) * 3))
    assert sum(one.received for one in got) == 1
    assert sum(one.duplicates for one in got) == 9_999
    assert ((await store.counts())["events"], (await store.counts())["deliveries"]) == (1, 1)
    assert len(await store.entries(noun="event")) == 1


async def batches(store: Store) -> int:
    """In how many commits the events were written: each has a token, which begins the traces of its events."""
    return len({row.trace[:16] for row in await rows(store, "SELECT trace FROM events")})


async def test_senders_that_wait_for_one_commit_each_hear_what_was_new_of_their_own(store: Store) -> None:
    told = [("1",), ("2", "3", "1"), ("3",), ("4", "4", "5")]
    got = await asyncio.gather(*(receive(store, *map(change, records)) for records in told))
    assert [(one.received, one.duplicates) for one in got] == [(1, 0), (2, 1), (0, 1), (2, 1)]
    assert await batches(store) == 1
    assert len(await claim(store)) == 5


async def test_what_cannot_be_remembered_spoils_no_other_senders_answer(store: Store) -> None:
    naive = change("2", key="naive", at=MONDAY.replace(tzinfo=None))
    told = [(change("1"),), (change("3"), naive), (change("4"), change("1")), (change("5"),)]
    asked = (receive(store, *changes, cursor=("deals", {"after": place})) for place, changes in enumerate(told))
    one, refused, three, four = await asyncio.gather(*asked, return_exceptions=True)
    assert (one, three, four) == (
        Received(received=1, duplicates=0), Received(received=1, duplicates=1), Received(received=1, duplicates=0),
    )  # fmt: skip
    assert isinstance(refused, Exception)
    assert [row.record_id for row in await rows(store, "SELECT record_id FROM events ORDER BY id")] == ["1", "4", "5"]
    assert await store.cursor("crm", "deals") == {"after": 3}
    assert len(await store.entries(noun="event")) == 3
    assert (await store.verify_journal())[1] is None


async def test_no_sender_hears_anything_before_the_commit_that_holds_its_change(ledger: str, other: Store) -> None:
    async def both(store: Store) -> list[Received]:
        return await asyncio.gather(receive(store, change("1")), receive(store, change("2")))

    async with before_its_commit(ledger, both) as telling:
        assert await rows(other, "SELECT 1 FROM events") == []
        assert not telling.done()
    assert [one.received for one in await telling] == [1, 1]
    assert len(await rows(other, "SELECT 1 FROM events")) == 2


@on_sqlite
async def test_a_commit_that_fails_tells_no_sender_that_its_change_is_safe(store: Store) -> None:
    def spoil(tx: Connection) -> None:
        tx.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # what breaks a reference is refused by the commit
        tx.exec_driver_sql("UPDATE deliveries SET event_id = event_id + 90")

    told = await asyncio.gather(
        receive(store, change("1")), store.db.write(spoil), receive(store, change("2")), return_exceptions=True
    )
    assert [type(one).__name__ for one in told] == ["IntegrityError"] * 3
    assert (await store.counts())["events"] == 0
    assert (await receive(store, change("1"))).received == 1


@on_postgres
async def test_a_change_wakes_the_other_process_and_one_that_is_known_already_does_not(
    store: Store, other: Store
) -> None:
    news, stop = asyncio.Queue[str](), asyncio.Event()
    listening = asyncio.create_task(other.db.listen(lambda: news.put_nowait("news"), stop))
    async with asyncio.timeout(20):
        await news.get()  # it listens
        await receive(store, change("1"))
        await news.get()
        await receive(store, change("1"))
        await receive(store, change("2"))
        await news.get()
        stop.set()
        await listening
    assert news.empty()


@on_postgres
async def test_a_process_whose_connection_was_cut_listens_again(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_AGAIN_SECONDS", 0.01)
    news, stop = asyncio.Queue[str](), asyncio.Event()
    listening = asyncio.create_task(other.db.listen(lambda: news.put_nowait("news"), stop))
    async with asyncio.timeout(20):
        await news.get()
        await rows(store, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        await news.get()  # what was said while nobody listened
        await receive(store)
        await news.get()
        stop.set()
        await listening
