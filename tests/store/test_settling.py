"""What happened is written once, whole, and only by the worker that holds the lease."""

from __future__ import annotations

import asyncio

import pytest

from store.ledger import Store
from sync.errors import IllegalMove, LeaseLost
from sync.model import Overlay
from sync.steps import Bury, Deliver, Discard, Hold, Retry, Step, Wait
from tests.store.gates import at_rest, before_its_commit, on_postgres
from tests.store.words import (
    CLASS_A,
    EUROS,
    HOUR,
    MINUTE,
    ROUTE,
    binding,
    bury,
    change,
    claim,
    hold,
    in_hand,
    place_hold,
    press,
    receive,
    rows,
    state,
    stopped,
)
from tests.world import MONDAY

STEPS: dict[str, Step] = {
    "delivered": Deliver(bindings=()),
    "pending": Retry(due_at=MONDAY + MINUTE, detail="503"),
    "held": hold(),
    "dead": bury(),
    "discarded": Discard(why="not won"),
}


@pytest.mark.parametrize("target", STEPS)
async def test_a_step_leads_where_the_table_says_and_leaves_an_attempt(store: Store, target: str) -> None:
    delivery = await in_hand(store)
    await store.settle(delivery, STEPS[target], now=MONDAY, route=ROUTE, snapshot={"id": "1"})
    assert await state(store, delivery.id) == target
    story = await store.trace(delivery.event.id)
    [attempt] = story["deliveries"][0]["attempts"]
    assert attempt["number"] == 1
    assert await rows(store, "SELECT 1 FROM attempts WHERE CAST(snapshot AS TEXT) LIKE '%1%'")


@pytest.mark.parametrize("target", STEPS)
async def test_whoever_lost_the_lease_writes_nothing(store: Store, target: str) -> None:
    late = await in_hand(store)
    [owner] = await claim(store, now=MONDAY + 2 * MINUTE)
    with pytest.raises(LeaseLost):
        await store.settle(late, STEPS[target], now=MONDAY + 2 * MINUTE, route=ROUTE)
    assert await state(store, late.id) == "running"
    assert (await store.counts())["cases"] == 0
    await store.settle(owner, Deliver(bindings=()), now=MONDAY + 2 * MINUTE)
    assert len(await rows(store, "SELECT 1 FROM attempts")) == 1


async def test_nothing_is_settled_twice(store: Store) -> None:
    delivery = await in_hand(store)
    await store.settle(delivery, Deliver(bindings=()), now=MONDAY)
    with pytest.raises(LeaseLost):
        await store.settle(delivery, hold(), now=MONDAY, route=ROUTE)
    assert await state(store, delivery.id) == "delivered"
    assert await store.exceptions() == []


