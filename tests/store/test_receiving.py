"""What arrives is remembered once, and the poll cursor moves with its page or not at all."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from store.ledger import Store
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
