"""A customer is made once, keeps its number, and is itself again when a merge is taken back."""

from __future__ import annotations

import asyncio

import pytest

from store.ledger import Store
from sync.customers import Customer, Known, MergeSeen, NewCustomer
from sync.errors import IllegalMove
from tests.world import MONDAY


def known(record_id: str) -> Known:
    return Known(connection="crm", entity="companies", id=record_id, target="erp")


def new(record_id: str, *keys: str) -> NewCustomer:
    wanted = tuple((each, 1) for each in keys)
    return NewCustomer(
        known=known(record_id),
        reference=f"c-{record_id}",
        flow="bill",
        says={"name": f"Company {record_id}"},
        keys=wanted,
    )


async def made(store: Store, record_id: str, *keys: str) -> Customer:
    near = await store.customers_near("erp", keys, most=10)
    customer = await store.reserve_customer(new(record_id, *keys), stand=near.stand, now=MONDAY)
    assert customer is not None
    return customer


async def test_whoever_looked_before_another_came_in_looks_again(store: Store, other: Store) -> None:
    stands = [(await each.customers_near("erp", ["adler"], most=10)).stand for each in (store, other)]
    first = await store.reserve_customer(new("1", "adler"), stand=stands[0], now=MONDAY)
    assert first is not None
    assert await other.reserve_customer(new("2", "adler"), stand=stands[1], now=MONDAY) is None
    assert [each.id for each in (await other.customers_near("erp", ["adler"], most=10)).customers] == [first.id]
    zeppelin = await other.reserve_customer(new("3", "zeppelin"), stand=stands[1], now=MONDAY)  # shares nothing
    assert zeppelin is not None
    assert (first.number, zeppelin.number) == (1, 2)


async def test_of_many_at_once_each_new_customer_is_made_once_with_a_number_of_its_own(
    store: Store, other: Store
) -> None:
    async def come_in(each: Store, record_id: str, key: str) -> Customer | None:
        near = await each.customers_near("erp", [key], most=10)
        return await each.reserve_customer(new(record_id, key), stand=near.stand, now=MONDAY)

    coming = [come_in((store, other)[at % 2], str(at), f"k{at % 4}") for at in range(12)]
    found = [each for each in await asyncio.gather(*coming) if each is not None]
    again = [
        each for each in await asyncio.gather(*(come_in(store, str(at), f"k{at % 4}") for at in range(12))) if each
    ]
    ids = {each.id for each in found}
    assert {each.id for each in again} >= ids
    assert len({each.number for each in [*found, *again]}) == len({each.id for each in [*found, *again]})


async def test_a_record_that_is_known_is_never_another_customer(store: Store) -> None:
    first, second = await made(store, "1", "a"), await made(store, "2", "b")
    assert (await store.link_customer(known("1"), second.id, by="UOMAR", why="", now=MONDAY)).id == first.id
    again = await store.reserve_customer(new("1", "c"), stand=99, now=MONDAY)
    assert again is not None
    assert again.id == first.id


async def test_a_merge_keeps_the_history_of_both_and_a_circle_is_refused(store: Store) -> None:
    ids = [(await made(store, str(at), f"k{at}")).id for at in (1, 2, 3)]
    await store.merge_customers(ids[0], ids[1], by="UOMAR", why="one", now=MONDAY)
    await store.merge_customers(ids[1], ids[2], by="UOMAR", why="one", now=MONDAY)
    found = await store.customer_of(known("3"))
    assert found is not None
    assert (found.id, found.former) == (ids[0], ("c-2", "c-3"))
    for survivor, other in ((ids[2], ids[0]), (ids[1], ids[0])):
        with pytest.raises(IllegalMove, match="in a circle"):
            await store.merge_customers(survivor, other, by="UOMAR", why="", now=MONDAY)
    parted = await store.unmerge_customer(ids[2], by="UOMAR", why="", now=MONDAY)
    assert (parted.reference, [each.id for each in parted.same]) == ("c-3", ["3"])
    with pytest.raises(IllegalMove, match="not merged"):
        await store.unmerge_customer(ids[2], by="UOMAR", why="", now=MONDAY)


async def test_a_merge_of_the_source_is_followed_once(store: Store) -> None:
    first, second = await made(store, "1", "a"), await made(store, "2", "b")
    seen = [MergeSeen(connection="crm", entity="companies", survivor="1", merged=("2", "77"))]
    assert (await store.note_merges(seen, now=MONDAY)).pairs == ((first.id, second.id),)
    assert (await store.note_merges(seen, now=MONDAY)).pairs == ()
    linked = await store.customer_of(known("77"))
    assert linked is not None
    assert linked.id == first.id
    assert [each.verb for each in await store.entries(noun="customer")] == ["merge", "reserve", "reserve"]


async def test_what_was_told_apart_is_remembered_once(store: Store) -> None:
    first = await made(store, "1", "a")
    for _ in range(2):
        await store.tell_apart(known("2"), [first.id], by="UOMAR", now=MONDAY)
    assert await store.told_apart(known("2")) == {first.id}
    assert await store.told_apart(known("3")) == frozenset()
    assert [each.verb for each in await store.entries(noun="customer")] == ["tell_apart", "reserve"]
