"""What was read is forgotten and what is done leaves for the archive, each after its time. Nothing that anybody still needs goes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from store.ledger import Store
from sync.errors import IllegalMove
from sync.model import Delivery, WriteSpec
from sync.steps import Deliver, Discard, Retry
from tests.store.words import (
    FLOW,
    HOUR,
    MINUTE,
    ROUTE,
    begin,
    binding,
    bury,
    change,
    claim,
    end_write,
    hold,
    in_hand,
    press,
    receive,
    rows,
    spec,
    sql,
    state,
    stopped,
)
from tests.world import MONDAY

DAY = timedelta(days=1)
LATER = MONDAY + 91 * DAY
READ = {"id": "1", "dealname": "Workstations"}
TABLES = ("archive", "attempts", "deliveries", "events", "writes", "bindings", "cases")


async def forget(store: Store, now: datetime = LATER, night: str = "one", days: int = 90) -> None:
    while await store.forget(before=now - days * DAY, night=night, now=now):
        pass


async def archive(store: Store, now: datetime = LATER, night: str = "one", days: int = 90) -> None:
    while await store.archive(before=now - days * DAY, night=night, now=now):
        pass


async def arrive(store: Store, *records: str, flows: tuple[str, ...] = (FLOW,), now: datetime = MONDAY) -> None:
    changes = (change(record, at=now, payload=READ | {"id": record}) for record in records)
    await receive(store, *changes, now=now, flows={"deals": list(flows)})


async def done(store: Store, *records: str, now: datetime = MONDAY) -> list[Delivery]:
    """Deals that were billed, with all that remains of it."""
    await arrive(store, *records, now=now)
    claimed = await claim(store, now=now, limit=len(records))
    for one in claimed:
        permit = await begin(store, one, spec=write_of(one), now=now)
        await end_write(store, one, permit.write_id, "confirm", now=now, target_id=f"I-{one.subject}")
        bound = binding(f"I-{one.subject}", one.subject, one.event.record_id)
        await store.settle(one, Deliver(bindings=(bound,)), now=now, snapshot=READ)
    return claimed


def write_of(one: Delivery) -> WriteSpec:
    return spec(f"crm-{one.subject}")


async def last(store: Store, now: datetime = LATER) -> None:
    """Something is going on today, too."""
    await arrive(store, "today", now=now)


async def count(store: Store) -> dict[str, int]:
    found = [await rows(store, f"SELECT count(*) AS many FROM {table}") for table in TABLES]
    return {table: row.many for table, [row] in zip(TABLES, found, strict=True)}


async def payloads(store: Store) -> list[int]:
    return [row.id for row in await rows(store, "SELECT id FROM events WHERE payload IS NOT NULL ORDER BY id")]


async def snapshots(store: Store) -> list[int]:
    return [row.delivery_id for row in await rows(store, "SELECT delivery_id FROM attempts WHERE snapshot IS NOT NULL")]


async def test_what_was_read_is_forgotten_after_its_time_and_not_before(store: Store) -> None:
    await done(store, "1")
    await forget(store, MONDAY + 90 * DAY)
    assert (await payloads(store), await snapshots(store)) == ([1], [1])
    await forget(store, MONDAY + 90 * DAY + MINUTE, night="two")
    assert (await payloads(store), await snapshots(store)) == ([], [])


async def test_what_is_done_leaves_for_the_archive_and_its_writes_and_bindings_stay(store: Store) -> None:
    await done(store, "1", "2")
    before = await count(store)
    await last(store)
    await archive(store)
    after = await count(store)
    assert (after["archive"], after["deliveries"], after["attempts"]) == (2, 1, 0)
    assert all(after[table] == before[table] for table in ("writes", "bindings", "cases"))
    [one, _] = await rows(store, "SELECT * FROM archive ORDER BY delivery_id")
    assert (one.event_id, one.flow, one.subject, one.state) == (1, FLOW, "deals:1", "delivered")
    assert await store.bound("crm", "erp", "invoice") == {"1": "I-deals:1", "2": "I-deals:2"}
    assert await payloads(store) == [3]
    assert (await store.verify_journal())[1] is None


async def test_a_repeat_years_later_is_still_a_duplicate(store: Store) -> None:
    await done(store, "1")
    await last(store)
    await archive(store)
    again = await receive(store, change("1", payload=READ), now=LATER)
    assert (again.received, again.duplicates) == (0, 1)


async def test_the_story_of_an_archived_event_is_still_told(store: Store) -> None:
    [one] = await done(store, "1")
    await last(store)
    await archive(store)
    story = await store.trace(one.event.id)
    [told] = story["deliveries"]
    assert (told["id"], told["state"], told["attempts"]) == (one.id, "delivered", [])
    assert told["detail"] == f"archived {LATER:%Y-%m-%d}, 1 attempt"
    assert [each["target"] for each in told["writes"]] == ["I-deals:1"]


async def test_a_record_whose_old_delivery_is_archived_is_written_once_all_the_same(store: Store) -> None:
    await done(store, "1")
    await last(store)
    await archive(store)
    await receive(store, change("1", "again", at=LATER), now=LATER)
    [again] = [one for one in await claim(store, now=LATER) if one.subject == "deals:1"]
    permit = await begin(store, again, spec=write_of(again), now=LATER)
    assert (type(permit).__name__, permit.target_id) == ("Done", "I-deals:1")


async def test_what_is_archived_cannot_be_replayed(store: Store) -> None:
    [one] = await done(store, "1")
    await last(store)
    await archive(store)
    with pytest.raises(IllegalMove, match="nothing to replay"):
        await store.replay([one.event.id], by="UDANA", now=LATER)


@pytest.mark.parametrize("how", ["pending", "running", "held", "dead"])
async def test_what_is_unfinished_stays_whole_however_old(store: Store, how: str) -> None:
    await arrive(store, "1")
    if how != "pending":
        [one] = await claim(store)
        if how != "running":
            await store.settle(one, hold() if how == "held" else bury(), now=MONDAY, route=ROUTE, snapshot=READ)
    await last(store)
    await forget(store)
    await archive(store)
    assert await payloads(store) == [1, 2]
    assert (await count(store))["archive"] == 0
    assert await state(store, 1) == how


async def test_what_has_an_unresolved_case_stays_whole(store: Store) -> None:
    [case] = await stopped(store, "1")
    await press(store, "replay", [case.id])
    [one] = await claim(store, now=MONDAY + HOUR)
    await store.settle(one, Discard(why="not won"), now=MONDAY + HOUR, snapshot=READ)
    reopen = "UPDATE cases SET state = 'open', resolved_at = NULL, decided_by = ''"
    await sql(store, reopen)
    await last(store)
    await forget(store)
    await archive(store)
    assert await snapshots(store) == [one.id]
    assert (await count(store))["archive"] == 0


async def test_a_write_of_unknown_fate_keeps_its_delivery(store: Store) -> None:
    one = await in_hand(store)
    await begin(store, one)
    await store.settle(one, Discard(why="not won"), now=MONDAY)
    await last(store)
    await archive(store)
    assert (await count(store))["archive"] == 0


async def test_a_payload_that_another_flow_still_needs_is_not_forgotten(store: Store) -> None:
    await arrive(store, "1", flows=(FLOW, "other"))
    one, other = await claim(store)
    await store.settle(one, Deliver(bindings=()), now=MONDAY, snapshot=READ)
    await store.settle(other, Retry(due_at=LATER, detail="503"), now=MONDAY, snapshot=READ)
    await last(store)
    await forget(store)
    assert await payloads(store) == [1, 2]
    assert await snapshots(store) == [other.id]


async def test_an_event_that_no_flow_wanted_is_emptied_too(store: Store) -> None:
    await arrive(store, "1", flows=())
    await forget(store)
    assert await payloads(store) == []


async def test_what_was_left_over_is_looked_at_again_the_next_night(store: Store) -> None:
    await done(store, "1")
    [case] = await stopped(store, "2")
    await done(store, "3")
    await last(store)
    await archive(store)
    assert [row.event_id for row in await rows(store, "SELECT event_id FROM archive")] == [1, 3]
    await press(store, "discard", [case.id], now=LATER)
    await archive(store, LATER + 91 * DAY, night="two")
    assert [row.event_id for row in await rows(store, "SELECT event_id FROM archive ORDER BY event_id")] == [1, 2, 3]


async def test_a_night_has_one_round_and_what_ripens_meanwhile_waits_for_the_next(store: Store) -> None:
    await done(store, "1")
    await forget(store, MONDAY + DAY)
    await forget(store, LATER)
    assert await payloads(store) == [1]
    await forget(store, LATER, night="two")
    assert await payloads(store) == []


async def test_a_process_whose_clock_lags_begins_no_round_of_yesterday(store: Store) -> None:
    await done(store, "1")
    await forget(store, MONDAY + DAY, night="two")
    await forget(store, LATER, night="one")
    assert await payloads(store) == [1]


async def test_the_number_of_an_archived_delivery_is_never_given_away_again(store: Store) -> None:
    [one] = await done(store, "1")
    await archive(store)
    assert await state(store, one.id) == "delivered"  # the last one stays until there is another
    await last(store)
    await archive(store, night="two")
    assert [row.delivery_id for row in await rows(store, "SELECT delivery_id FROM archive")] == [one.id]


async def test_what_was_finished_late_is_kept_from_then_on(store: Store) -> None:
    finished = MONDAY + 80 * DAY
    await arrive(store, "1")
    [one] = await claim(store)
    await store.settle(one, Retry(due_at=finished, detail="503"), now=MONDAY)
    [one] = await claim(store, now=finished)
    await store.settle(one, Deliver(bindings=()), now=finished, snapshot=READ)
    await last(store)
    for work in (forget, archive):
        await work(store, LATER)
        assert ((await count(store))["archive"], await payloads(store), await snapshots(store)) == (0, [1, 2], [1])
    for work in (forget, archive):
        await work(store, LATER + 80 * DAY, night="two")
    assert ((await count(store))["archive"], await payloads(store)) == (1, [2])


async def test_a_round_is_shared_by_all_who_work_on_it(store: Store, other: Store) -> None:
    names = [f"d{number}" for number in range(2500)]
    for start in range(0, 2500, 500):
        await arrive(store, *names[start : start + 500])
    await sql(store, "UPDATE deliveries SET state = 'delivered', front = false, lease = NULL, leased_until = NULL")
    await last(store)
    await asyncio.gather(forget(store), forget(other), archive(store), archive(other))
    assert (await count(store))["archive"] == 2500
    parts = [entry.data for entry in await store.entries(noun="events", limit=20)]
    assert sum(data.get("archived", 0) for data in parts) == 2500
    assert sum(data.get("payloads", 0) for data in parts) == 2500
    assert {entry.verb for entry in await store.entries(noun="events")} == {"retire"}
    assert await payloads(store) == [2501]


async def test_whoever_dies_in_the_middle_of_a_night_leaves_the_rest_to_the_others(store: Store, other: Store) -> None:
    for start in range(0, 2000, 500):
        await arrive(store, *(f"d{number}" for number in range(start, start + 500)), flows=())
    assert await store.forget(before=LATER - 90 * DAY, night="one", now=LATER)
    assert len(await payloads(store)) == 1000
    await forget(other)
    assert await payloads(store) == []
