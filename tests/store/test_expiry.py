"""A held record holds up its own later changes, for everybody to see, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from store.ledger import Store
from sync.model import Case
from sync.steps import Deliver, Wait
from tests.store.words import (
    HOUR,
    MINUTE,
    ROUTE,
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

OUT = MONDAY + 48 * HOUR
TIMED = replace(ROUTE, expire_by=OUT, resolve_by=MONDAY + 60 * HOUR)


async def held(store: Store, *, later: int = 1, **more: object) -> Case:
    """A deal that waits for a decision, with later changes behind it."""
    [case] = await stopped(store, "1", route=more.pop("route", TIMED), **more)  # type: ignore[arg-type]
    for number in range(1, later + 1):
        await receive(store, change("1", at=MONDAY + number * MINUTE), now=MONDAY + number * MINUTE)
    return case


async def test_what_is_not_decided_in_time_is_dead_and_its_later_changes_go_on(store: Store) -> None:
    case = await held(store)
    assert await store.expire(now=OUT - MINUTE) == 0
    assert await claim(store, now=OUT - MINUTE) == []
    assert await store.expire(now=OUT) == 1
    assert await state(store, case.delivery_id) == "dead"
    [later] = await claim(store, now=OUT)
    assert later.id == case.delivery_id + 1


async def test_an_expired_exception_is_at_its_last_level_and_its_thread_and_backup_hear_of_it(store: Store) -> None:
    case = await held(store)
    before = (await store.cause(case.cause_id)).version
    await store.expire(now=OUT)
    after = await store.case(case.id)
    assert (after.level, after.state) == (3, "open")
    assert (await store.cause(case.cause_id)).version > before
    [line] = await rows(store, "SELECT text, mention, broadcast FROM messages")
    assert (line.mention, bool(line.broadcast)) == ("UBEN", True)
    assert line.text.startswith("EX-1 has waited too long for a decision. It is among the dead letters now;")
    assert next(entry.verb for entry in await store.entries(noun="delivery", noun_id=case.delivery_id)) == "expire"
    assert next(entry.verb for entry in await store.entries(noun="case", noun_id=case.id)) == "expire"


async def test_the_billing_of_its_customer_is_held_where_its_route_says_so(store: Store) -> None:
    case = await held(store)
    await store.expire(now=OUT)
    [placed] = await store.holds()
    assert (placed.key, placed.case_id, placed.placed_by) == ("77", case.id, "clock")
    assert "EX-1 was not decided in time" in placed.why


@pytest.mark.parametrize("route", [replace(TIMED, holds_billing=False), replace(TIMED, expire_by=None)])
async def test_a_reason_that_stops_no_invoice_or_has_no_expiry_holds_none(store: Store, route: object) -> None:
    await held(store, route=route)
    await store.expire(now=OUT)
    assert await store.holds() == []


async def test_of_many_processes_that_look_at_once_one_moves_it(store: Store, other: Store) -> None:
    await held(store)
    moved = await asyncio.gather(*(each.expire(now=OUT) for each in (store, other) for _ in range(5)))
    assert sorted(moved) == [0] * 9 + [1]
    assert len(await rows(store, "SELECT 1 FROM messages")) == 1


async def test_a_hundred_expire_at_once_and_the_rest_at_the_next_beat(store: Store) -> None:
    names = [str(number) for number in range(130)]
    await stopped(store, *names, step=hold("unknown_product", "Atlas Por", customer=None), route=TIMED)
    assert [await store.expire(now=OUT) for _ in range(3)] == [100, 30, 0]
    assert [row.text.split(" have ")[0] for row in await rows(store, "SELECT text FROM messages ORDER BY id")] == [
        "100 exceptions of this card",
        "30 exceptions of this card",
    ]


async def test_what_somebody_sent_round_again_does_not_expire_on_its_way(store: Store) -> None:
    case = await held(store)
    await press(store, "replay", [case.id])
    assert await store.expire(now=OUT) == 0
    assert await state(store, case.delivery_id) == "pending"


@pytest.mark.parametrize("verb", ["replay", "discard"])
async def test_what_is_decided_while_somebody_looks_does_not_expire(
    store: Store, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    case, read = await held(store), store.db.read

    async def slow(work: Callable[[Connection], Any]) -> Any:
        found = await read(work)
        await press(store, verb, [case.id])
        return found

    monkeypatch.setattr(store.db, "read", slow)
    assert await store.expire(now=OUT) == 0
    monkeypatch.undo()
    assert await state(store, case.delivery_id) == {"replay": "pending", "discard": "discarded"}[verb]
    assert (await store.case(case.id)).level == 0


async def test_what_is_stopped_by_something_else_while_somebody_looks_has_its_own_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, read = await held(store), store.db.read

    async def slow(work: Callable[[Connection], Any]) -> Any:
        found = await read(work)
        monkeypatch.undo()
        await press(store, "replay", [case.id], now=OUT)
        [again] = await claim(store, now=OUT)
        later = replace(TIMED, expire_by=OUT + 48 * HOUR)
        await store.settle(again, hold("unknown_product", "Atlas Por"), now=OUT, route=later)
        return found

    monkeypatch.setattr(store.db, "read", slow)
    assert await store.expire(now=OUT) == 0
    assert await state(store, case.delivery_id) == "held"


async def test_what_is_stopped_again_by_the_same_trouble_has_no_more_time_than_before(store: Store) -> None:
    case = await held(store)
    await press(store, "replay", [case.id])
    [again] = await claim(store, now=OUT - HOUR)
    later = replace(TIMED, expire_by=OUT + 48 * HOUR)
    await store.settle(again, hold(cause="deals:1"), now=OUT - HOUR, route=later)
    assert await store.expire(now=OUT) == 1


async def test_what_expired_can_still_be_decided_and_gets_its_time_anew(store: Store) -> None:
    case = await held(store, later=0)
    await store.expire(now=OUT)
    await press(store, "replay", [case.id], now=OUT)
    [again] = await claim(store, now=OUT)
    fresh = replace(TIMED, expire_by=OUT + 48 * HOUR)
    await store.settle(again, hold(cause="deals:1"), now=OUT, route=fresh)
    assert await store.expire(now=OUT + 47 * HOUR) == 0
    assert await store.expire(now=OUT + 48 * HOUR) == 1


async def test_a_later_change_that_goes_through_replaces_the_expired_one(store: Store) -> None:
    case = await held(store)
    await store.expire(now=OUT)
    [later] = await claim(store, now=OUT)
    await store.settle(later, Deliver(bindings=()), now=OUT)
    assert await state(store, case.delivery_id) == "discarded"
    assert (await store.case(case.id)).state == "resolved"


async def test_a_dead_letter_expires_no_more_and_stands_in_nobodys_way(store: Store) -> None:
    [case] = await stopped(store, "1", step=bury(), route=TIMED)
    assert await store.expire(now=OUT) == 0
    assert (await store.case(case.id)).level == 0
    assert await rows(store, "SELECT 1 FROM cases WHERE expire_by IS NOT NULL") == []


async def test_what_waits_for_a_billing_hold_waits_for_its_release_alone(store: Store) -> None:
    await place_hold(store)
    delivery = await in_hand(store)
    await store.settle(delivery, Wait(hold_id=1, detail="held"), now=MONDAY)
    assert await store.expire(now=OUT) == 0
    assert await state(store, delivery.id) == "held"


async def test_the_queue_behind_each_exception_can_be_seen(store: Store) -> None:
    case = await held(store, later=3)
    await stopped(store, "2", step=hold(cause="deals:2"), route=TIMED)
    first, second = await store.waiting()
    assert (first.case_id, first.subject, first.title, first.behind) == (case.id, "deals:1", "Workstations", 3)
    assert (first.since, first.until, first.hold_id) == (MONDAY, OUT, None)
    assert (second.subject, second.behind) == ("deals:2", 0)
    assert [one.subject for one in await store.waiting(crowded=True)] == ["deals:1"]
    assert [one.subject for one in await store.waiting(limit=1)] == ["deals:1"]


async def test_what_waits_for_a_billing_hold_names_the_exception_that_placed_it(store: Store) -> None:
    [case] = await stopped(store, "9")
    await place_hold(store, case_id=case.id)
    delivery = await in_hand(store, "1")
    await store.settle(delivery, Wait(hold_id=1, detail="held"), now=MONDAY + MINUTE)
    [_, waits] = await store.waiting()
    assert (waits.subject, waits.case_id, waits.hold_id, waits.until) == ("deals:1", case.id, 1, None)


@pytest.mark.slow
async def test_nobody_counts_further_than_ten_thousand(store: Store) -> None:
    case = await held(store, later=0)
    many = [change("1", f"later-{number}", at=MONDAY + timedelta(seconds=number)) for number in range(1, 10_050)]
    for start in range(0, len(many), 1000):
        await receive(store, *many[start : start + 1000], now=MONDAY + MINUTE)
    [waits] = await store.waiting()
    assert (waits.case_id, waits.behind) == (case.id, 10_000)
