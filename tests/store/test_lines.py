"""Lines: exactly one delivery of a flow and subject is in front, it is the right one, and none is forgotten, whoever else is
at work on the same line."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.util import await_only

from store import lines
from store.ledger import Store
from sync.model import Delivery, Want
from sync.steps import Deliver, Discard
from tests.store.gates import at_rest, before_its_commit, on_postgres
from tests.store.words import HOUR, MINUTE, bury, change, claim, press, receive, rows, sql, stopped
from tests.world import MONDAY

DONE = Deliver(bindings=())
FIRST, SECOND, THIRD = (change("1", word, sequence=at) for at, word in enumerate(("first", "second", "third"), 1))


async def keys(store: Store, claimed: list[Delivery]) -> list[str]:
    """What they were received as."""
    found = {row.id: row.key for row in await rows(store, "SELECT id, key FROM events")}
    return [found[one.event.id] for one in claimed]


async def given_out(store: Store) -> list[str]:
    """What a worker gets now, settles and gets next, until nothing comes any more."""
    order = []
    while claimed := await claim(store, now=MONDAY + HOUR, limit=1):
        order += await keys(store, claimed)
        await store.settle(claimed[0], DONE, now=MONDAY + HOUR)
    return order


async def test_a_line_has_one_front_whatever_the_code_believes(store: Store) -> None:
    await receive(store, FIRST, SECOND)
    with pytest.raises(IntegrityError):
        await sql(store, "UPDATE deliveries SET front = true")
    assert len(await rows(store, "SELECT 1 FROM deliveries WHERE front = true")) == 1


async def test_of_a_line_one_is_under_way_whatever_the_code_believes(store: Store) -> None:
    await receive(store, FIRST, SECOND)
    await claim(store)
    with pytest.raises(IntegrityError):
        await sql(store, "UPDATE deliveries SET state = 'running', lease = 'x', leased_until = due_at "
                         "WHERE state = 'pending'")  # fmt: skip
    assert len(await rows(store, "SELECT 1 FROM deliveries WHERE state = 'running'")) == 1


async def test_when_one_is_done_the_next_of_its_line_is_given_out(store: Store) -> None:
    await receive(store, FIRST, SECOND, THIRD)
    assert await given_out(store) == ["first", "second", "third"]


async def test_an_earlier_change_that_comes_late_goes_first_all_the_same(store: Store) -> None:
    await receive(store, THIRD)
    await receive(store, SECOND)
    await receive(store, FIRST)
    assert await given_out(store) == ["first", "second", "third"]


async def test_an_earlier_change_that_comes_while_a_later_one_runs_waits_for_its_end(store: Store) -> None:
    await receive(store, SECOND)
    [running] = await claim(store)
    await receive(store, FIRST, THIRD)
    assert await claim(store) == []
    await store.settle(running, DONE, now=MONDAY)
    assert await given_out(store) == ["first", "third"]


async def test_what_is_replayed_goes_again_and_before_its_later_changes(store: Store) -> None:
    await receive(store, FIRST)
    assert await given_out(store) == ["first"]
    await store.replay([1], by="UDANA", now=MONDAY)
    assert await given_out(store) == ["first"]
    await receive(store, SECOND)
    await store.replay([1], by="UDANA", now=MONDAY)
    assert await given_out(store) == ["first", "second"]


async def test_a_dead_letter_that_is_replayed_by_its_card_goes_before_what_came_later(store: Store) -> None:
    [case] = await stopped(store, "1", step=bury(cause="deals:1"))
    await receive(store, change("1", "later", at=MONDAY + MINUTE))
    await press(store, "replay", [case.id])
    assert await given_out(store) == [change().key, "later"]


async def test_of_each_flow_and_subject_there_is_a_line_of_its_own(store: Store) -> None:
    await receive(store, FIRST, change("2"), flows={"deals": ["bill", "mirror"]})
    claimed = await claim(store, flows={"bill": Want(most=9), "mirror": Want(most=9)})
    assert sorted((one.flow, one.subject) for one in claimed) == [
        ("bill", "deals:1"), ("bill", "deals:2"), ("mirror", "deals:1"), ("mirror", "deals:2"),
    ]  # fmt: skip


@on_postgres
async def test_a_change_that_comes_in_while_its_forerunner_is_settled_is_not_forgotten(
    ledger: str, store: Store
) -> None:
    await receive(store, FIRST)
    [running] = await claim(store)
    async with before_its_commit(ledger, lambda one: one.settle(running, DONE, now=MONDAY)) as settling:
        coming = asyncio.create_task(receive(store, SECOND))
        await at_rest(store, coming)
    await asyncio.gather(settling, coming)
    assert await given_out(store) == ["second"]


@on_postgres
async def test_a_forerunner_that_is_settled_while_a_change_comes_in_does_not_overlook_it(
    ledger: str, store: Store
) -> None:
    await receive(store, FIRST)
    [running] = await claim(store)
    async with before_its_commit(ledger, lambda one: receive(one, SECOND)) as coming:
        settling = asyncio.create_task(store.settle(running, DONE, now=MONDAY))
        await at_rest(store, settling)
    await asyncio.gather(settling, coming)
    assert await given_out(store) == ["second"]


@on_postgres
async def test_two_processes_that_hear_of_one_record_at_once_put_it_in_order(ledger: str, store: Store) -> None:
    async with before_its_commit(ledger, lambda one: receive(one, SECOND)) as later:
        earlier = asyncio.create_task(receive(store, FIRST))
        await at_rest(store, earlier)
    assert [each.received for each in await asyncio.gather(earlier, later)] == [1, 1]
    assert await given_out(store) == ["first", "second"]


@on_postgres
@pytest.mark.parametrize("how", ["by name", "by its card"])
async def test_what_is_replayed_while_another_of_its_line_is_settled_is_not_forgotten(
    ledger: str, store: Store, how: str
) -> None:
    [case] = await stopped(store, "1", step=bury(cause="deals:1"))
    await receive(store, change("1", "later", at=MONDAY + MINUTE))
    [running] = await claim(store, now=MONDAY + HOUR)
    ignored = Discard(why="not won")  # supersedes nothing
    async with before_its_commit(ledger, lambda one: one.settle(running, ignored, now=MONDAY + HOUR)) as settling:
        by_name = how == "by name"
        again = store.replay([1], by="UDANA", now=MONDAY) if by_name else press(store, "replay", [case.id])
        pressing = asyncio.create_task(again)
        await at_rest(store, pressing)
    await asyncio.gather(settling, pressing)
    assert await given_out(store) == [change().key]


@on_postgres
async def test_a_delivery_that_is_claimed_while_an_earlier_one_comes_in_stays_in_front(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await receive(store, SECOND)
    taken: list[Delivery] = []
    demote = lines._DEMOTE.changed

    def after_a_claim(tx: Connection, behind: Any) -> int:
        if not taken:
            taken.extend(await_only(claim(other)))
        return demote(tx, behind)

    monkeypatch.setattr(lines._DEMOTE, "changed", after_a_claim)
    await receive(store, FIRST)
    assert await keys(store, taken) == ["second"]
    assert await claim(store) == []
    await store.settle(taken[0], DONE, now=MONDAY)
    assert await given_out(store) == ["first"]
