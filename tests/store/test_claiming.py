"""Leases: of one subject one is under way, in order; a worker that dies gives its work back, and a killer is buried."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from store.ledger import Store
from sync.model import Overlay, Want
from sync.steps import Deliver, Retry
from tests.store.gates import at_rest, before_its_commit, on_postgres
from tests.store.words import (
    HOUR,
    MINUTE,
    ROUTE,
    change,
    claim,
    hold,
    in_hand,
    press,
    receive,
    rows,
    state,
    stopped,
)
from tests.world import MONDAY

DONE = Deliver(bindings=())


async def drained(store: Store) -> list[str]:
    """The keys of the changes in the order in which one worker gets them."""
    order, keys = [], {row.id: row.key for row in await rows(store, "SELECT id, key FROM events")}
    while claimed := await claim(store, now=MONDAY + HOUR, limit=1):
        order.append(keys[claimed[0].event.id])
        await store.settle(claimed[0], DONE, now=MONDAY + HOUR)
    return order


async def test_a_subject_is_worked_in_the_order_in_which_things_happened(store: Store) -> None:
    late = change("1", "late", at=MONDAY + MINUTE)
    second = change("1", "second", sequence=2)
    first = change("1", "first", sequence=1)
    again = change("1", "again", sequence=2)
    await receive(store, late, second, first, again)
    assert await drained(store) == ["first", "second", "again", "late"]


async def test_a_repeated_drain_never_leases_two_of_one_subject(store: Store) -> None:
    await receive(store, *(change(str(record), f"{record}-{n}", sequence=n) for record in range(3) for n in range(4)))
    claimed = await claim(store)
    assert sorted(one.subject for one in claimed) == ["deals:0", "deals:1", "deals:2"]
    assert await claim(store) == []


async def test_a_held_deal_holds_back_its_own_later_changes_and_nobody_elses(store: Store) -> None:
    [case] = await stopped(store, "1")
    await receive(store, change("1", "later", at=MONDAY + MINUTE), change("2", at=MONDAY + MINUTE))
    [claimed] = await claim(store, now=MONDAY + HOUR)
    assert claimed.subject == "deals:2"
    await press(store, "discard", [case.id])
    [after] = await claim(store, now=MONDAY + HOUR)
    assert after.subject == "deals:1"


async def test_a_retry_waits_for_its_time_and_keeps_its_place(store: Store) -> None:
    delivery = await in_hand(store)
    await receive(store, change("1", "later", at=MONDAY + MINUTE))
    assert await store.next_due(now=MONDAY) == delivery.leased_until
    again = MONDAY + timedelta(minutes=10)
    await store.settle(delivery, Retry(due_at=again, detail="503"), now=MONDAY)
    assert await claim(store, now=MONDAY + 9 * MINUTE) == []
    assert await store.next_due(now=MONDAY) == again
    [back] = await claim(store, now=again)
    assert (back.id, back.number, back.retries) == (delivery.id, 2, 1)


async def test_nothing_is_due_in_an_empty_ledger(store: Store) -> None:
    assert await store.next_due(now=MONDAY) is None
    assert await claim(store) == []
    assert await store.due_now(now=MONDAY) == 0


async def test_a_paused_flow_and_a_paused_connection_are_left_alone(store: Store) -> None:
    await receive(store, change("1"), flows={"deals": ["bill", "mirror"]})
    await store.pause("flow", "bill", by="UDANA", now=MONDAY)
    assert await store.due_now(now=MONDAY) == 1
    [claimed] = await claim(store)
    assert claimed.flow == "mirror"
    await store.resume("flow", "bill", by="UDANA", now=MONDAY)
    await store.pause("connection", "crm", by="UDANA", now=MONDAY)
    assert await claim(store) == []
    await store.resume("connection", "crm", by="UDANA", now=MONDAY)
    [claimed] = await claim(store)
    assert claimed.flow == "bill"


async def test_what_writes_to_a_paused_connection_is_left_alone_too(store: Store) -> None:
    await receive(store, change("1"), flows={"deals": ["bill", "mirror"]})
    await store.pause("connection", "erp", by="UDANA", now=MONDAY)
    wants = {"bill": Want(most=9, needs=("crm", "erp")), "mirror": Want(most=9, needs=("crm",))}
    assert [one.flow for one in await claim(store, flows=wants)] == ["mirror"]
    await store.resume("connection", "erp", by="UDANA", now=MONDAY)
    assert [one.flow for one in await claim(store, flows=wants)] == ["bill"]


async def test_no_flow_gives_more_than_is_wanted_of_it(store: Store) -> None:
    await receive(store, *(change(str(record)) for record in range(4)), flows={"deals": ["bill", "mirror", "other"]})
    wants = {"bill": Want(most=1), "mirror": Want(most=2)}
    assert sorted(one.flow for one in await claim(store, flows=wants)) == ["bill", "mirror", "mirror"]


async def test_a_worker_that_died_gives_its_work_back_with_a_new_lease(store: Store) -> None:
    first = await in_hand(store)
    assert await claim(store, now=first.leased_until) == []
    [second] = await claim(store, now=first.leased_until + MINUTE)
    assert second.id == first.id
    assert second.lease != first.lease
    assert second.number == 2


async def test_a_record_that_kills_its_worker_three_times_is_only_given_out_to_be_buried(store: Store) -> None:
    now = MONDAY
    await receive(store)
    for attempt in (1, 2, 3):
        [delivery] = await claim(store, now=now)
        assert delivery.number == attempt
        assert await store.poisoned(max_losses=3, now=now) == []
        now += 2 * MINUTE
    assert await claim(store, now=now) == []
    [poisoned] = await store.poisoned(max_losses=3, now=now)
    assert poisoned.id == delivery.id
    assert await store.poisoned(max_losses=3, now=now) == []


async def test_who_was_in_hand_with_a_killer_each_time_is_tried_alone_and_not_buried_with_it(store: Store) -> None:
    await receive(store, *(change(f"{n}") for n in range(5)))
    now = MONDAY
    for _ in range(2):  # the worker dies of one of them, and nobody knows of which
        assert len(await claim(store, now=now)) == 5
        now += timedelta(minutes=2)
    tried = list[str]()
    for _ in range(5):
        [suspect] = await claim(store, now=now)
        assert await claim(store, now=now) == [], "alone"
        tried.append(suspect.event.record_id)
        if suspect.event.record_id == "3":
            now += timedelta(minutes=2)
            [buried] = await store.poisoned(max_losses=3, now=now)
            assert buried.id == suspect.id
        else:
            await store.settle(suspect, DONE, now=now)
    assert sorted(tried) == ["0", "1", "2", "3", "4"]
    assert await claim(store, now=now) == []


async def test_a_replay_forgives_the_losses(store: Store) -> None:
    [case] = await stopped(store)
    now = MONDAY
    await press(store, "replay", [case.id], now=now)
    for _ in range(3):
        [delivery] = await claim(store, now=now)
        now += 2 * MINUTE
    [delivery] = await store.poisoned(max_losses=3, now=now)
    await store.settle(delivery, hold(cause=delivery.subject), now=now, route=ROUTE)
    await press(store, "replay", [case.id], now=now)
    [back] = await claim(store, now=now)
    assert (back.retries, (await rows(store, "SELECT losses FROM deliveries"))[0].losses) == (0, 0)


async def test_a_limit_counts_lost_and_fresh_work_together(store: Store) -> None:
    await receive(store, *(change(str(record)) for record in range(6)))
    assert len(await claim(store, limit=2)) == 2
    assert len(await claim(store, limit=3, now=MONDAY + 2 * MINUTE)) == 3
    assert len(await rows(store, "SELECT 1 FROM deliveries WHERE losses = 1")) == 2


async def test_two_processes_that_claim_at_once_never_lease_the_same_or_two_of_one_subject(
    store: Store, other: Store
) -> None:
    await receive(store, *(change(str(n % 10), f"k{n}", sequence=n) for n in range(40)))
    settled: list[int] = []
    while True:
        batches = await asyncio.gather(*(claim(each, limit=3) for each in (store, other) for _ in range(4)))
        claimed = [one for batch in batches for one in batch]
        if not claimed:
            break
        assert len({one.subject for one in claimed}) == len(claimed)
        settled += [one.id for one in claimed]
        await asyncio.gather(*(store.settle(one, DONE, now=MONDAY) for one in claimed))
    assert len(settled) == len(set(settled)) == 40


@on_postgres
async def test_nobody_waits_for_what_another_worker_is_just_taking(ledger: str, store: Store) -> None:
    await receive(store, change("1"), change("2"))
    async with before_its_commit(ledger, lambda one: claim(one, limit=1)) as first:
        async with asyncio.timeout(10):
            second = await claim(store)
    assert [one.subject for one in (*await first, *second)] == ["deals:1", "deals:2"]


@on_postgres
async def test_of_two_workers_that_find_a_dead_ones_work_at_once_one_gets_it(ledger: str, store: Store) -> None:
    died = await in_hand(store)
    later = died.leased_until + MINUTE
    async with before_its_commit(ledger, lambda one: claim(one, now=later)) as first:
        second = asyncio.create_task(claim(store, now=later))
        await at_rest(store, second)
    assert [len(each) for each in await asyncio.gather(first, second)] == [1, 0]


async def test_a_claimed_delivery_carries_the_latest_decision_about_each_value(store: Store) -> None:
    [case] = await stopped(store)
    for code in ("BC-1", "BC-2"):
        answer = Overlay(path="billing_code", found="", action="set", value=code, reason="missing_billing_code")
        await press(store, "resolve", [case.id], overlays={case.id: (answer,)})
        [delivery] = await claim(store, now=MONDAY + HOUR)
        assert [one.value for one in delivery.overlays] == [code]
        await store.settle(delivery, hold(cause=delivery.subject), now=MONDAY + HOUR, route=ROUTE)
    assert await state(store, delivery.id) == "held"
