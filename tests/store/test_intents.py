"""Intents: the ledger knows of a write before the target does, and never lets two send what one should."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.util import await_only

from store import writes
from store.ledger import Store
from sync.errors import LeaseLost
from sync.model import Bills, Delivery
from sync.ports import Busy, Differs, Done, Go, Held
from tests.store.gates import at_rest, before_its_commit, on_postgres
from tests.store.words import MINUTE, begin, change, claim, end_write, in_hand, place_hold, receive, rows, spec
from tests.world import MONDAY

SECOND = timedelta(seconds=1)


async def confirm(store: Store, delivery: Delivery, write_id: int, target: str = "I-1") -> None:
    await end_write(store, delivery, write_id, "confirm", now=MONDAY, target_id=target, record={"number": "INV-1"})


async def taken_over(store: Store) -> tuple[Delivery, Delivery]:
    """A delivery whose worker was frozen, and the same one in another worker's hands."""
    frozen = await in_hand(store)
    [owner] = await claim(store, now=MONDAY + 2 * MINUTE)
    return frozen, owner


async def test_a_first_write_may_go_and_is_on_record_before_the_call(store: Store) -> None:
    delivery = await in_hand(store)
    assert await begin(store, delivery) == Go(write_id=1)
    [row] = await rows(store, "SELECT state, sends FROM writes")
    assert (row.state, row.sends) == ("sent", 1)
    assert await store.written([spec()]) == {}


async def test_a_confirmed_write_is_not_sent_again(store: Store) -> None:
    delivery = await in_hand(store)
    go = await begin(store, delivery)
    await confirm(store, delivery, go.write_id)
    again = await begin(store, delivery)
    assert again == Done(write_id=1, target_id="I-1", record={"number": "INV-1"})
    assert (await store.written([spec()]))["invoice"][1].id == "I-1"


async def test_what_one_flow_sent_was_not_sent_by_another(store: Store) -> None:
    """Two flows may name their records alike; each answers for its own."""
    delivery = await in_hand(store)
    await begin(store, delivery)
    one = spec()
    asked = (one.connection, one.entity, one.operation, one.key)
    assert await store.sent(*asked) and await store.sent(*asked, flow=delivery.flow)
    assert not await store.sent(*asked, flow="another_flow")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("create", Differs(write_id=1, target_id="I-1")),
        ("post", Differs(write_id=1, target_id="I-1")),
        ("upsert", Go(write_id=1, target_id="I-1")),
        ("update", Go(write_id=1, target_id="I-1")),
    ],
)
async def test_other_content_changes_what_may_change_and_nothing_else(
    store: Store, operation: str, expected: object
) -> None:
    delivery = await in_hand(store)
    go = await begin(store, delivery, spec=spec(operation=operation))
    await confirm(store, delivery, go.write_id)
    assert await begin(store, delivery, spec=spec(operation=operation), print_="other") == expected


async def test_an_unknown_write_rests_before_anybody_reads_it_back(store: Store) -> None:
    delivery = await in_hand(store)
    go = await begin(store, delivery)
    until = MONDAY + 5 * SECOND
    await end_write(store, delivery, go.write_id, "doubt", now=MONDAY, detail="the answer was lost", rests_until=until)
    early = await begin(store, delivery, now=MONDAY + 4 * SECOND)
    assert isinstance(early, Busy)
    assert early.until == until
    later = await begin(store, delivery, now=MONDAY + 5 * SECOND)
    assert later == Go(write_id=1, again=True)
    [row] = await rows(store, "SELECT state, sends FROM writes")
    assert (row.state, row.sends) == ("sent", 2)


async def test_a_write_whose_worker_died_in_the_call_rests_too_and_is_read_back(store: Store) -> None:
    dying = await in_hand(store)
    await store.begin_write(dying, spec(), "same", quarantine_seconds=300, lease_seconds=60, now=MONDAY)
    [back] = await claim(store, now=MONDAY + 2 * MINUTE)
    early = await begin(store, back, now=MONDAY + 2 * MINUTE)
    assert isinstance(early, Busy)
    latest = MONDAY + 5 * MINUTE + 30 * SECOND  # it may have called when half of its lease was over
    assert early.until == latest
    assert await begin(store, back, now=latest) == Go(write_id=1, again=True)