async def test_of_two_workers_with_one_lease_one_settles(store: Store, other: Store) -> None:
    delivery = await in_hand(store)
    done = Deliver(bindings=())
    results = await asyncio.gather(
        *(each.settle(delivery, done, now=MONDAY) for each in (store, other)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["LeaseLost", "NoneType"]


@pytest.mark.parametrize("step", [hold(), bury()])
async def test_a_stop_without_a_route_leaves_everything_as_it_was(store: Store, step: Hold | Bury) -> None:
    delivery = await in_hand(store)
    with pytest.raises(ValueError, match="route"):
        await store.settle(delivery, step, now=MONDAY)
    assert await state(store, delivery.id) == "running"
    assert await rows(store, "SELECT 1 FROM attempts") == []


async def test_a_delivery_binds_its_records_and_a_second_one_renews_the_binding(store: Store) -> None:
    delivery = await in_hand(store)
    await store.settle(delivery, Deliver(bindings=(binding("I-1"),)), now=MONDAY)
    assert await store.bound("crm", "erp", "invoice") == {"1": "I-1"}
    await store.replay([delivery.event.id], by="UDANA", now=MONDAY)
    [again] = await claim(store)
    await store.settle(again, Deliver(bindings=(binding("I-2"),)), now=MONDAY)
    assert await store.bound("crm", "erp", "invoice") == {"1": "I-2"}
    assert (await store.counts())["bindings"] == 1


async def test_a_case_is_opened_with_all_that_people_need(store: Store) -> None:
    delivery = await in_hand(store)
    await store.settle(delivery, hold(cause="deals:1", money=EUROS), now=MONDAY, route=CLASS_A)
    [case] = await store.exceptions()
    assert (case.state, case.team, case.owner, case.backup, case.severity) == ("open", "finance", "UDANA", "UBEN", "A")
    assert case.four_eyes
    assert (case.money, case.customer, case.title) == (EUROS, "77", "Workstations")
    assert case.violations[0].label == "Billing code"
    assert case.trace == delivery.event.trace
    assert case.ref == f"EX-{case.id}"
    cause = await store.cause(case.cause_id)
    assert (cause.channel, cause.unresolved, cause.sums, cause.nearest) == ("C2", 1, (EUROS,), case.resolve_by)


async def test_cases_of_one_cause_share_a_card_and_others_do_not(store: Store) -> None:
    for record in ("1", "2", "3"):
        delivery = await in_hand(store, record)
        cause = "Atlas Por" if record != "3" else "Beacon"
        await store.settle(delivery, hold("unknown_product", cause), now=MONDAY, route=ROUTE)
    first, second = await store.open_causes()
    assert (first.value, first.unresolved) == ("Atlas Por", 2)
    assert (second.value, second.unresolved) == ("Beacon", 1)
    assert (await store.counts())["cards"] == 2


async def test_records_that_stop_at_once_for_the_same_cause_share_one_card(store: Store, other: Store) -> None:
    for number in range(12):
        mine, theirs = await in_hand(store, f"{number}a"), await in_hand(store, f"{number}b")
        same = hold("unknown_product", f"Atlas {number}")
        settled = (each.settle(one, same, now=MONDAY, route=ROUTE) for each, one in ((store, mine), (other, theirs)))
        await asyncio.gather(*settled)
    assert [cause.unresolved for cause in await store.open_causes()] == [2] * 12
    assert (await store.counts())["cards"] == 12


async def test_cases_that_are_decided_at_once_close_their_card(store: Store, other: Store) -> None:
    for number in range(4):
        names = [f"{number}{letter}" for letter in "abcd"]
        cases = await stopped(store, *names, step=hold("unknown_product", f"Atlas {number}"))
        both = (store, other) * 2
        await asyncio.gather(*(press(each, "discard", [one.id]) for each, one in zip(both, cases, strict=True)))
        assert await store.open_causes() == []
    assert len(await rows(store, "SELECT 1 FROM causes WHERE closed_at IS NOT NULL")) == 4


async def test_what_goes_through_closes_its_case_and_says_so_in_the_thread(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "replay", [case.id])
    [delivery] = await claim(store, now=MONDAY + HOUR)
    await store.settle(delivery, Deliver(bindings=()), now=MONDAY + HOUR)
    closed = await store.case(case.id)
    assert (closed.state, closed.decided_by, closed.decision) == ("resolved", "UDANA", "The record went through.")
    assert await store.open_causes() == []
    assert await rows(store, "SELECT 1 FROM causes WHERE closed_at IS NOT NULL")
    assert [row.text for row in await rows(store, "SELECT text FROM messages ORDER BY id")][-1].startswith("EX-1:")


async def test_what_needs_nothing_any_more_closes_its_case_for_the_engine(store: Store) -> None:
    [case] = await stopped(store)
    await store.replay([1], by="UDANA", now=MONDAY)
    [delivery] = await claim(store)
    await store.settle(delivery, Discard(why="the deal is lost"), now=MONDAY)
    assert (await store.case(case.id)).decided_by == "engine"


async def test_what_goes_through_after_a_decision_adds_a_line_to_the_closed_case(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "resolve", [case.id])
    [delivery] = await claim(store, now=MONDAY + HOUR)
    await store.settle(delivery, Deliver(bindings=()), now=MONDAY + HOUR)
    assert (await store.case(case.id)).decision == "@{UDANA} resolve"
    assert (await store.cause(case.cause_id)).unresolved == 0


async def test_the_same_trouble_again_is_the_same_case(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "replay", [case.id])
    [delivery] = await claim(store, now=MONDAY + HOUR)
    await store.settle(delivery, hold(cause="deals:1"), now=MONDAY + HOUR, route=ROUTE)
    [again] = await store.exceptions()
    assert (again.id, again.attempts, again.state) == (case.id, 2, "owned")
    [line] = await rows(store, "SELECT broadcast FROM messages WHERE text LIKE '%still stopped%'")
    assert not line.broadcast


async def test_the_same_trouble_after_a_decision_opens_the_case_again_for_everybody_to_see(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "resolve", [case.id])
    [delivery] = await claim(store, now=MONDAY + HOUR)
    await store.settle(delivery, hold(cause="deals:1"), now=MONDAY + HOUR, route=ROUTE)
    [again] = await store.exceptions()
    assert (again.id, again.state, again.resolved_at, again.decided_by, again.level) == (
        case.id, "reopened", None, "", 0,
    )  # fmt: skip
    [line] = await rows(store, "SELECT broadcast FROM messages WHERE text LIKE '%still stopped%'")
    assert line.broadcast
    assert len(await store.open_causes()) == 1


async def test_other_trouble_replaces_the_case(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "replay", [case.id])
    [delivery] = await claim(store, now=MONDAY + HOUR)
    await store.settle(delivery, hold("unknown_product", "Atlas Por"), now=MONDAY + HOUR, route=ROUTE)
    old = await store.case(case.id)
    assert (old.state, old.decision) == ("resolved", "Replaced: now it is unknown_product.")
    [new] = await store.exceptions()
    assert (new.id, new.reason, new.delivery_id) == (case.id + 1, "unknown_product", case.delivery_id)


async def test_a_cause_that_was_closed_is_opened_as_a_new_one(store: Store) -> None:
    [first] = await stopped(store, "1", step=hold("unknown_product", "Atlas Por"))
    await press(store, "discard", [first.id])
    [second] = await stopped(store, "2", step=hold("unknown_product", "Atlas Por"))
    assert second.cause_id != first.cause_id


async def test_a_delivery_waits_for_a_billing_hold_and_goes_on_after_its_release(store: Store) -> None:
    await place_hold(store)
    [one] = await store.holds()
    delivery = await in_hand(store)
    await store.settle(delivery, Wait(hold_id=one.id, detail="held"), now=MONDAY)
    assert await state(store, delivery.id) == "held"
    assert [each.waiting for each in await store.holds()] == [1]
    assert await store.release(one.id, by="UDANA", note="paid", now=MONDAY) == 1
    assert await state(store, delivery.id) == "pending"


async def test_a_hold_that_was_released_meanwhile_is_not_waited_for(store: Store) -> None:
    await place_hold(store)
    delivery = await in_hand(store)
    await store.release(1, by="UDANA", note="", now=MONDAY)
    await store.settle(delivery, Wait(hold_id=1, detail="held"), now=MONDAY)
    [again] = await claim(store)
    assert again.id == delivery.id
    assert again.retries == 0


@on_postgres
async def test_a_hold_that_is_released_while_a_delivery_settles_to_wait_for_it_lets_it_go(
    ledger: str, store: Store
) -> None:
    await place_hold(store)
    delivery = await in_hand(store)
    wait = Wait(hold_id=1, detail="held")
    async with before_its_commit(ledger, lambda one: one.settle(delivery, wait, now=MONDAY)) as settling:
        releasing = asyncio.create_task(store.release(1, by="UDANA", note="", now=MONDAY))
        await at_rest(store, releasing)
    await asyncio.gather(settling, releasing)
    assert [one.id for one in await claim(store)] == [delivery.id]


async def test_a_decision_that_came_in_meanwhile_lets_the_record_go_round_again(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "replay", [case.id])
    [delivery] = await claim(store, now=MONDAY + HOUR)
    answer = Overlay(path="billing_code", found="", action="set", value="BC-1", reason="missing_billing_code")
    await press(store, "resolve", [case.id], overlays={case.id: (answer,)}, now=MONDAY + HOUR)
    await store.settle(delivery, hold(cause="deals:1"), now=MONDAY + HOUR, route=ROUTE)
    [again] = await claim(store, now=MONDAY + HOUR)
    assert (again.overlays, again.retries) == ((answer,), 0)
    assert await store.exceptions() == []


async def test_a_record_that_is_right_but_waits_leaves_its_case(store: Store) -> None:
    await place_hold(store)
    [case] = await stopped(store)
    await press(store, "replay", [case.id])
    [delivery] = await claim(store, now=MONDAY + HOUR)
    await store.settle(delivery, Wait(hold_id=1, detail="held"), now=MONDAY + HOUR)
    assert (await store.case(case.id)).state == "resolved"
    assert not await store.exceptions()
    assert await store.is_stopped(delivery.id)


async def test_an_uncounted_retry_costs_no_try(store: Store) -> None:
    delivery = await in_hand(store)
    await store.settle(delivery, Retry(due_at=MONDAY, detail="busy", counted=False), now=MONDAY)
    [again] = await claim(store)
    assert (again.retries, again.number) == (0, 2)


async def test_events_are_replayed_by_name_and_what_moves_already_is_not(store: Store) -> None:
    [case] = await stopped(store, "1")
    await receive(store, change("2"))
    assert await store.replayable(reason="missing_billing_code", since=MONDAY) == [1]
    assert await store.replayable(reason="missing_billing_code", since=MONDAY + MINUTE) == []
    assert await store.replay([1, 2], by="UDANA", now=MONDAY) == 1
    with pytest.raises(IllegalMove, match="nothing to replay"):
        await store.replay([1, 2], by="UDANA", now=MONDAY)
    assert await rows(store, "SELECT 1 FROM messages WHERE text LIKE '%is replayed by @{UDANA}%'")
    assert (await store.case(case.id)).state == "open"
