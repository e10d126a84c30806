"""A connection that does not answer: what needs it is not given out, one delivery probes, and of many who find out one counts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from store.ledger import Store
from sync.model import Breaker, Delivery, Want
from sync.steps import Deliver
from tests.store.gates import at_rest, before_its_commit, on_postgres
from tests.store.words import MINUTE, change, claim, receive
from tests.world import MONDAY

DONE = Deliver(bindings=())
BOTH = {"bill": Want(most=9, needs=("crm", "erp"))}
SOON = MONDAY + timedelta(seconds=30)


async def trip(store: Store, connection: str = "erp", **more: object) -> Breaker | None:
    given = {"until": SOON, "detail": "503", "now": MONDAY} | more
    return await store.trip(connection, **given)  # type: ignore[arg-type]


async def three_deals(store: Store) -> None:
    await receive(store, *(change(str(record)) for record in range(3)))


async def subjects(store: Store, **more: object) -> list[str]:
    """What is given out to a worker of the flow."""
    claimed: list[Delivery] = await claim(store, **({"flows": BOTH} | more))  # type: ignore[arg-type]
    return [one.subject for one in claimed]


async def test_what_needs_a_connection_that_does_not_answer_is_left_alone_and_the_rest_goes_on(store: Store) -> None:
    await receive(store, change(), flows={"deals": ["bill", "mirror"]})
    await trip(store)
    assert await subjects(store, flows=BOTH | {"mirror": Want(most=9, needs=("crm",))}) == ["deals:1"]
    assert (await store.breakers())[0].state == "open"
    assert await subjects(store) == []


async def test_when_the_time_is_up_one_delivery_probes_and_the_others_wait_for_it(store: Store, other: Store) -> None:
    await three_deals(store)
    await trip(store)
    assert await subjects(store, now=SOON - timedelta(seconds=1)) == []
    assert await subjects(store, now=SOON) == ["deals:0"]
    for each in (store, other):
        assert await subjects(each, now=SOON) == []
    [breaker] = await store.breakers()
    assert (breaker.state, breaker.until) == ("probing", SOON + MINUTE)


async def test_a_probe_whose_worker_died_is_followed_by_another_one(store: Store) -> None:
    await three_deals(store)
    await trip(store)
    assert await subjects(store, now=SOON) == ["deals:0"]
    assert len(await subjects(store, now=SOON + 2 * MINUTE)) == 2, "the lost one comes back, and one more probes"


async def test_no_probe_is_spent_while_another_connection_of_the_flow_is_to_be_left_alone(store: Store) -> None:
    await three_deals(store)
    await trip(store, "erp")
    await trip(store, "crm", until=SOON + MINUTE)
    assert await subjects(store, now=SOON) == []
    assert {each.connection: each.state for each in await store.breakers()} == {"erp": "open", "crm": "open"}
    assert await subjects(store, now=SOON + MINUTE) == ["deals:0"]
    assert {each.state for each in await store.breakers()} == {"probing"}


async def test_no_probe_is_spent_by_a_worker_that_has_no_place_for_it(store: Store) -> None:
    await receive(store, change(), flows={"deals": ["mirror"]})
    await receive(store, change("2"), now=MONDAY + timedelta(seconds=1))
    await trip(store)
    wants = {"mirror": Want(most=9, needs=("crm",))} | BOTH
    assert [one.flow for one in await claim(store, flows=wants, limit=1, now=SOON)] == ["mirror"]
    assert [one.flow for one in await claim(store, flows=wants, limit=1, now=SOON)] == ["bill"]


async def test_a_breaker_that_is_open_stays_so_whoever_ends_without_asking(store: Store) -> None:
    await three_deals(store)
    await trip(store)
    await store.pass_on(["erp"], probe=SOON, now=MONDAY)
    assert await subjects(store) == []
    assert [(each.state, each.until) for each in await store.breakers()] == [("open", SOON)]


async def test_a_probe_is_passed_on_for_those_connections_alone_that_it_did_not_ask(store: Store) -> None:
    await three_deals(store)
    for connection in ("crm", "erp"):
        await trip(store, connection)
    assert await subjects(store, now=SOON) == ["deals:0"]
    await store.pass_on(["crm"], probe=SOON + timedelta(seconds=1), now=SOON)
    assert {each.until for each in await store.breakers()} == {SOON + MINUTE}, "that was no probe"
    await store.pass_on(["crm"], probe=SOON + MINUTE, now=SOON)
    assert {each.connection: each.until for each in await store.breakers()} == {"crm": SOON, "erp": SOON + MINUTE}
    assert await subjects(store, now=SOON) == []


async def test_a_connection_that_answers_again_lets_everything_through(store: Store, other: Store) -> None:
    await three_deals(store)
    await trip(store)
    [probe] = await claim(store, flows=BOTH, now=SOON)
    assert await store.mend("erp", now=SOON)
    assert not await other.mend("erp", now=SOON)
    assert len(await subjects(other, now=SOON)) == 2
    [breaker] = await store.breakers()
    assert (breaker.state, breaker.trips, breaker.closed_at) == ("closed", 0, SOON)
    assert [one.verb for one in await store.entries(noun="connection")] == ["mend", "trip"]
    await store.settle(probe, DONE, now=SOON)


async def test_of_two_workers_that_find_out_at_once_one_trips_the_breaker(store: Store, other: Store) -> None:
    tripped = await asyncio.gather(trip(store), trip(other), trip(store))
    assert sorted(each.trips for each in tripped if each is not None) == [1]
    [breaker] = await store.breakers()
    assert (breaker.trips, breaker.until) == (1, SOON)
    assert [one.verb for one in await store.entries(noun="connection")] == ["trip"]


async def test_a_probe_that_fails_opens_it_again_and_longer_and_an_outage_later_counts_anew(store: Store) -> None:
    await three_deals(store)
    await trip(store)
    await subjects(store, now=SOON)
    again = await trip(store, until=SOON + MINUTE, now=SOON)
    assert again is not None
    assert (again.trips, again.opened_at) == (2, MONDAY)
    assert await subjects(store, now=SOON + timedelta(seconds=59)) == []
    await store.mend("erp", now=SOON + MINUTE)
    anew = await trip(store, until=SOON + 3 * MINUTE, now=SOON + 2 * MINUTE)
    assert anew is not None
    assert (anew.trips, anew.opened_at) == (1, SOON + 2 * MINUTE)


@on_postgres
async def test_of_two_workers_that_ask_at_once_when_the_time_is_up_one_probes(ledger: str, store: Store) -> None:
    await three_deals(store)
    await trip(store)
    async with before_its_commit(ledger, lambda one: claim(one, flows=BOTH, now=SOON)) as first:
        second = asyncio.create_task(claim(store, flows=BOTH, now=SOON))
        await at_rest(store, second)
    assert [len(each) for each in await asyncio.gather(first, second)] == [1, 0]


@on_postgres
async def test_of_two_workers_that_trip_it_at_once_one_counts(ledger: str, store: Store) -> None:
    async with before_its_commit(ledger, trip) as first:
        second = asyncio.create_task(trip(store))
        await at_rest(store, second)
    told = await asyncio.gather(first, second)
    assert told[0] is not None
    assert (told[0].trips, told[1]) == (1, None)
