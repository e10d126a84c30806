"""Billing holds in the ledger: several sources, the race with a posting, and the order of what is released."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from store.ledger import Store
from sync.errors import IllegalMove
from sync.model import Bills, Delivery
from sync.ports import Busy, Go, Held
from sync.steps import Retry, Wait
from tests.store.gates import at_rest, before_its_commit, on_postgres
from tests.store.words import MINUTE, ROUTE, change, claim, hold, in_hand, press, receive, rows, spec, state, stopped
from tests.world import MONDAY

ACME = Bills(flow="bill", customer="77", contract="D-1")


async def place(store: Store, scope: str = "customer", key: str = "77", source: str = "person") -> int:
    return await store.place_hold(scope, key, why="dispute", source=source, by="UDANA", now=MONDAY)


async def post(store: Store, delivery: Delivery, bills: Bills = ACME, key: str = "") -> Any:
    asked = spec(key or f"crm-deal-{delivery.subject}", "post")
    return await store.begin_write(
        delivery, asked, "same", quarantine_seconds=5, lease_seconds=60, now=MONDAY, bills=bills
    )


async def waiting(store: Store, record: str, hold: int, minutes: int = 0) -> Delivery:
    """A deal of Acme that came so many minutes later and waits for the hold."""
    delivery = await in_hand(store, record, now=MONDAY + minutes * MINUTE)
    await store.settle(delivery, Wait(hold_id=hold, detail="held", bills="77"), now=MONDAY)
    return delivery


@pytest.mark.parametrize(("scope", "key"), [("customer", "77"), ("contract", "D-1"), ("flow", "bill")])
async def test_a_hold_on_any_of_what_is_billed_stops_the_posting(store: Store, scope: str, key: str) -> None:
    hold = await place(store, scope, key)
    delivery = await in_hand(store)
    stopped_by = await post(store, delivery)
    assert isinstance(stopped_by, Held) and stopped_by.hold.id == hold
    assert isinstance(await post(store, delivery, Bills(flow="other", customer="78", contract="D-2")), Go)


async def test_one_source_holds_once_and_two_sources_both(store: Store) -> None:
    await place(store)
    await place(store, source="drift")
    with pytest.raises(IllegalMove, match="on hold already"):
        await place(store)
    assert [one.source for one in await store.holds()] == ["person", "drift"]
    placed = [entry.data for entry in await store.entries(noun="hold")]
    assert {each["scope"] for each in placed} == {"customer"} and len(placed) == 2


async def test_what_waits_goes_on_when_the_last_source_lets_it_go(store: Store) -> None:
    first, second = await place(store), await place(store, source="drift")
    delivery = await waiting(store, "1", first)
    assert await store.release(first, by="UDANA", note="paid", now=MONDAY) == 0
    assert await state(store, delivery.id) == "held"
    assert [(one.id, one.waiting) for one in await store.holds()] == [(second, 1)]
    assert await store.release(second, by="UDANA", note="agreed", now=MONDAY) == 1
    assert await state(store, delivery.id) == "pending"


@on_postgres
async def test_a_posting_waits_for_a_hold_that_is_being_placed_and_then_sees_it(ledger: str, store: Store) -> None:
    delivery = await in_hand(store)
    async with before_its_commit(ledger, place) as placing:
        posting = asyncio.create_task(post(store, delivery))
        await at_rest(store, posting)
    assert isinstance(await posting, Held)
    await placing


async def test_what_was_released_is_claimed_one_by_one_in_its_order(store: Store) -> None:
    hold = await place(store)
    later, earlier = await waiting(store, "2", hold, minutes=2), await waiting(store, "1", hold, minutes=1)
    assert await store.release(hold, by="UDANA", note="paid", now=MONDAY) == 2
    [first] = await claim(store)
    assert first.id == earlier.id
    await store.settle(first, Retry(due_at=MONDAY + MINUTE, detail="the ERP is out"), now=MONDAY)
    assert await claim(store) == []
    [again] = await claim(store, now=MONDAY + MINUTE)
    assert again.id == earlier.id
    await store.settle(again, Wait(hold_id=await place(store), detail="held", bills="77"), now=MONDAY)
    assert [one.id for one in await claim(store, now=MONDAY + MINUTE)] == [later.id]


async def test_what_stands_behind_an_exception_of_its_own_record_is_not_waited_for(store: Store) -> None:
    blocked = await place(store)
    behind, other = await waiting(store, "1", blocked, minutes=1), await waiting(store, "2", blocked, minutes=2)
    await receive(store, change("1", "told late"))
    [late] = await claim(store)
    await store.settle(late, hold(), now=MONDAY, route=ROUTE)
    assert await store.release(blocked, by="UDANA", note="paid", now=MONDAY) == 2
    [next_] = await claim(store)
    assert next_.id == other.id
    assert isinstance(await post(store, next_), Go)
    assert await state(store, behind.id) == "pending"


async def test_who_comes_later_does_not_post_before_what_was_released(store: Store) -> None:
    hold = await place(store)
    await waiting(store, "1", hold)
    await store.release(hold, by="UDANA", note="paid", now=MONDAY)
    [released] = await claim(store)
    newcomer = await in_hand(store, "2", now=MONDAY + MINUTE)
    assert isinstance(await post(store, newcomer), Busy)
    assert isinstance(await post(store, newcomer, Bills(flow="bill", customer="78")), Go)
    assert isinstance(await post(store, released), Go)


async def test_who_waited_and_is_replayed_by_hand_is_in_no_queue_any_more(store: Store) -> None:
    hold = await place(store)
    delivery = await waiting(store, "1", hold)
    [event] = await rows(store, "SELECT event_id FROM deliveries WHERE id = :id", id=delivery.id)
    await store.replay([event.event_id], by="UDANA", now=MONDAY)
    [row] = await rows(store, "SELECT bills, hold_id FROM deliveries WHERE id = :id", id=delivery.id)
    assert (row.bills, row.hold_id) == (None, None)


async def test_who_decides_a_case_decides_about_the_hold_that_its_record_placed(store: Store) -> None:
    [case] = await stopped(store)
    await store.place_hold(
        "contract", "D-1", why="totals", source="verification", by="engine", now=MONDAY, case_id=case.id
    )
    await place(store)
    await press(store, "replay", [case.id])
    assert len(await store.holds()) == 2
    await press(store, "resolve", [case.id], words="put right in the ERP")
    [left] = await store.holds()
    assert left.scope == "customer"
    [released] = [one for one in await store.holds(all_of_them=True) if one.released_at is not None]
    assert (released.scope, released.released_by, released.note) == ("contract", "UDANA", "put right in the ERP")
