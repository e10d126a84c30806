"""Words as other systems send them: long ones, and some with characters that a database does not like. None is lost."""

from __future__ import annotations

import pytest

from store.ledger import Store
from tests.ledgers import POSTGRES
from tests.store.words import ROUTE, change, claim, hold, in_hand, receive
from tests.world import MONDAY

cut_short = pytest.mark.xfail(POSTGRES, strict=True, reason="$n::VARCHAR(255)[] cuts a longer word without a word")
not_kept = pytest.mark.xfail(POSTGRES, strict=True, reason="PostgreSQL keeps no NUL and nothing longer than the column")


@cut_short
async def test_changes_whose_long_keys_differ_only_at_the_end_are_different_changes(store: Store) -> None:
    got = await receive(store, change("1", key="k" * 300 + "a"), change("1", key="k" * 300 + "b"))
    assert (got.received, got.duplicates) == (2, 0)


@cut_short
async def test_records_whose_long_names_differ_only_at_the_end_are_different_records(store: Store) -> None:
    names = ["r" * 300 + "a", "r" * 300 + "b"]
    await receive(store, *(change(name, key=name[-1]) for name in names))
    assert sorted(one.event.record_id for one in await claim(store)) == names


@not_kept
async def test_a_record_that_stops_for_a_long_reason_stops(store: Store) -> None:
    delivery = await in_hand(store)
    await store.settle(delivery, hold("unknown_product", "Atlas " + "x" * 300), now=MONDAY, route=ROUTE)
    [cause] = await store.open_causes()
    assert cause.value.startswith("Atlas xxx")


@not_kept
@pytest.mark.parametrize("where", ["record", "detail"])
async def test_a_nul_character_stops_nothing(store: Store, where: str) -> None:
    delivery = await in_hand(store, "1\0" if where == "record" else "1")
    await store.settle(delivery, hold(detail="the vendor said \0"), now=MONDAY, route=ROUTE)
    assert len(await store.exceptions()) == 1


async def test_what_a_record_holds_may_be_long_and_hold_any_character(store: Store) -> None:
    payload = {"words": "x" * 100_000, "odd": "a\0b\u2028\U0001f9fe"}
    await receive(store, change(payload=payload))
    [delivery] = await claim(store)
    assert delivery.event.payload == payload
