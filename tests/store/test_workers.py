"""Whoever works says so; of many who see a silence, one tells it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from store.ledger import Store
from store.workers import Worker
from tests.store.words import FLOWS, HOUR, MINUTE, change, claim, in_hand, receive, rows, sql
from tests.world import MONDAY


def worker(name: str = "a", role: str = "worker", at: datetime = MONDAY) -> Worker:
    return Worker(name=name, role=role, started_at=MONDAY, beat_at=at)


async def test_a_process_has_one_row_that_it_renews_until_it_leaves(store: Store) -> None:
    for minutes in (0, 1, 2):
        await store.beat(worker(at=MONDAY + minutes * MINUTE))
    assert await store.workers() == [worker(at=MONDAY + 2 * MINUTE)]
    await store.leave("b")
    assert len(await store.workers()) == 1
    await store.leave("a")
    assert await store.workers() == []


async def test_who_has_not_renewed_a_row_for_a_day_is_forgotten(store: Store) -> None:
    await store.beat(worker("killed"))
    await store.beat(worker("alive", at=MONDAY + 24 * HOUR))
    assert [one.name for one in await store.workers()] == ["alive", "killed"]
    await store.beat(worker("alive", at=MONDAY + 24 * HOUR + MINUTE))
    assert [one.name for one in await store.workers()] == ["alive"]


async def test_only_an_engine_counts_as_somebody_who_works(store: Store) -> None:
    await store.beat(worker("bot", "bot", MONDAY + HOUR))
    assert (await store.pulse()).beat_at is None
    await store.beat(worker("one", "worker"))
    await store.beat(worker("both", "all", MONDAY + MINUTE))
    assert (await store.pulse()).beat_at == MONDAY + MINUTE
    assert {one.name: one.is_engine for one in await store.workers()} == {"bot": False, "one": True, "both": True}


async def test_of_many_who_see_a_silence_one_tells_each_channel_and_one_tells_its_end(
    store: Store, other: Store
) -> None:
    async def tell(each: Store, channel: str) -> bool:
        return await each.tell_silence(channel, "silent", {"text": "silent"}, since=MONDAY, now=MONDAY + MINUTE)

    told = await asyncio.gather(*(tell(each, channel) for each in (store, other) * 3 for channel in ("C1", "C2")))
    assert sum(told) == 2
    assert (await store.pulse()).told == {"C1": MONDAY, "C2": MONDAY}
    ends = [each.end_silence("C1", "back", {"text": "back"}, now=MONDAY + HOUR) for each in (store, other) * 3]
    assert sum(await asyncio.gather(*ends)) == 1
    assert (await store.pulse()).told == {"C2": MONDAY}
    said = await rows(store, "SELECT channel, text FROM messages ORDER BY id")
    assert sorted(map(tuple, said)) == [("C1", "back"), ("C1", "silent"), ("C2", "silent")]
    assert await tell(store, "C1"), "the next silence is told again"


async def test_the_oldest_due_delivery_of_each_flow_is_known(store: Store) -> None:
    flows = {"deals": ["bill", "mirror"], "companies": ["names"]}
    await receive(store, *(change(str(number)) for number in range(20)), flows=flows)
    await receive(store, change("c", entity="companies"), flows=flows, now=MONDAY + MINUTE)
    assert await store.oldest_due(now=MONDAY) == {"bill": MONDAY, "mirror": MONDAY}
    both = {"bill": MONDAY, "mirror": MONDAY, "names": MONDAY + MINUTE}
    assert await store.oldest_due(now=MONDAY + HOUR) == both
    assert await store.due_by_flow(["bill", "names"], now=MONDAY + HOUR) == {"bill": 20, "names": 1}


async def test_what_runs_or_waits_behind_another_is_not_due(store: Store) -> None:
    await in_hand(store)
    await receive(store, change("1", at=MONDAY + MINUTE))
    assert await store.oldest_due(now=MONDAY + HOUR) == {}
    assert await store.due_by_flow(["bill"], now=MONDAY + HOUR) == {}


async def test_nothing_is_looked_through_to_find_the_oldest(store: Store) -> None:
    """A backlog costs nothing: what is not in front of its line is not in the index that is asked."""
    await receive(store, *(change("1", at=MONDAY + timedelta(seconds=at)) for at in range(500)), flows=FLOWS)
    assert len(await claim(store)) == 1
    assert await store.oldest_due(now=MONDAY + HOUR) == {}


async def test_the_probe_commits_and_knows_the_schema(store: Store, other: Store) -> None:
    probes = await asyncio.gather(*(each.probe(now=MONDAY) for each in (store, other) * 5))
    assert {(one.schema, one.beat_at) for one in probes} == {("", None)}
    assert [tuple(row) for row in await rows(store, "SELECT name, slot FROM ticks")] == [("ready", "asked")]
    await store.beat(worker())
    assert (await store.probe(now=MONDAY)).beat_at == MONDAY


async def test_a_schema_that_changes_underneath_is_noticed(store: Store) -> None:
    for version, word in (("9999", "newer"), ("0001", "older")):
        await sql(store, f"UPDATE alembic_version SET version_num = '{version}'")
        assert word in (await store.probe(now=MONDAY)).schema
