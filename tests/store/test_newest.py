"""Where a flow says so, the newest change of a record is enough: older ones that wait are left out, late ones are stale."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from store.ledger import Store
from store.lines import line_up, lock
from store.newest import keep_newest
from sync.model import Delivery
from sync.steps import Deliver, Pause, Retry, Step, Wait
from tests.store.words import (
    FLOW,
    HOUR,
    ROUTE,
    begin,
    change,
    claim,
    end_write,
    hold,
    opening,
    place_hold,
    press,
    receive,
    rows,
    state,
    stopped,
)
from tests.world import MONDAY

SECOND = timedelta(seconds=1)


async def arrive(store: Store, *seconds: int, record: str = "1") -> None:
    """Changes of one record, each by the second at which it occurred."""
    await receive(store, *(change(record, at=MONDAY + each * SECOND) for each in seconds))


async def at_the_door(store: Store, record: str = "1") -> int:
    """What receiving does in its transaction for a flow that wants the newest alone."""

    def work(tx: Connection) -> int:
        line = {(FLOW, f"deals:{record}")}
        lock(tx, line)
        left_out = keep_newest(tx, line, MONDAY)
        line_up(tx, line)
        return left_out

    return await store.db.write(work)


async def collapse(store: Store) -> int:
    return await store.collapse([FLOW], now=MONDAY)


async def states(store: Store) -> list[str]:
    return [row.state for row in await rows(store, "SELECT state FROM deliveries ORDER BY occurred_at, id")]


async def take(store: Store) -> Delivery:
    [one] = await claim(store, now=MONDAY + HOUR)
    return one


async def settle(store: Store, delivery: Delivery, step: Step) -> None:
    await store.settle(delivery, step, now=MONDAY, route=ROUTE)


async def test_of_several_changes_that_wait_only_the_newest_is_delivered(store: Store) -> None:
    await arrive(store, 1, 3, 2)
    await arrive(store, 1, record="2")
    assert await collapse(store) == 2
    assert await states(store) == ["discarded", "pending", "discarded", "pending"]
    assert {one.subject for one in await claim(store, now=MONDAY + HOUR)} == {"deals:1", "deals:2"}


async def test_what_is_left_out_is_in_the_journal_with_its_reason(store: Store) -> None:
    await arrive(store, 1, 2, 3)
    await collapse(store)
    [line] = [entry for entry in await store.entries(noun="delivery") if entry.verb == "supersede"]
    assert (line.data["subject"], line.data["count"], line.data["first"], line.data["last"]) == ("deals:1", 2, 1, 2)
    [row, _] = await rows(store, "SELECT detail FROM deliveries WHERE state = 'discarded'")
    assert row.detail == "a newer change of the record is in line"


async def test_a_flow_that_does_not_say_so_delivers_every_change(store: Store) -> None:
    await arrive(store, 1, 2)
    assert await store.collapse(["other"], now=MONDAY) == 0
    assert await states(store) == ["pending", "pending"]


async def test_a_newer_change_replaces_a_held_one_and_its_exception(store: Store) -> None:
    [case] = await stopped(store, "1")
    await arrive(store, 60)
    assert await collapse(store) == 1
    assert await state(store, case.delivery_id) == "discarded"
    closed = await store.case(case.id)
    assert (closed.state, closed.decided_by, closed.decision) == ("resolved", "engine", "Replaced by a newer change.")
    assert (await take(store)).id == case.delivery_id + 1


async def test_a_proposal_about_a_replaced_change_is_over_too(store: Store) -> None:
    [case] = await stopped(store, "1")
    await press(store, "propose", [case.id])
    await arrive(store, 60)
    await collapse(store)
    assert (await store.case(case.id)).state == "resolved"


async def test_what_was_held_after_a_newer_one_had_come_is_replaced_as_well(store: Store) -> None:
    await arrive(store, 1)
    older = await take(store)
    await arrive(store, 2)
    await settle(store, older, hold())
    assert await collapse(store) == 1
    assert (await take(store)).id == older.id + 1


async def test_a_newer_change_replaces_one_that_waits_for_a_billing_hold(store: Store) -> None:
    await place_hold(store)
    await arrive(store, 1)
    await settle(store, await take(store), Wait(hold_id=1, detail="held"))
    await arrive(store, 2)
    assert await collapse(store) == 1
    assert await states(store) == ["discarded", "pending"]


async def test_what_runs_is_left_alone_and_of_those_behind_it_the_newest_stays(store: Store) -> None:
    await arrive(store, 1)
    running = await take(store)
    await arrive(store, 2, 3)
    assert await collapse(store) == 1
    assert await states(store) == ["running", "discarded", "pending"]
    await settle(store, running, Deliver(bindings=()))
    assert (await take(store)).id == 3


async def test_a_change_that_comes_late_is_stale(store: Store) -> None:
    await arrive(store, 5)
    await at_the_door(store)
    await settle(store, await take(store), Deliver(bindings=()))
    await arrive(store, 3)
    assert await at_the_door(store) == 1
    assert await states(store) == ["discarded", "delivered"]
    assert [entry.verb for entry in await store.entries(noun="delivery", noun_id=2)] == ["stale"]


async def test_a_change_that_comes_while_a_newer_one_runs_is_left_out_before_its_turn(store: Store) -> None:
    await arrive(store, 5)
    await at_the_door(store)
    newer = await take(store)
    await arrive(store, 3)
    assert await at_the_door(store) == 1
    await settle(store, newer, Deliver(bindings=()))
    assert await claim(store, now=MONDAY + HOUR) == []


async def test_a_late_change_that_slipped_in_is_found_at_the_next_beat(store: Store) -> None:
    await arrive(store, 5)
    await at_the_door(store)
    await settle(store, await take(store), Deliver(bindings=()))
    await arrive(store, 3)
    assert [await collapse(store), await collapse(store)] == [1, 0]


async def test_a_change_of_the_same_moment_is_not_late(store: Store) -> None:
    await receive(store, change("1", "first"))
    await at_the_door(store)
    await settle(store, await take(store), Deliver(bindings=()))
    await receive(store, change("1", "second"))
    assert await at_the_door(store) == 0
    assert await states(store) == ["delivered", "pending"]


async def test_what_a_person_sends_round_again_is_not_late(store: Store) -> None:
    for second in (1, 2):
        await arrive(store, second)
        await at_the_door(store)
        await settle(store, await take(store), Deliver(bindings=()))
    await store.replay([1], by="UDANA", now=MONDAY)
    assert await at_the_door(store) == await collapse(store) == 0
    assert (await take(store)).id == 1


async def test_a_write_of_unknown_fate_is_settled_before_anything_newer(store: Store) -> None:
    await arrive(store, 1)
    older = await take(store)
    permit = await begin(store, older, now=MONDAY + HOUR)
    await settle(store, older, Retry(due_at=MONDAY, detail="the answer was lost"))
    await arrive(store, 2)
    assert await collapse(store) == 0
    again = await take(store)
    assert again.id == older.id
    permit = await begin(store, again, now=MONDAY + 2 * HOUR)
    await end_write(store, again, permit.write_id, "confirm", now=MONDAY + 2 * HOUR, target_id="I-1")
    await settle(store, again, Retry(due_at=MONDAY, detail="503"))
    assert await collapse(store) == 1


async def test_the_record_whose_case_tells_of_an_outage_keeps_its_place(store: Store) -> None:
    await arrive(store, 1)
    found_out = Pause(due_at=MONDAY + HOUR, opening=opening("erp_unavailable", "erp"))
    await settle(store, await take(store), found_out)
    await arrive(store, 2)
    assert await collapse(store) == 0
    [case] = await store.exceptions()
    assert (case.reason, case.state) == ("erp_unavailable", "open")


async def test_of_two_processes_that_thin_out_at_once_each_delivery_leaves_once(store: Store, other: Store) -> None:
    for record in range(20):
        await arrive(store, *range(1, 11), record=str(record))
    left_out = await asyncio.gather(*(collapse(each) for each in (store, other, store, other)))
    assert sum(left_out) == 180
    told = [entry.data["count"] for entry in await store.entries(noun="delivery") if entry.verb == "supersede"]
    assert sum(told) == 180
    assert len(await claim(store, now=MONDAY + HOUR, limit=50)) == 20


async def test_a_line_that_is_claimed_meanwhile_loses_no_change(store: Store, other: Store) -> None:
    for record in range(20):
        await arrive(store, 1, 2, record=str(record))
    claimed, left_out = await asyncio.gather(claim(other, now=MONDAY + HOUR, limit=20), collapse(store))
    running = {one.id for one in claimed}
    for row in await rows(store, "SELECT id, state FROM deliveries ORDER BY id"):
        assert row.state == "running" if row.id in running else row.state in ("pending", "discarded")
    newest = await rows(store, "SELECT 1 FROM deliveries WHERE occurred_at = (SELECT max(occurred_at) FROM deliveries)"
                               " AND state <> 'discarded'")  # fmt: skip
    assert len(newest) == 20 and left_out <= 20


@pytest.mark.slow
async def test_fifty_thousand_changes_of_one_record_become_one(store: Store) -> None:
    for start in range(0, 50_000, 1000):
        await arrive(store, *range(start, start + 1000))
    assert await collapse(store) == 49_999
    assert await collapse(store) == 0
    assert (await take(store)).id == 50_000
