"""Late cases: each level is raised once, whoever looks at the clock, and the billing of the customer is held."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from store.ledger import Store
from sync.errors import IllegalMove, NotFound
from sync.steps import Wait
from tests.store.words import HOUR, MINUTE, ROUTE, claim, hold, hold_on, in_hand, press, rows, state, stopped
from tests.world import MONDAY

SLOW, LATE = MONDAY + 4 * HOUR, MONDAY + 24 * HOUR


async def lines(store: Store) -> list[str]:
    return [row.text for row in await rows(store, "SELECT text FROM messages WHERE broadcast ORDER BY id")]


async def test_a_case_nobody_answers_goes_to_the_backup_once(store: Store) -> None:
    [case] = await stopped(store)
    assert await store.escalate(now=SLOW - MINUTE) == 0
    assert await store.escalate(now=SLOW) == 1
    assert await store.escalate(now=SLOW) == 0
    assert (await store.case(case.id)).level == 1
    [line] = await rows(store, "SELECT text, mention FROM messages WHERE broadcast")
    assert line.mention == "UBEN"
    assert line.text == "Nobody has responded to EX-1 in time. It goes to the backup."


async def test_a_case_that_is_not_resolved_holds_the_billing_of_its_customer_once(store: Store) -> None:
    [case] = await stopped(store)
    await store.escalate(now=SLOW)
    assert await store.escalate(now=LATE) == 1
    assert await store.escalate(now=LATE + HOUR) == 0
    assert (await store.case(case.id)).level == 2
    placed = await hold_on(store, "77")
    assert placed is not None
    assert (placed.case_id, placed.placed_by) == (case.id, "clock")
    assert len(await store.holds()) == 1
    assert "held until somebody releases it" in (await lines(store))[-1]
    assert (await store.cause(case.cause_id)).holds[0].key == "77"


async def test_a_clock_that_slept_over_both_deadlines_raises_to_the_second_at_once(store: Store) -> None:
    [case] = await stopped(store)
    assert await store.escalate(now=LATE) == 1
    assert (await store.case(case.id)).level == 2
    assert len(await lines(store)) == 1


async def test_an_answered_case_is_late_only_when_it_is_not_resolved(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "take", [case.id])
    assert await store.escalate(now=SLOW) == 0
    assert await store.escalate(now=LATE) == 1


async def test_a_resolved_case_is_never_late(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "discard", [case.id])
    assert await store.escalate(now=LATE) == 0


async def test_a_snooze_does_not_stop_the_clocks(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "snooze", [case.id], until=LATE + HOUR)
    assert await store.escalate(now=LATE) == 1


@pytest.mark.parametrize("how", ["no_holds", "no_customer"])
async def test_a_reason_that_stops_no_invoice_holds_none(store: Store, how: str) -> None:
    route = replace(ROUTE, holds_billing=how != "no_holds")
    step = hold(customer=None) if how == "no_customer" else hold()
    await stopped(store, step=step, route=route)
    await store.escalate(now=LATE)
    assert await store.holds() == []
    assert await lines(store) == ["The deadline of EX-1 has passed. It goes to the backup."]


async def test_many_late_cases_of_one_card_are_one_line_and_one_hold_for_each_customer(store: Store) -> None:
    for record, customer in (("1", "77"), ("2", "78"), ("3", "77")):
        delivery = await in_hand(store, record)
        step = hold("unknown_product", "Atlas Por", customer=customer)
        await store.settle(delivery, step, now=MONDAY, route=ROUTE)
    assert await store.escalate(now=LATE) == 3
    [line] = await lines(store)
    assert "3 exceptions of this card" in line
    assert "2 customers" in line
    assert [one.key for one in await store.holds()] == ["77", "78"]


async def test_two_clocks_that_ring_at_once_raise_a_level_once(store: Store, other: Store) -> None:
    await stopped(store)
    assert sum(await asyncio.gather(*(each.escalate(now=LATE) for each in (store, other, store)))) == 1
    assert len(await lines(store)) == 1
    assert len(await store.holds()) == 1


async def test_a_hold_is_released_once_with_a_note_and_what_waited_goes_on(store: Store) -> None:
    [case] = await stopped(store)
    await store.escalate(now=LATE)
    [placed] = await store.holds()
    other = await in_hand(store, "2", now=LATE)
    await store.settle(other, Wait(hold_id=placed.id, detail="held"), now=LATE)
    assert await claim(store, now=LATE + HOUR) == []
    assert await store.release(placed.id, by="UDANA", note="they have paid", now=LATE) == 1
    with pytest.raises(IllegalMove, match="already"):
        await store.release(placed.id, by="UBEN", note="", now=LATE)
    assert await state(store, other.id) == "pending"
    assert await state(store, case.delivery_id) == "held"
    released = await store.hold(placed.id)
    assert (released.released_by, released.note) == ("UDANA", "they have paid")
    assert await hold_on(store, "77") is None
    assert await store.holds() == []
    assert len(await store.holds(all_of_them=True)) == 1
    assert await rows(store, "SELECT 1 FROM messages WHERE text = 'Billing hold released by @{UDANA}.'")


async def test_a_hold_that_is_not_there_is_said_to_be_missing(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.release(9, by="UDANA", note="", now=MONDAY)
    with pytest.raises(NotFound):
        await store.hold(9)


async def test_a_customer_whose_hold_was_released_can_be_held_again(store: Store) -> None:
    await stopped(store)
    await store.escalate(now=LATE)
    await store.release(1, by="UDANA", note="", now=LATE)
    [second] = [one for one in await stopped(store, "2") if one.subject == "deals:2"]
    assert await store.escalate(now=LATE + HOUR) == 1
    placed = await hold_on(store, "77")
    assert placed is not None
    assert placed.case_id == second.id
