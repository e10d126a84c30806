"""Somebody changes the CRM's fields: one card tells the contract's owner, nothing wrong is written, and all goes on after the mend."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.sandbox.stage import example
from store.cases import Press
from store.ledger import Store
from sync.drifts import REASON
from sync.engine import Engine
from sync.line import Line
from sync.workspace.loader import load
from tests.bot.hands import DANA, only_cause, press
from tests.world import World

DEALS = 5


async def sold_and_renamed(world: World, kind: str, name: str, new: str) -> None:
    """One deal is billed. Five more are won, and before they are read somebody renames a property."""
    company = world.company()
    world.deal(company)
    await world.settle()
    assert len(world.erp.posted()) == 1
    for number in range(DEALS):
        world.deal(company, dealname=f"Deal {number}")
    world.crm.rename_property(kind, name, new)
    await world.settle()
    await world.work()


def asked_for_fields(world: World) -> int:
    return sum("/crm/properties/" in each.path for each in world.crm.request_log)


@pytest.mark.parametrize(
    ("kind", "name", "new", "value", "label"),
    [
        ("deals", "billing_code", "billing_ref", "billing_code", "Billing code"),
        ("companies", "vat_id", "tax_number", "company.vat_id", "VAT id"),
        ("line_items", "price", "unit_price", "lines[*].price", "Unit price"),
    ],
)
async def test_a_renamed_property_is_one_card_for_the_owner_and_no_invoice(
    world: World, kind: str, name: str, new: str, value: str, label: str
) -> None:
    await sold_and_renamed(world, kind, name, new)
    cause = await only_cause(world)
    assert (cause.reason, cause.value, cause.team, cause.unresolved) == (
        REASON,
        f"deal.{value}",
        "sales-ops",
        DEALS + 1,
    )
    assert {each.title for each in cause.first if each.subject.startswith("deals")} <= {
        f"Deal {n}" for n in range(DEALS)
    }
    [card] = [one for one in world.slack.messages("C0SALESOPS") if not one.thread_ts]
    words = str(card.blocks).replace("\N{ASTERISK OPERATOR}", "*")
    assert f"{label} ({value}) is not in the source any more; renamed to {value.replace(name, new)}?" in words
    assert "deal@1.0.0" in words and "Quote to cash" in words
    assert len(world.erp.invoices()) == 1
    assert asked_for_fields(world) <= 6  # three objects, living and archived


async def test_after_the_mend_one_press_bills_everything_that_waited(world: World) -> None:
    await sold_and_renamed(world, "deals", "billing_code", "billing_ref")
    await press(world, DANA, await only_cause(world), "replay")
    await world.settle()
    assert len(world.erp.posted()) == 1 and (await only_cause(world)).unresolved == DEALS + 1
    world.crm.rename_property("deals", "billing_ref", "billing_code")
    await press(world, DANA, await only_cause(world), "replay")
    await world.settle()
    assert await world.causes() == [] and len(world.erp.posted()) == DEALS + 1
    assert await world.store.drifts() == []
    await world.work()
    [card] = [one for one in world.slack.messages("C0SALESOPS") if not one.thread_ts]
    assert "Resolved" in str(card.blocks)


async def test_after_the_mend_the_next_look_bills_it_without_anybody(world: World) -> None:
    await sold_and_renamed(world, "deals", "billing_code", "billing_ref")
    world.crm.rename_property("deals", "billing_ref", "billing_code")
    world.clock.forward(minutes=4)
    await world.parts.jobs.look_due()
    assert len(await world.store.drifts()) == 1
    world.clock.forward(minutes=1)
    await world.parts.jobs.look_due()
    await world.settle()
    assert await world.causes() == [] and len(world.erp.posted()) == DEALS + 1


async def test_a_source_that_may_not_be_asked_proves_nothing(world: World) -> None:
    world.crm.faults.schema = 403
    await sold_and_renamed(world, "companies", "vat_id", "tax_number")
    assert await world.store.drifts() == [] and await world.causes() == []
    world.crm.faults.schema = 0
    world.clock.forward(hours=24)
    await world.parts.jobs.look_due()
    assert [(each.value, each.kind) for each in await world.store.drifts()] == [("deal.company.vat_id", "gone")]


async def test_while_a_source_does_not_say_what_it_has_a_record_that_lacks_a_field_waits(world: World) -> None:
    world.deal(world.company())
    world.crm.rename_property("companies", "vat_id", "tax_number")
    world.crm.faults.schema = 503
    await world.deliver()
    assert world.erp.customers() == [] and await world.store.drifts() == [] and await world.causes() == []
    world.crm.faults.schema = 0
    await world.settle(rounds=4, minutes=2)
    assert [each.value for each in await world.store.drifts()] == ["deal.company.vat_id"]
    assert world.erp.customers() == [] and (await only_cause(world)).reason == REASON


async def test_the_nightly_look_finds_what_no_record_has_shown_yet(world: World) -> None:
    await world.parts.jobs.look_due()
    asked = asked_for_fields(world)
    world.deal(world.company())
    world.crm.objects.change_property("deals", "closedate", type="string")
    world.crm.objects.change_property("deals", "payment_terms", archived=True)
    world.crm.objects.change_property("deals", "contract_url", name="signed_contract")  # read by no flow
    for hours in (1, 1, 15):
        await world.parts.jobs.look_due()
        assert asked_for_fields(world) == asked
        world.clock.forward(hours=hours)
    await world.parts.jobs.look_due()
    await world.settle()
    causes = {each.value: each.unresolved for each in await world.causes()}
    assert causes == {"deal.closedate": 2, "deal.payment_terms": 1}
    assert world.erp.invoices() == []


async def test_a_deal_for_which_there_is_nothing_to_do_is_not_held(world: World) -> None:
    lost = world.deal(world.company(), dealstage="closedlost")
    world.crm.rename_property("deals", "billing_code", "billing_ref")
    await world.settle()
    [cause] = await world.causes()
    assert [each.subject for each in cause.first] == ["schema:deal.billing_code"]
    assert f"deals:{lost}" not in {each.subject for each in await world.store.exceptions()}


async def test_a_stage_that_is_called_otherwise_now_holds_the_deals_that_nothing_would_be_done_for(
    world: World,
) -> None:
    await world.parts.jobs.look_due()
    stages = ("contractsent", "closed_won", "closedlost")
    world.crm.objects.change_property("deals", "dealstage", options=stages)
    world.deal(world.company(), dealstage="closed_won")
    world.clock.forward(hours=24)
    await world.parts.jobs.look_due()
    await world.settle()
    [cause] = await world.causes()
    assert (cause.value, cause.unresolved) == ("deal.dealstage", 2)
    assert "no option closedwon" in cause.first[0].detail and "renamed to closed_won?" in cause.first[0].detail


async def test_whoever_discards_the_exception_calls_the_drift_off_until_the_field_was_there_again(world: World) -> None:
    await sold_and_renamed(world, "deals", "billing_code", "billing_ref")
    cause = await only_cause(world)
    cases = [case.id for case in await world.store.cases_of(cause.id)]
    press_ = Press(verb="discard", cases=cases, by=DANA, words="@{U0DANA0001} discards it")
    await world.store.act(press_, now=world.clock())
    world.clock.forward(minutes=6)
    await world.parts.jobs.look_due()
    await world.settle()
    assert await world.causes() == [] and await world.store.drifts() == []
    for new, old in (("billing_code", "billing_ref"), ("billing_ref", "billing_code")):
        world.crm.rename_property("deals", old, new)
        world.clock.forward(hours=24)
        await world.parts.jobs.look_due()
    assert [each.value for each in await world.store.drifts()] == ["deal.billing_code"]


async def test_a_new_field_opens_nothing_and_is_named_in_the_status(world: World) -> None:
    await world.parts.jobs.look_due()
    name = "contract_url"
    world.crm.objects.change_property("deals", "pipeline", name="reseller", label="Reseller")
    world.crm.objects.change_property("deals", name, name="signed_pdf", label="Signed contract")  # read by no flow
    world.clock.forward(hours=24)
    await world.parts.jobs.look_due()
    assert await world.store.drifts() == [] and await world.causes() == []
    ack = await world.slack.command(DANA, "C0SALESOPS", "/sync status")
    words = str(ack)
    assert "New fields" in words and "crm has a field *Reseller* (reseller) since" in words and "signed_pdf" in words


@asynccontextmanager
async def another_process(world: World) -> AsyncIterator[Engine]:
    """An engine with a ledger connection of its own, which has heard of nothing yet."""
    store = Store(world.parts.settings.database_url.get_secret_value())
    await store.open()
    line = Line(ledger=store, workspace=world.parts.workspace, connections=world.parts.connections, clock=world.clock)
    yield Engine(line, jitter=lambda: 0.5)
    await store.close()


async def test_a_contract_that_follows_the_new_name_bills_what_waited(world: World, tmp_path: Path) -> None:
    await sold_and_renamed(world, "deals", "billing_code", "billing_ref")
    directory = shutil.copytree(example(), tmp_path / "followed")
    for file in ("contracts/deal.odcs.yaml", "flows/quote_to_cash.yaml"):
        words = (directory / file).read_text(encoding="utf-8")
        for place in ("{name: ", "path: ", "from: ", "write_back: ["):
            words = words.replace(f"{place}billing_code", f"{place}billing_ref")
        (directory / file).write_text(words, encoding="utf-8")
    line = Line(ledger=world.store, workspace=load(directory), connections=world.parts.connections, clock=world.clock)
    world.parts.engine = Engine(line, jitter=lambda: 0.5)
    world.clock.forward(minutes=5)
    await line.watch.due()
    await world.settle()
    assert await world.causes() == [] and len(world.erp.posted()) == DEALS + 1
    assert {each["billing_code"] for each in world.erp.invoices()} == {"BC-DE-1001"}


async def test_many_engines_notice_at_once_and_it_is_one_question_one_card_and_no_invoice(world: World) -> None:
    company = world.company()
    for number in range(20):
        world.deal(company, dealname=f"Deal {number}")
    world.crm.rename_property("deals", "payment_terms", "terms")
    await world.crm.webhooks.flush()
    async with another_process(world) as second, another_process(world) as third:
        engines = (world.parts.engine, second, third)
        for _ in range(4):
            await asyncio.gather(*(each.drain() for each in engines))
            world.clock.forward(seconds=1)
    assert asked_for_fields(world) == 6  # three objects, living and archived
    cause = await only_cause(world)
    assert (cause.value, cause.unresolved) == ("deal.payment_terms", 21)
    assert world.erp.customers() == [] and len(await world.store.drifts()) == 1


async def test_an_engine_that_starts_during_a_drift_holds_what_comes(world: World) -> None:
    await sold_and_renamed(world, "deals", "billing_code", "billing_ref")
    asked = asked_for_fields(world)
    world.crm.update("deals", world.crm.deals()[0]["id"], {"payment_terms": "NET60"})
    await world.crm.webhooks.flush()
    async with another_process(world) as fresh:
        await fresh.drain()
    assert (await only_cause(world)).unresolved == DEALS + 2 and len(world.erp.invoices()) == 1
    assert asked_for_fields(world) - asked <= 6
