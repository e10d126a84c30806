"""Drift in the ledger: of many processes one asks, one opens, one mends, and what waited for it goes round again in order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from store.ledger import Store
from sync.drifts import KIND, Look, Noticed
from sync.model import Delivery
from sync.steps import Deliver, Discard
from tests.store.words import FLOW, HOUR, MINUTE, ROUTE, claim, hold, in_hand, press, state
from tests.world import MONDAY

GONE = Noticed(
    connection="crm", entity="deals", contract="deal", path="billing_code", kind="gone", label="Billing code",
    words="Billing code (billing_code) is not in the source any more", flows=(FLOW, "report"),
)  # fmt: skip
ONE = replace(GONE, flows=(FLOW,))


async def told(store: Store) -> Delivery:
    """The drift is open, and its delivery has told of it."""
    await store.open_drifts([ONE], now=MONDAY)
    [delivery] = await claim(store)
    await store.settle(delivery, hold("schema_drift", ONE.value), now=MONDAY, route=ROUTE)
    return delivery


async def test_one_of_many_processes_asks_within_a_minute(store: Store, other: Store) -> None:
    asked = [each.ask_once("crm", "deals", every=MINUTE, now=MONDAY) for each in (store, other) * 4]
    assert sum(await asyncio.gather(*asked)) == 1
    assert await store.look_at("crm", "deals") == Look(asked_at=MONDAY, answered_at=None)
    await store.answered("crm", "deals", excused={"b", "a"}, now=MONDAY)
    assert not await other.ask_once("crm", "deals", every=MINUTE, now=MONDAY + timedelta(seconds=59))
    assert await other.ask_once("crm", "deals", every=MINUTE, now=MONDAY + MINUTE)
    assert await other.ask_once("crm", "orders", every=MINUTE, now=MONDAY)
    look = await store.look_at("crm", "deals")
    assert look == Look(asked_at=MONDAY + MINUTE, answered_at=MONDAY, excused=frozenset({"a", "b"}))


async def test_what_a_source_has_that_no_contract_knows_is_new_only_after_the_first_answer(store: Store) -> None:
    await store.ask_once("crm", "deals", every=MINUTE, now=MONDAY)
    answers = [{"a": "A"}, {"a": "A", "b": "B"}, None, {"a": "A", "b": "Bee"}, {"a": "A", "c": "C"}]
    new = []
    for hours, strange in enumerate(answers):
        await store.answered("crm", "deals", excused=(), strange=strange, now=MONDAY + hours * HOUR)
        new.append([(each.path, each.label, each.since) for each in await store.new_fields()])
    b = ("b", "B", MONDAY + HOUR)
    assert new == [[], [b], [b], [("b", "Bee", MONDAY + HOUR)], [("c", "C", MONDAY + 4 * HOUR)]]


async def test_what_many_notice_is_opened_once_with_one_event_and_a_delivery_for_each_flow(
    store: Store, other: Store
) -> None:
    opened = [each.open_drifts([GONE], now=MONDAY) for each in (store, other) * 4]
    assert sorted(await asyncio.gather(*opened))[-2:] == [0, 2]
    assert (await store.counts())["events"] == 1
    found = await claim(store)
    assert {(each.flow, each.event.kind, each.event.record_id) for each in found} == {
        (FLOW, KIND, "deal.billing_code"), ("report", KIND, "deal.billing_code"),
    }  # fmt: skip
    assert [(each.flow, each.told, each.moving) for each in await other.drifts()] == [
        (FLOW, False, True), ("report", False, True),
    ]  # fmt: skip


async def test_a_drift_that_has_told_and_is_replayed_is_moving(store: Store) -> None:
    delivery = await told(store)
    [drift] = await store.drifts()
    assert (drift.value, drift.told, drift.moving) == ("deal.billing_code", True, False)
    [case] = await store.exceptions()
    await press(store, "replay", [case.id])
    assert [each.moving for each in await store.drifts()] == [True]
    assert await state(store, delivery.id) == "pending"


async def test_what_waited_for_a_mended_drift_goes_round_again_in_its_order(store: Store, other: Store) -> None:
    mark = await told(store)
    waiting = [await in_hand(store, str(number)) for number in range(3)]
    for one in waiting:
        await store.settle(one, hold("schema_drift", ONE.value), now=MONDAY, route=ROUTE)
    stranger = await in_hand(store, "9")
    await store.settle(stranger, hold(cause="deals:9"), now=MONDAY, route=ROUTE)
    assert len({case.cause_id for case in await store.exceptions()}) == 2
    [drift] = await store.drifts()
    mends = [each.mend_drifts([drift.id], why="It is back.", now=MONDAY + HOUR) for each in (store, other) * 2]
    assert sorted(await asyncio.gather(*mends)) == [0, 0, 0, 1]
    again = await claim(store, now=MONDAY + HOUR)
    assert [each.id for each in again] == [mark.id, *(each.id for each in waiting)]
    assert await store.drifts() == [] and await state(store, stranger.id) == "held"
    for one in again:
        await store.settle(one, Deliver(bindings=()), now=MONDAY + HOUR)
    assert [case.delivery_id for case in await store.exceptions()] == [stranger.id]
    assert await store.accepted() == {(FLOW, ONE.value): MONDAY + HOUR}


async def test_what_is_held_just_after_the_mend_is_let_go_by_the_next_look(store: Store) -> None:
    await told(store)
    late = await in_hand(store, "1")
    [drift] = await store.drifts()
    await store.mend_drifts([drift.id], why="It is back.", now=MONDAY)
    await store.settle(late, hold("schema_drift", ONE.value), now=MONDAY, route=ROUTE)
    assert await store.set_going(now=MONDAY) == 1
    assert await state(store, late.id) == "pending"
    assert await store.set_going(now=MONDAY) == 0


async def test_a_mended_drift_may_open_again_and_one_that_was_called_off_only_after_it_agreed(store: Store) -> None:
    await told(store)
    [drift] = await store.drifts()
    await store.mend_drifts([drift.id], why="It is back.", now=MONDAY)
    [delivery] = await claim(store, now=MONDAY)
    await store.settle(delivery, Deliver(bindings=()), now=MONDAY)
    assert await store.open_drifts([ONE], now=MONDAY + HOUR) == 1
    [second] = await claim(store, now=MONDAY + HOUR)
    await store.settle(second, Discard(why="called off"), now=MONDAY + HOUR)
    assert await store.drifts() == [] and await store.open_drifts([ONE], now=MONDAY + 2 * HOUR) == 0
    await store.forget_called_off([(FLOW, ONE.value)], now=MONDAY + 2 * HOUR)
    assert await store.open_drifts([ONE], now=MONDAY + 3 * HOUR) == 1
