"""Class A is told of at once, class B is tried again by itself and quietly, class C waits for the digest until it is late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from store.ledger import Store
from sync.model import Case
from sync.steps import Deliver
from tests.store.words import CLASS_A, HOUR, MINUTE, ROUTE, bury, claim, hold, press, rows, state, stopped
from tests.world import MONDAY

LOOKS = tuple(MONDAY + after * HOUR for after in (1, 4, 24))
LOOKED_AT = replace(ROUTE, looks=LOOKS)
CLASS_C = replace(ROUTE, severity="C", holds_billing=False)


async def refused(store: Store, *records: str) -> list[Case]:
    """Deals that the ERP refused: somebody corrects the ERP."""
    return await stopped(store, *(records or ("1",)), step=bury(cause="1020:77"), route=LOOKED_AT)


async def stops_again(store: Store, now: datetime, *, cause: str = "1020:77") -> None:
    for delivery in await claim(store, now=now):
        await store.settle(delivery, bury(cause=cause), now=now, route=LOOKED_AT)


async def test_the_owner_of_class_a_is_told_at_once_and_of_class_b_not(store: Store) -> None:
    await stopped(store, "1", step=hold(), route=CLASS_A)
    await stopped(store, "2", step=hold(), route=ROUTE)
    [line] = await rows(store, "SELECT text, mention FROM messages")
    assert line.mention == "UDANA"
    assert line.text == "EX-1 is class A: money or data at risk. Please look at it now."


async def test_nobody_is_told_twice_of_one_cause_of_class_a(store: Store) -> None:
    await stopped(store, "1", "2", "3", step=hold(cause="same"), route=CLASS_A)
    assert len(await rows(store, "SELECT id FROM messages WHERE mention IS NOT NULL")) == 1


async def test_what_is_mended_elsewhere_is_tried_again_by_itself(store: Store) -> None:
    [case] = await refused(store)
    assert await store.look_again(now=MONDAY + 59 * MINUTE) == 0
    assert await store.look_again(now=MONDAY + 1 * HOUR) == 1
    [delivery] = await claim(store, now=MONDAY + 1 * HOUR)
    await store.settle(delivery, Deliver(bindings=()), now=MONDAY + 1 * HOUR)
    after = await store.case(case.id)
    assert (after.state, after.decided_by, after.decision) == ("resolved", "engine", "The record went through.")
    assert "look" in [entry.verb for entry in await store.entries(noun="case", noun_id=case.id)]


async def test_a_look_that_finds_the_same_says_nothing_and_the_case_stays_whose_it_is(store: Store) -> None:
    [case] = await refused(store)
    await press(store, "take", [case.id], now=MONDAY)
    said = len(await rows(store, "SELECT id FROM messages"))
    for at in LOOKS:
        assert await store.look_again(now=at) == 1
        await stops_again(store, at)
    after = await store.case(case.id)
    assert (after.state, after.assignee, after.attempts, after.look_at) == ("owned", "UDANA", 4, None)
    assert len(await rows(store, "SELECT id FROM messages")) == said
    assert await store.look_again(now=MONDAY + 100 * HOUR) == 0


async def test_after_a_look_a_press_on_replay_is_told_of_again(store: Store) -> None:
    [case] = await refused(store)
    await store.look_again(now=LOOKS[0])
    await stops_again(store, LOOKS[0])
    await press(store, "replay", [case.id], now=LOOKS[0])
    await stops_again(store, LOOKS[0])
    told = [row.text for row in await rows(store, "SELECT text FROM messages ORDER BY id")]
    assert told[-1].startswith("EX-1 was tried again and is still stopped")


async def test_a_look_that_was_missed_for_a_day_comes_once(store: Store) -> None:
    await refused(store)
    late = MONDAY + 30 * HOUR
    assert await store.look_again(now=late) == 1
    await stops_again(store, late)
    assert await store.look_again(now=late) == 0


async def test_what_waits_for_a_second_person_or_is_on_its_way_is_not_tried(store: Store) -> None:
    proposed, replayed = await refused(store, "1", "2")
    await press(store, "propose", [proposed.id], now=MONDAY)
    await press(store, "replay", [replayed.id], now=MONDAY)
    assert await store.look_again(now=LOOKS[0]) == 0
    assert await state(store, proposed.delivery_id) == "dead"


async def test_two_processes_look_once(store: Store) -> None:
    [case] = await refused(store)
    assert sorted(await asyncio.gather(*(store.look_again(now=LOOKS[0]) for _ in range(2)))) == [0, 1]
    assert (await store.case(case.id)).look_at == LOOKS[1]


async def test_class_c_has_no_card_and_no_line_until_it_is_late(store: Store) -> None:
    [case] = await stopped(store, "1", step=hold(), route=CLASS_C)
    assert await store.stale_cards(limit=5, now=MONDAY) == []
    assert await store.backlog() == {"cards": 0, "messages": 0}
    assert await store.escalate(now=MONDAY + 24 * HOUR) == 1
    [card] = await store.stale_cards(limit=5, now=MONDAY + 24 * HOUR)
    assert (card.cause.id, card.channel) == (case.cause_id, "C1")


@pytest.mark.parametrize("first", [CLASS_C, ROUTE])
async def test_a_cause_that_is_of_class_b_for_some_has_a_card(store: Store, first: object) -> None:
    second = ROUTE if first is CLASS_C else CLASS_C
    await stopped(store, "1", step=hold(cause="same"), route=first)  # type: ignore[arg-type]
    await stopped(store, "2", step=hold(cause="same"), route=second)  # type: ignore[arg-type]
    [card] = await store.stale_cards(limit=5, now=MONDAY)
    assert card.cause.unresolved == 2
