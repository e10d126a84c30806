"""What was read comes back page by page, with the decisions that were known when it was read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store import recordings
from store.ledger import Store
from sync.model import Overlay
from sync.recorded import Recorded
from sync.steps import Retry
from tests.store.words import FLOW, HOUR, ROUTE, change, claim, hold, in_hand, press, receive
from tests.world import MONDAY


async def everything(store: Store, *args: str, **more: object) -> list[Recorded]:
    return [each async for page in store.recorded(*args, **more) for each in page]  # type: ignore[arg-type]


async def test_the_last_snapshot_of_each_delivery_comes_back_the_newest_delivery_first(store: Store) -> None:
    for record in ("1", "2"):
        delivery = await in_hand(store, record)
        await store.settle(
            delivery, Retry(due_at=MONDAY + HOUR, detail="busy"), now=MONDAY, snapshot={"id": record, "n": 1}
        )
    for delivery in await claim(store, now=MONDAY + HOUR):
        await store.settle(delivery, hold(), now=MONDAY + HOUR, route=ROUTE, snapshot={"id": delivery.event.record_id})
    found = await everything(store)
    assert [(each.subject, each.record) for each in found] == [("deals:2", {"id": "2"}), ("deals:1", {"id": "1"})]
    assert {(each.flow, each.connection, each.entity, each.at) for each in found} == {
        (FLOW, "crm", "deals", MONDAY + HOUR)
    }


async def test_what_came_with_the_event_is_its_record_and_what_was_never_read_is_none(store: Store) -> None:
    await receive(store, change("1", payload={"id": "1", "total": "12.50"}), change("2"))
    await receive(store, change("deal.amount", entity="schema", kind="schema.drift", payload={"id": "deal.amount"}),
                  flows={"schema": [FLOW]})  # fmt: skip
    assert [each.record for each in await everything(store)] == [{"id": "1", "total": "12.50"}]


async def test_a_decision_belongs_to_what_was_read_after_it(store: Store) -> None:
    delivery = await in_hand(store)
    await store.settle(delivery, hold(), now=MONDAY, route=ROUTE, snapshot={"id": "1"})
    [case] = await store.exceptions()
    filled = Overlay(path="billing_code", found="", action="set", value="BC-1", reason="missing_billing_code")
    await press(store, "resolve", [case.id], overlays={case.id: (filled,)}, now=MONDAY + HOUR)
    assert [each.overlays for each in await everything(store)] == [()]
    [again] = await claim(store, now=MONDAY + HOUR)
    await store.settle(again, hold(), now=MONDAY + HOUR, route=ROUTE, snapshot={"id": "1"})
    assert [each.overlays for each in await everything(store)] == [(filled,)]


@pytest.mark.parametrize("page", [1, 2, 500])
async def test_pages_of_any_length_give_the_same_records(
    store: Store, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(recordings, "_PAGE", page)
    for number in range(5):
        at = MONDAY + number * HOUR
        payload = {"id": str(number)} if number != 2 else None
        await receive(store, change(str(number), at=at, payload=payload), now=at)
    assert [each.record["id"] for each in await everything(store)] == ["4", "3", "1", "0"]
    assert [each.record["id"] for each in await everything(store, limit=3)] == ["4", "3", "1"]
    late = await everything(store, since=MONDAY + 2 * HOUR + timedelta(minutes=1))
    assert [each.record["id"] for each in late] == ["4", "3"]
    assert await everything(store, "another") == []
    assert [each.record["id"] for each in await everything(store, among=2)] == ["4", "3"]
