"""Words as other systems send them: long ones, and some with characters that a database does not like. None is lost, and both
databases keep the same."""

from __future__ import annotations

from typing import Any

import pytest

from store.ledger import Store
from sync.errors import NotKept
from sync.ports import Done, Go
from sync.words import LONGEST
from tests.store.words import (
    MINUTE,
    ROUTE,
    begin,
    change,
    claim,
    end_write,
    hold,
    in_hand,
    press,
    receive,
    rows,
    spec,
    stopped,
)
from tests.world import MONDAY

LONG = "x" * 300


@pytest.mark.parametrize("keys", [(LONG + "a", LONG + "b"), ("a\0", "a\ufffd"), ("a\0", "a")])
async def test_keys_that_differ_only_at_the_end_or_by_a_nul_are_different_changes(
    store: Store, keys: tuple[str, str]
) -> None:
    got = await receive(store, *(change("1", key=key) for key in keys))
    assert (got.received, got.duplicates) == (2, 0)
    again = await receive(store, *(change("1", key=key) for key in keys))
    assert (again.received, again.duplicates) == (0, 2)
    assert all(len(row.key) <= LONGEST for row in await rows(store, "SELECT key FROM events"))


@pytest.mark.parametrize("wrong", [{"record": LONG}, {"record": "1", "sequence": 2**63}])
async def test_a_change_that_cannot_be_kept_is_refused_with_all_that_came_with_it(
    store: Store, wrong: dict[str, Any]
) -> None:
    with pytest.raises(NotKept):
        await receive(store, change("1"), change(**wrong, key="other"))
    assert (await store.counts())["events"] == 0


async def test_the_longest_names_and_the_largest_numbers_are_kept(store: Store) -> None:
    longest = "r" * (LONGEST - len("deals:"))
    await receive(store, change(longest, sequence=2**63 - 1), change("1", sequence=-(2**63)))
    found = await claim(store)
    assert {(one.event.record_id, one.subject) for one in found} == {(longest, f"deals:{longest}"), ("1", "deals:1")}
    for one in found:
        await store.settle(one, hold(), now=MONDAY, route=ROUTE)
    assert len(await store.exceptions()) == 2


async def test_records_that_stop_for_long_reasons_share_a_card_only_when_the_reasons_are_the_same(store: Store) -> None:
    for record, why in (("1", LONG + "a"), ("2", LONG + "b"), ("3", LONG + "a")):
        await store.settle(await in_hand(store, record), hold("unknown_product", why), now=MONDAY, route=ROUTE)
    causes = await store.open_causes()
    assert sorted(one.unresolved for one in causes) == [1, 2]
    assert all(one.value.startswith("xxx") and len(one.value) <= LONGEST for one in causes)


async def test_what_stops_again_for_the_same_long_reason_is_the_same_exception(store: Store) -> None:
    why = hold("unknown_product", LONG + "\0")
    [case] = await stopped(store, "1", step=why)
    await press(store, "replay", [case.id])
    [again] = await claim(store, now=MONDAY + MINUTE)
    await store.settle(again, why, now=MONDAY + MINUTE, route=ROUTE)
    [same] = await store.exceptions()
    assert (same.id, same.attempts) == (case.id, 2)


@pytest.mark.parametrize("where", ["record", "detail", "title", "kind"])
async def test_a_nul_character_stops_nothing(store: Store, where: str) -> None:
    await receive(store, change("1\0" if where == "record" else "1", kind="odd\0" if where == "kind" else "plain"))
    [delivery] = await claim(store)
    given = {where: "the vendor said \0"} if where in ("detail", "title") else {}
    await store.settle(delivery, hold(**given), now=MONDAY, route=ROUTE)
    [case] = await store.exceptions()
    assert (case.subject, "\0" in f"{case.title}{case.detail}") == (delivery.subject, False)
    told = await rows(store, "SELECT attempts.detail AS tried, deliveries.detail AS now FROM attempts, deliveries")
    assert "\0" not in f"{told[0].tried}{told[0].now}"
    assert (await store.verify_journal())[1] is None


async def test_a_decision_about_a_record_with_an_odd_name_finds_it_again(store: Store) -> None:
    await receive(store, change("1\0"))
    [delivery] = await claim(store)
    await store.settle(delivery, hold(), now=MONDAY, route=ROUTE)
    [case] = await store.exceptions()
    await press(store, "replay", [case.id])
    [again] = await claim(store, now=MONDAY + MINUTE)
    assert (again.subject, again.event.record_id) == ("deals:1\ufffd", "1\ufffd")


async def test_a_write_with_a_long_reference_is_written_once(store: Store) -> None:
    first, second = (spec(key=LONG + end) for end in "ab")
    delivery = await in_hand(store)
    permits = [await begin(store, delivery, spec=one) for one in (first, second)]
    assert all(isinstance(permit, Go) for permit in permits)
    assert permits[0].write_id != permits[1].write_id
    await end_write(store, delivery, permits[0].write_id, "confirm", now=MONDAY, target_id="I-1\0", record={})
    assert isinstance(await begin(store, delivery, spec=first), Done)
    assert set(await store.written([first, second])) == {"invoice"}


async def test_the_journal_stays_whole_whatever_a_line_is_about(store: Store) -> None:
    await store.refuse_press(by="UDANA", verb="replay", what=f"case:{LONG}\0", why="no\0 right", now=MONDAY)
    [line] = await store.entries(noun="press")
    assert len(line.noun_id) == LONGEST and "\0" not in line.noun_id
    assert (await store.verify_journal())[1] is None


async def test_what_a_record_holds_may_be_long_and_hold_any_character(store: Store) -> None:
    payload = {"words": "x" * 100_000, "odd": "a\0b\u2028\U0001f9fe"}
    await receive(store, change(payload=payload))
    [delivery] = await claim(store)
    assert delivery.event.payload == payload


async def test_a_whole_number_of_any_size_loses_no_digit(store: Store) -> None:
    huge, largest = 10**30 + 1, 2**64 - 1
    await receive(store, change(payload={"id": huge, "lines": [{"no": -huge}], "largest": largest}))
    [delivery] = await claim(store)
    assert delivery.event.payload == {"id": str(huge), "lines": [{"no": str(-huge)}], "largest": largest}
