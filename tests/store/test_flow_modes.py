"""The load of a flow is looked at once, its mode is switched once, and what became of a batch is not forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from words import FLOW, HOUR, begin, change, claim, in_hand, receive, spec

from store.ledger import Store
from sync.model import Load, Mode
from sync.steps import Retry
from tests.world import MONDAY

EVERY = timedelta(seconds=10)
THEN, LATER = MONDAY + EVERY, MONDAY + 2 * EVERY


async def journal(store: Store, noun: str, verb: str) -> list[dict[str, Any]]:
    return [entry.data for entry in reversed(await store.entries(noun=noun)) if entry.verb == verb]


async def test_the_first_look_at_a_flow_only_begins_to_count(store: Store) -> None:
    await receive(store, *(change(str(each)) for each in range(5)))
    assert await store.look([FLOW], every=EVERY, now=MONDAY) == []
    assert await store.modes() == [Mode(flow=FLOW, mode="event", since=MONDAY, why="")]


async def test_what_came_since_the_last_look_is_counted_once(store: Store) -> None:
    await receive(store, change("before"))
    await store.look([FLOW], every=EVERY, now=MONDAY)
    await receive(store, *(change(str(each)) for each in range(7)), now=THEN)
    await receive(store, change("elsewhere"), flows={"deals": ["mirror"]}, now=THEN)
    assert await store.look([FLOW], every=EVERY, now=THEN) == [Load(flow=FLOW, arrived=7, seconds=10.0, oldest=MONDAY)]
    assert [one.arrived for one in await store.look([FLOW], every=EVERY, now=LATER)] == [0]


async def test_nobody_looks_before_it_is_time(store: Store) -> None:
    await store.look([FLOW], every=EVERY, now=MONDAY)
    assert await store.look([FLOW], every=EVERY, now=THEN - timedelta(seconds=1)) == []
    assert len(await store.look([FLOW], every=EVERY, now=THEN)) == 1


async def test_of_two_engines_that_look_at_once_one_hears_of_the_load(store: Store, other: Store) -> None:
    await store.look([FLOW], every=EVERY, now=MONDAY)
    heard = await asyncio.gather(*(one.look([FLOW], every=EVERY, now=THEN) for one in (store, other) * 4))
    assert sum(map(len, heard)) == 1


async def test_a_clock_that_was_set_back_begins_to_count_anew(store: Store) -> None:
    await store.look([FLOW], every=EVERY, now=MONDAY + HOUR)
    await receive(store, change("1"))
    assert await store.look([FLOW], every=EVERY, now=MONDAY) == []
    assert [one.arrived for one in await store.look([FLOW], every=EVERY, now=THEN)] == [0]


async def test_the_oldest_is_of_those_that_may_go_now(store: Store) -> None:
    await store.look([FLOW], every=EVERY, now=MONDAY)
    delivery = await in_hand(store, "running")
    await receive(store, change("running", at=MONDAY + EVERY), change("free", at=THEN), now=THEN)
    [load] = await store.look([FLOW], every=EVERY, now=THEN)
    assert load.oldest == THEN
    await claim(store, now=THEN)
    [load] = await store.look([FLOW], every=EVERY, now=LATER)
    assert load.oldest is None
    await store.settle(delivery, Retry(due_at=LATER + HOUR, detail="503"), now=LATER)
    [load] = await store.look([FLOW], every=EVERY, now=LATER + EVERY)
    assert load.oldest is None


async def test_a_mode_is_switched_once_and_the_journal_says_why(store: Store, other: Store) -> None:
    await store.look([FLOW], every=EVERY, now=MONDAY)
    switched = await asyncio.gather(
        *(one.switch(FLOW, "batch", why="83/s arrive", now=THEN) for one in (store, other) * 4)
    )
    assert sum(switched) == 1
    assert await store.modes() == [Mode(flow=FLOW, mode="batch", since=THEN, why="83/s arrive")]
    assert await journal(store, "flow", "switch") == [{"mode": "batch", "why": "83/s arrive"}]
    assert await store.switch(FLOW, "event", why="3/s arrive", now=LATER)
    assert [one["mode"] for one in await journal(store, "flow", "switch")] == ["batch", "event"]


async def test_a_flow_that_nobody_looked_at_can_be_switched_and_is_in_event_mode_before(store: Store) -> None:
    assert not await store.switch(FLOW, "event", why="the flow says never", now=MONDAY)
    assert await store.switch("mirror", "batch", why="the flow says always", now=MONDAY)
    assert [(one.flow, one.mode) for one in await store.modes()] == [(FLOW, "event"), ("mirror", "batch")]


async def test_switching_does_not_disturb_the_counting(store: Store) -> None:
    await store.look([FLOW], every=EVERY, now=MONDAY)
    await receive(store, change("1"))
    await store.switch(FLOW, "batch", why="many", now=THEN)
    assert [one.arrived for one in await store.look([FLOW], every=EVERY, now=THEN)] == [1]


async def test_the_counts_of_a_batch_stand_in_the_journal(store: Store) -> None:
    assert await store.note_batch("erp", "invoice", sent=100, refused=1, missing=[], now=MONDAY) == frozenset()
    counts = {"entity": "invoice", "sent": 100, "acknowledged": 99, "refused": 1, "missing": 0}
    assert await journal(store, "connection", "batch") == [counts]


async def test_a_record_that_is_left_out_twice_is_known_again_also_by_another_process(
    store: Store, other: Store
) -> None:
    delivery = await in_hand(store)
    await begin(store, delivery)
    missing = ["crm-deal-1", "nobody-knows-it"]
    assert await store.note_batch("erp", "invoice", sent=5, refused=0, missing=missing, now=MONDAY) == frozenset()
    again = await other.note_batch("erp", "invoice", sent=2, refused=0, missing=missing, now=THEN)
    assert again == {"crm-deal-1"}
    told = {"to": "erp/invoice", "key": "crm-deal-1"}
    assert await journal(store, "write", "batch_missing") == [told, told]
    assert [one["acknowledged"] for one in await journal(store, "connection", "batch")] == [3, 0]


async def test_the_same_reference_elsewhere_was_not_left_out(store: Store) -> None:
    for record, other_spec in (("1", spec()), ("2", spec(connection="books")), ("3", spec(operation="post"))):
        await begin(store, await in_hand(store, record), spec=other_spec)
    await store.note_batch("erp", "invoice", sent=1, refused=0, missing=["crm-deal-1"], now=MONDAY)
    assert (
        await store.note_batch("books", "invoice", sent=1, refused=0, missing=["crm-deal-1"], now=MONDAY) == frozenset()
    )
    assert len(await journal(store, "write", "batch_missing")) == 2


async def test_every_line_about_modes_and_batches_is_in_the_chain(store: Store) -> None:
    await begin(store, await in_hand(store))
    await store.switch(FLOW, "batch", why="many", now=MONDAY)
    await store.note_batch("erp", "invoice", sent=1, refused=0, missing=["crm-deal-1"], now=MONDAY)
    _, broken = await store.verify_journal()
    assert broken is None