async def test_a_refused_write_may_be_sent_again_at_once(store: Store) -> None:
    delivery = await in_hand(store)
    go = await begin(store, delivery)
    await end_write(store, delivery, go.write_id, "refuse", now=MONDAY, detail="422")
    assert await begin(store, delivery) == Go(write_id=1)


async def test_while_another_delivery_writes_the_key_ours_waits(store: Store) -> None:
    first = await in_hand(store, "1")
    second = await in_hand(store, "2")
    await begin(store, first)
    busy = await begin(store, second)
    assert isinstance(busy, Busy)
    assert "delivery 1 is writing" in busy.detail
    assert busy.until > MONDAY


async def test_of_two_that_begin_one_write_at_once_one_goes(store: Store, other: Store) -> None:
    first, second = await in_hand(store, "1"), await in_hand(store, "2")
    permits = await asyncio.gather(begin(store, first), begin(other, second))
    assert sorted(type(one).__name__ for one in permits) == ["Busy", "Go"]


async def test_different_operations_on_one_key_are_different_writes(store: Store) -> None:
    delivery = await in_hand(store)
    await begin(store, delivery)
    assert isinstance(await begin(store, delivery, spec=spec(operation="post")), Go)
    assert isinstance(await begin(store, delivery, spec=spec(connection="shop")), Go)


async def test_whoever_lost_the_lease_may_not_begin_a_write(store: Store) -> None:
    frozen, owner = await taken_over(store)
    with pytest.raises(LeaseLost):
        await begin(store, frozen, now=MONDAY + 2 * MINUTE)
    assert await rows(store, "SELECT 1 FROM writes") == []
    assert isinstance(await begin(store, owner, now=MONDAY + 2 * MINUTE), Go)


async def test_whoever_lost_the_lease_to_a_clock_that_is_ahead_may_not_begin_a_write(store: Store) -> None:
    slow, _ = await taken_over(store)
    assert slow.leased_until == MONDAY + MINUTE, "by its own clock it has the lease for a minute yet"
    with pytest.raises(LeaseLost):
        await begin(store, slow)
    assert await rows(store, "SELECT 1 FROM writes") == []


@pytest.mark.parametrize("verb", ["confirm", "refuse", "doubt"])
async def test_whoever_lost_the_write_may_not_end_it(store: Store, verb: str) -> None:
    frozen = await in_hand(store)
    go = await begin(store, frozen)
    [owner] = await claim(store, now=MONDAY + 2 * MINUTE)
    await begin(store, owner, now=MONDAY + 2 * MINUTE)
    with pytest.raises(LeaseLost):
        await end_write(store, frozen, go.write_id, verb, now=MONDAY, target_id="I-9")
    [row] = await rows(store, "SELECT state, target_id FROM writes")
    assert (row.state, row.target_id) == ("sent", None)


async def test_a_write_ends_once(store: Store) -> None:
    delivery = await in_hand(store)
    go = await begin(store, delivery)
    await confirm(store, delivery, go.write_id)
    with pytest.raises(LeaseLost):
        await end_write(store, delivery, go.write_id, "doubt", now=MONDAY)
    assert (await store.written([spec()]))["invoice"][1].id == "I-1"


async def test_beginning_a_write_renews_the_lease(store: Store) -> None:
    delivery = await in_hand(store)
    await begin(store, delivery, now=MONDAY + 50 * SECOND)
    assert await claim(store, now=MONDAY + 90 * SECOND) == []
    await receive(store, change("2"))
    assert [one.subject for one in await claim(store, now=MONDAY + 111 * SECOND)] == ["deals:1", "deals:2"]


async def test_a_write_whose_worker_is_still_at_it_is_not_taken_over_however_long_it_rested(store: Store) -> None:
    first, second = await in_hand(store, "1"), await in_hand(store, "2")
    await begin(store, first)
    busy = await begin(store, second, now=MONDAY + 30 * SECOND)
    assert isinstance(busy, Busy)
    assert "delivery 1 is writing" in busy.detail
    later = MONDAY + 61 * SECOND
    assert await begin(store, second, now=later) == Go(write_id=1, again=True), "its worker is gone by now"


