"""Somebody changes the CRM's fields: one card tells the contract's owner, nothing wrong is written, and all goes on after the mend."""

from __future__ import annotations

import pytest

from sync.drifts import REASON
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
    order = [each["reference"] for each in world.erp.invoices()]
    assert order == sorted(order)
