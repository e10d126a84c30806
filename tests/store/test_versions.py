"""Versions and turns: an older state never overwrites a newer one, and what only one may send is sent by one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from store.ledger import Store
from sync.model import Delivery, Turn, Version
from sync.ports import Busy, Done, Go, Stale
from tests.store.words import MINUTE, change, claim, end_write, in_hand, receive, rows, spec
from tests.world import MONDAY

TURN = Turn(name="erp/", holder="one")
SECOND = timedelta(seconds=1)


def version(at: int, sequence: int = 0, by: str = "timed") -> Version:
    return Version(by=by, at=at, sequence=sequence)


async def ask(store: Store, delivery: Delivery, print_: str, at: Version | None, **more: Any) -> Any:
    now = more.pop("now", MONDAY)
    given = more.pop("spec", spec(operation="upsert"))
    return await store.begin_write(
        delivery, given, print_, quarantine_seconds=5, lease_seconds=60, now=now, version=at, **more
    )


async def written(store: Store, delivery: Delivery, print_: str, at: Version | None) -> None:
    go = await ask(store, delivery, print_, at)
    assert isinstance(go, Go)
    await end_write(store, delivery, go.write_id, "confirm", now=MONDAY, target_id="C-1", record={"name": print_})


async def test_an_older_state_does_not_overwrite_a_newer_one_and_the_journal_says_so(store: Store) -> None:
    delivery = await in_hand(store)
    await written(store, delivery, "new", version(5))
    assert await ask(store, delivery, "old", version(4)) == Stale(write_id=1, target_id="C-1", record={"name": "new"})
    assert [row.verb for row in await rows(store, "SELECT verb FROM journal")][-1] == "write_stale"
    assert isinstance(await ask(store, delivery, "as new", version(5)), Go), "what is as new may be written"


async def test_a_state_that_was_seen_again_later_counts_as_of_then(store: Store) -> None:
    delivery = await in_hand(store)
    await written(store, delivery, "same", version(1))
    assert isinstance(await ask(store, delivery, "same", version(3)), Done)
    assert isinstance(await ask(store, delivery, "between", version(2)), Stale)
    await store.still_so([spec(operation="upsert")], version(7))
    await store.still_so([spec(operation="upsert")], version(6))
    assert [row.version for row in await rows(store, "SELECT version FROM writes")] == [7]


async def test_what_happened_at_one_moment_is_ordered_by_the_sources_sequence(store: Store) -> None:
    delivery = await in_hand(store)
    await written(store, delivery, "second", version(5, 2))
    assert isinstance(await ask(store, delivery, "first", version(5, 1)), Stale)
    assert isinstance(await ask(store, delivery, "third", version(5, 3)), Go)


async def test_versions_of_two_kinds_and_none_are_not_compared(store: Store) -> None:
    delivery = await in_hand(store)
    await written(store, delivery, "timed", version(5))
    assert isinstance(await ask(store, delivery, "counted", version(1, by="counted")), Go)


async def test_an_older_state_does_not_follow_a_newer_one_whose_fate_is_unknown(store: Store) -> None:
    delivery = await in_hand(store)
    await ask(store, delivery, "new", version(5))
    later = MONDAY + 40 * SECOND
    assert isinstance(await ask(store, delivery, "old", version(4), now=later), Stale)
    assert isinstance(await ask(store, delivery, "new", version(5), now=later), Go)


async def two(store: Store) -> tuple[Delivery, Delivery]:
    await receive(store, change("1", "a"), change("2", "b"))
    one, other = await claim(store, limit=2)
    return one, other


async def test_of_two_postings_of_one_company_one_waits_for_the_other(store: Store, other: Store) -> None:
    first, second = await two(store)
    mine, theirs = spec(operation="post", key="a"), spec(operation="post", key="b")
    assert isinstance(await ask(store, first, "", None, spec=mine, turn=TURN), Go)
    rival = Turn(name="erp/", holder="two")
    busy = await ask(other, second, "", None, spec=theirs, turn=rival)
    assert isinstance(busy, Busy) and "one at a time" in busy.detail
    elsewhere = Turn(name="erp/ltd", holder="two")
    assert isinstance(await ask(other, second, "", None, spec=theirs, turn=elsewhere), Go), "another company's books"
    assert isinstance(await ask(other, second, "", None, spec=spec(operation="post", key="c"), turn=rival), Busy)
    await other.end_turn(rival)
    assert isinstance(await ask(other, second, "", None, spec=spec(operation="post", key="c"), turn=rival), Busy), (
        "not theirs to end"
    )
    await store.end_turn(TURN)
    assert isinstance(await ask(other, second, "", None, spec=spec(operation="post", key="c"), turn=rival), Go)


async def test_the_turn_of_a_worker_that_died_ends_with_its_lease(store: Store, other: Store) -> None:
    first, _ = await two(store)
    assert isinstance(await ask(store, first, "", None, spec=spec(operation="post", key="a"), turn=TURN), Go)
    [_, second] = await claim(other, now=MONDAY + 2 * MINUTE, limit=2)
    rival = Turn(name="erp/", holder="two")
    go = await ask(other, second, "", None, spec=spec(operation="post", key="b"), turn=rival, now=MONDAY + 2 * MINUTE)
    assert isinstance(go, Go)


async def test_of_many_that_want_the_turn_at_once_one_gets_it(store: Store, other: Store) -> None:
    first, second = await two(store)
    asked = [
        ask(each, delivery, "", None, spec=spec(operation="post", key=key), turn=Turn(name="erp/", holder=key))
        for each, delivery, key in (
            (store, first, "a"),
            (other, second, "b"),
            (store, first, "c"),
            (other, second, "d"),
        )
    ]
    permits = await asyncio.gather(*asked)
    assert sum(isinstance(each, Go) for each in permits) == 1