async def test_of_two_that_begin_one_write_in_one_batch_each_hears_its_own_answer(store: Store) -> None:
    taken = [await in_hand(store, str(record)) for record in range(4)]
    keys = ("a", "b", "a", "c")
    asked = (begin(store, one, spec=spec(key)) for one, key in zip(taken, keys, strict=True))
    permits = await asyncio.gather(*asked)
    assert [type(one).__name__ for one in permits] == ["Go", "Go", "Busy", "Go"]
    made = {row.id: row.key for row in await rows(store, "SELECT id, key FROM writes")}
    assert [made[one.write_id] for one in permits if isinstance(one, Go)] == ["a", "b", "c"]


async def begin_for(store: Store, delivery: Delivery, customer: str) -> object:
    return await store.begin_write(
        delivery,
        spec(),
        "same",
        quarantine_seconds=5,
        lease_seconds=60,
        now=MONDAY,
        bills=Bills(flow="bill", customer=customer),
    )


async def test_a_customer_that_is_on_hold_gets_no_permit_and_nothing_is_on_record(store: Store) -> None:
    hold_id = await place_hold(store, "77")
    delivery = await in_hand(store)
    held = await begin_for(store, delivery, "77")
    assert isinstance(held, Held)
    assert (held.hold.id, held.hold.key) == (hold_id, "77")
    assert await rows(store, "SELECT 1 FROM writes") == []
    assert isinstance(await begin_for(store, delivery, "78"), Go)


async def test_what_was_written_before_the_hold_is_still_known_to_be_done(store: Store) -> None:
    delivery = await in_hand(store)
    go = await begin(store, delivery)
    await confirm(store, delivery, go.write_id)
    await place_hold(store, "77")
    assert isinstance(await begin_for(store, delivery, "77"), Done)


@on_postgres
async def test_of_two_processes_that_begin_one_write_at_once_one_goes(ledger: str, store: Store) -> None:
    first, second = await in_hand(store, "1"), await in_hand(store, "2")
    async with before_its_commit(ledger, lambda one: begin(one, first)) as ahead:
        behind = asyncio.create_task(begin(store, second))
        await at_rest(store, behind)
    assert [type(one).__name__ for one in await asyncio.gather(ahead, behind)] == ["Go", "Busy"]


@on_postgres
async def test_of_two_processes_that_send_a_refused_write_again_one_goes(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await in_hand(store, "1"), await in_hand(store, "2")
    go = await begin(store, first)
    await end_write(store, first, go.write_id, "refuse", now=MONDAY, detail="422")
    send, faster = writes._send, list[object]()

    def after_somebody_else(tx: Connection, ask: Any, row: Any) -> bool:
        if not faster:
            faster.append(None)
            faster[0] = await_only(begin(other, second))
        return send(tx, ask, row)

    monkeypatch.setattr(writes, "_send", after_somebody_else)
    slower = await begin(store, first)
    assert [type(one).__name__ for one in (*faster, slower)] == ["Go", "Busy"]
    [row] = await rows(store, "SELECT sends, delivery_id FROM writes")
    assert (row.sends, row.delivery_id) == (2, second.id)


async def overtaken(store: Store, other: Store, patch: pytest.MonkeyPatch) -> tuple[Delivery, Any]:
    """A frozen worker begins a write, and another one claims its delivery just before the lease is renewed: the other's
    delivery, and what the frozen one heard."""
    frozen, later = await in_hand(store), MONDAY + 2 * MINUTE
    taken: list[Delivery] = []

    def after_a_claim(renew: Any) -> Any:
        def renewed(tx: Connection, asked: Any) -> Any:
            if not taken:
                taken.extend(await_only(claim(other, now=later, lease_seconds=600.0)))
            return renew(tx, asked)

        return renewed

    for how in ("run", "changed"):
        patch.setattr(writes._RENEWED, how, after_a_claim(getattr(writes._RENEWED, how)))
    [heard] = await asyncio.gather(begin(store, frozen, now=later), return_exceptions=True)
    return taken[0], heard


@on_postgres
async def test_a_lease_that_changes_hands_while_its_old_owner_begins_a_write_stays_with_the_new_one(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _ = await overtaken(store, other, monkeypatch)
    assert await claim(store, now=owner.leased_until) == []
    assert [one.id for one in await claim(store, now=owner.leased_until + SECOND)] == [owner.id]


@on_postgres
async def test_a_worker_whose_lease_changes_hands_while_it_begins_a_write_hears_of_it(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, heard = await overtaken(store, other, monkeypatch)
    assert isinstance(heard, LeaseLost)
    assert await rows(store, "SELECT 1 FROM writes") == []
