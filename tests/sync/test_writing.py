"""One write, once: what is recorded before and after the call, and what is looked up instead of sent again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from store.ledger import Store
from sync.decide import Blocked, Resting
from sync.errors import AnswerLost, LeaseLost, Rejected, Unavailable
from sync.model import Change, Delivery, Found, Record, Ref, WriteEnd, WriteSpec
from sync.writing import Changed, Writing, differing, filled, fingerprint
from tests.ledgers import ledger_url
from tests.world import MONDAY, Clock

SPEC = WriteSpec(
    name="invoice", connection="erp", entity="invoice", operation="create", key="crm-deal-1", body={"n": 1}
)


@dataclass
class Ledgerbook:
    """A target that keeps records by reference. `lose` answers are lost after the write, `fail` is raised before it."""

    records: dict[str, Found] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lose: int = 0
    fail: Exception | None = None

    async def find(self, entity: str, reference: str) -> Found | None:
        self.calls.append("find")
        if isinstance(self.fail, Unavailable):
            raise self.fail
        return self.records.get(reference)

    async def get(self, entity: str, target_id: str) -> Found | None:
        self.calls.append("get")
        return next((one for one in self.records.values() if one.id == target_id), None)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        self.calls.append("create")
        if self.fail is not None:
            raise self.fail
        if reference in self.records:
            raise Rejected("taken", reason="reference_taken")
        return self._keep(reference, Found(id=f"I-{len(self.records) + 1}", record=dict(body)))

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        self.calls.append("update")
        reference, old = next((key, one) for key, one in self.records.items() if one.id == target_id)
        return self._keep(reference, replace(old, record=old.record | body))

    async def post(self, entity: str, target_id: str) -> Found:
        self.calls.append("post")
        reference, old = next((key, one) for key, one in self.records.items() if one.id == target_id)
        return self._keep(reference, replace(old, status="posted"))

    def _keep(self, reference: str, found: Found) -> Found:
        self.records[reference] = found
        if self.lose:
            self.lose -= 1
            raise AnswerLost("cut")
        return found


@dataclass
class Desk:
    """A worker with a delivery in hand, a ledger, a target and a clock."""

    store: Store
    delivery: Delivery
    clock: Clock
    target: Ledgerbook
    ended: list[WriteEnd] = field(default_factory=list)

    async def write(
        self, spec: WriteSpec = SPEC, done: dict[str, Found] | None = None
    ) -> Found | Resting | Changed | Blocked:
        writing = Writing(
            ledger=self.store, delivery=self.delivery, clock=self.clock, lease_seconds=60, ended=self.ended
        )
        return await writing.write(self.target, spec, done or {}, quarantine_seconds=5)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store, clock = Store(ledger_url(tmp_path)), Clock()
    await store.open()
    change = Change(entity="deals", record_id="1", key="a", kind="changed", occurred_at=MONDAY)
    await store.receive("crm", [change], {"deals": ["bill"]}, now=MONDAY)
    [delivery] = await store.claim(limit=1, lease_seconds=3600, max_losses=3, now=MONDAY)
    yield Desk(store, delivery, clock, Ledgerbook())
    await store.close()


async def test_a_new_record_is_created_without_looking_and_never_again(desk: Desk) -> None:
    first, again = await desk.write(), await desk.write()
    assert isinstance(first, Found)
    assert isinstance(again, Found)
    assert first.id == again.id == "I-1"
    assert desk.target.calls == ["create"]


async def test_after_a_lost_answer_it_rests_then_looks_and_does_not_create(desk: Desk) -> None:
    desk.target.lose = 1
    with pytest.raises(AnswerLost):
        await desk.write()
    assert isinstance(await desk.write(), Resting)
    desk.clock.forward(seconds=5)
    found = await desk.write()
    assert isinstance(found, Found)
    assert desk.target.calls == ["create", "find"]
    assert isinstance(await desk.write(), Found)
    assert desk.target.calls == ["create", "find"]
    assert (await desk.store.written([SPEC]))["invoice"][1].id == "I-1"


async def test_after_a_lost_answer_that_never_arrived_it_looks_and_then_creates(desk: Desk) -> None:
    desk.target.fail = AnswerLost("cut before")
    with pytest.raises(AnswerLost):
        await desk.write()
    desk.target.fail = None
    desk.clock.forward(seconds=5)
    await desk.write()
    assert desk.target.calls == ["create", "find", "create"]


async def test_a_look_that_fails_leaves_the_write_unknown_and_the_next_one_looks_again(desk: Desk) -> None:
    desk.target.lose = 1
    with pytest.raises(AnswerLost):
        await desk.write()
    desk.target.fail = Unavailable("503")
    desk.clock.forward(seconds=5)
    with pytest.raises(Unavailable):
        await desk.write()
    desk.target.fail = None
    desk.clock.forward(seconds=10)
    assert isinstance(await desk.write(), Found)
    assert desk.target.calls == ["create", "find", "find"]


async def test_a_refused_write_is_recorded_and_may_be_sent_again(desk: Desk) -> None:
    desk.target.fail = Rejected("blocked")
    with pytest.raises(Rejected):
        await desk.write()
    desk.target.fail = None
    assert isinstance(await desk.write(), Found)
    assert desk.target.calls == ["create", "create"]


async def test_a_reference_that_is_taken_is_ours_and_is_found(desk: Desk) -> None:
    desk.target.records["crm-deal-1"] = Found(id="I-9", record={})
    found = await desk.write()
    assert isinstance(found, Found)
    assert found.id == "I-9"


async def test_a_reference_that_is_taken_and_cannot_be_found_stays_refused(desk: Desk) -> None:
    desk.target.fail = Rejected("taken", reason="reference_taken")
    with pytest.raises(Rejected, match="taken"):
        await desk.write()
    assert desk.target.calls == ["create", "find"]


async def test_a_created_record_is_not_changed_by_other_content(desk: Desk) -> None:
    await desk.write()
    other = replace(SPEC, body={"n": 2})
    assert await desk.write(other) == Changed(spec=other, target_id="I-1")
    assert desk.target.calls == ["create"]


async def test_a_shared_record_is_created_left_alone_or_updated(desk: Desk) -> None:
    customer = replace(SPEC, operation="upsert")
    await desk.write(customer)
    await desk.write(customer)
    assert desk.target.calls == ["find", "create"]
    await desk.write(replace(customer, body={"n": 2}))
    assert desk.target.calls[2:] == ["get", "update"]
    desk.target.records["crm-deal-1"] = Found(id="I-1", record={"n": 3})
    await desk.write(replace(customer, body={"n": 3}))
    assert desk.target.calls[4:] == ["get"]


async def test_a_shared_record_that_somebody_else_made_is_used(desk: Desk) -> None:
    desk.target.records["crm-deal-1"] = Found(id="I-7", record={"n": 1})
    found = await desk.write(replace(SPEC, operation="upsert"))
    assert isinstance(found, Found)
    assert (found.id, desk.target.calls) == ("I-7", ["find"])


async def test_a_post_and_an_update_go_to_the_record_of_an_earlier_write_or_to_a_named_one(desk: Desk) -> None:
    created = await desk.write()
    assert isinstance(created, Found)
    posted = await desk.write(replace(SPEC, operation="post", of="invoice", body={}), {"invoice": created})
    assert isinstance(posted, Found)
    assert posted.status == "posted"
    updated = await desk.write(replace(SPEC, operation="update", of="I-1", key="note"))
    assert isinstance(updated, Found)
    assert desk.target.calls == ["create", "post", "update"]


@pytest.mark.parametrize("spec", [replace(SPEC, operation="post"), replace(SPEC, operation="explode")])
async def test_a_write_that_makes_no_sense_is_refused_before_anything_is_sent(desk: Desk, spec: WriteSpec) -> None:
    with pytest.raises(Rejected) as refused:
        await desk.write(spec)
    assert refused.value.reason == "rule_failed"
    assert desk.target.calls == []


async def test_a_worker_that_froze_between_the_record_and_the_call_does_not_call(desk: Desk) -> None:
    times = [MONDAY, MONDAY + timedelta(seconds=60)]
    writing = Writing(ledger=desk.store, delivery=desk.delivery, clock=lambda: times.pop(0), lease_seconds=60)
    with pytest.raises(LeaseLost, match="ran out"):
        await writing.write(desk.target, SPEC, {}, quarantine_seconds=5)
    assert desk.target.calls == []


async def test_a_worker_that_lost_its_lease_does_not_call(desk: Desk) -> None:
    desk.delivery = replace(desk.delivery, lease="stolen")
    with pytest.raises(LeaseLost):
        await desk.write()
    assert desk.target.calls == []


def test_what_earlier_writes_returned_is_filled_in_everywhere() -> None:
    done = {"customer": Found(id="C-1", record={"number": "7"})}
    body: Record = {"a": Ref("customer"), "b": [{"c": Ref("customer", "number")}], "d": (Ref("customer", "none"), 1)}
    assert filled(body, done) == {"a": "C-1", "b": [{"c": "7"}], "d": [None, 1]}


@pytest.mark.parametrize(
    ("shown", "expected", "wrong"),
    [
        ({"n": 12}, {"n": "12"}, []),
        ({"n": 12}, {"n": 13}, ["n"]),
        ({}, {"n": None}, ["n"]),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, []),
        ({"a": [1, 2]}, {"a": [2, 1]}, ["a"]),
        ({"a": 1, "b": 2}, {"a": 1}, []),
    ],
)
def test_records_are_compared_by_what_they_say(shown: Any, expected: Any, wrong: list[str]) -> None:
    assert differing(shown, expected) == wrong


def test_the_same_content_in_another_order_has_the_same_fingerprint() -> None:
    assert fingerprint({"a": 1, "b": {"c": 2, "d": 3}}) == fingerprint({"b": {"d": 3, "c": 2}, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
