"""What arrives is compared with what used to: a field that comes empty stops its flow on one card, and a person may accept it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import drifting
from sync import trends
from sync.drifts import REASON
from sync.mapping import put
from sync.model import Cause, Change, Record
from tests.bot.hands import DANA, press
from tests.sync.test_prepare import CLEAN
from tests.world import World

FLOWS = {"deals": ["quote_to_cash"]}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A past of forty records and a present of ten: the arithmetic is tried elsewhere."""
    for name, value in (("PAST", 40), ("RECENT", 10)):
        monkeypatch.setattr(trends, name, value)
        monkeypatch.setattr(drifting, name, value)


async def sold(world: World, first: int, many: int, **changes: str) -> None:
    """Deals that bring their record along, each a second after the other."""
    records: list[Record] = []
    for number in range(first, first + many):
        record = put(put(CLEAN, "id", str(number)), "company.vat_id", None)
        for path, value in changes.items():
            record = put(record, path.replace("__", "."), value)
        records.append(record)
    at = world.clock()
    changes_ = [
        Change(entity="deals", record_id=each["id"], key=each["id"], kind="deal.sold",
               occurred_at=at + timedelta(milliseconds=place), payload=each)
        for place, each in enumerate(records)
    ]  # fmt: skip
    await world.store.receive("crm", changes_, FLOWS, now=at)
    await world.settle(rounds=6)


async def drift_of(world: World) -> Cause:
    """The one cause of drift; the CRM knows none of these deals and takes no invoice number for them."""
    [cause] = [each for each in await world.causes() if each.reason == REASON]
    return cause


@pytest.mark.slow
async def test_a_field_that_arrives_empty_all_at_once_stops_the_flow_until_a_person_accepts_it(world: World) -> None:
    await sold(world, 0, 40)
    await world.parts.jobs.look_due()
    assert await world.store.drifts() == []
    world.clock.forward(minutes=5)
    await sold(world, 100, 10, company__billing_email="")
    billed = len(world.erp.posted())
    await world.parts.jobs.look_due()
    await world.settle(rounds=6)
    cause = await drift_of(world)
    assert (cause.reason, cause.value, cause.team) == (REASON, "deal.company.billing_email", "sales-ops")
    assert "arrived empty in 10 of the last 10 records; before, in 0 of 40" in cause.first[0].detail
    await sold(world, 200, 3)
    assert len(world.erp.posted()) == billed and (await drift_of(world)).unresolved == 4
    await world.work()
    await press(world, DANA, await drift_of(world), "replay")
    await world.settle(rounds=6)
    assert await world.store.drifts() == [] and len(world.erp.posted()) == billed + 3
    world.clock.forward(minutes=5)
    await world.parts.jobs.look_due()
    assert await world.store.drifts() == []


async def test_what_the_source_explains_is_told_in_its_words_and_once(world: World) -> None:
    await sold(world, 0, 40)
    await world.parts.jobs.look_due()
    world.clock.forward(minutes=5)
    world.crm.rename_property("companies", "billing_email", "invoice_email")
    await sold(world, 100, 10, company__billing_email="")
    await world.parts.jobs.look_due()
    [drift] = await world.store.drifts()
    assert (drift.kind, drift.path) == ("gone", "company.billing_email")
    assert "renamed to company.invoice_email?" in drift.words


async def test_of_many_processes_one_looks_at_what_arrived(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    async def unusual(store: object, watch: object, flow: object, now: object) -> tuple[()]:
        looked.append("once")
        return ()

    monkeypatch.setattr(drifting, "_unusual", unusual)
    for _ in range(3):
        await world.parts.jobs.look_due()
    world.clock.forward(minutes=5)
    await world.parts.jobs.look_due()
    assert looked == ["once", "once"]
