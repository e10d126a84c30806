"""The shipped flows that bill what was sold: leads, orders, work under a contract and retainers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.hands import DANA, FAYE, MIRA
from tests.examples.revenue import (
    Line,
    answer,
    frame,
    invoice_of,
    order,
    replayed,
    rest,
    revenue,
    sold,
    stopped,
    total_minor,
)
from tests.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with revenue(tmp_path) as built:
        yield built


async def test_what_was_sold_four_ways_is_billed_once_each_to_the_cent(world: World) -> None:
    acme, contract = world.company(), frame(world)
    goods: list[Line] = [("Atlas Pro", "3", "2490.00", "12.5"), ("Beacon One", "7", "649.90", "3.33")]
    hours: list[Line] = [("Architect", "24", "210.00"), ("Support Engineer", "25", "95.50")]
    lead = sold(world, "leadwon", acme, [], amount="1200.00", product_family="services", payment_terms="NET30")
    bought = order(world, acme, goods)
    worked = sold(world, "contractwon", acme, hours, contract=contract)
    advised = sold(world, "retainersigned", acme, [], amount="4500.00", retainer_months="12",
                   contract_url="https://contracts.example/2")  # fmt: skip
    await rest(world)
    assert await stopped(world) == {}
    named = {lead: "inbound", bought: "deal", worked: "work", advised: "retainer"}
    wanted = {lead: 1200_00, bought: total_minor(goods, "EUR"), worked: total_minor(hours, "EUR"), advised: 4500_00}
    for deal, total in wanted.items():
        invoice = await invoice_of(world, f"crm-{named[deal]}-{deal}")
        assert invoice["total_minor"] == total, invoice
        assert world.crm.record("deals", deal)["invoice_number"] == invoice["number"]
    assert world.erp.totals() == {"EUR": sum(wanted.values())}
    assert len(world.erp.customers()) == 1
    under = await invoice_of(world, f"crm-work-{worked}")
    assert (under["purchase_order"], under["cost_center"], under["payment_terms"]) == ("45000", "CC-100", "NET60")
    assert (await invoice_of(world, f"crm-retainer-{advised}"))["issue_date"] == "2026-11-20"
    assert (await invoice_of(world, f"crm-deal-{bought}"))["document_url"] == "https://contracts.example/1"


@pytest.mark.slow
async def test_a_lead_without_a_company_goes_to_marketing_and_is_billed_when_they_pick_one(world: World) -> None:
    """F083, F202: the failing variant of lead to invoice."""
    acme = world.company()
    lead = sold(world, "leadwon", None, [], amount="1200.00", product_family="services", payment_terms="NET30",
                dealname="Acme workshop")  # fmt: skip
    await rest(world)
    [case] = (await stopped(world)).values()
    assert (case.reason, case.team) == ("missing_account", "marketing-ops")
    assert (case.resolve_by - case.opened_at).total_seconds() > 8 * 3600 - 1
    await answer(world, MIRA, case, {"q0": acme})
    assert await stopped(world) == {}
    invoice = await invoice_of(world, f"crm-inbound-{lead}")
    assert (invoice["total_minor"], world.erp.customers()[0]["name"]) == (1200_00, "Acme GmbH")


@pytest.mark.slow
async def test_work_without_a_contract_goes_to_contract_operations_and_is_billed_under_the_one_they_pick(
    world: World,
) -> None:
    """F084, F211, F225."""
    hours: list[Line] = [("Engineer", "40", "145.00")]
    contract = frame(world)
    work = sold(world, "contractwon", world.company(), hours, dealname="Frame contract, March")
    await rest(world)
    [case] = (await stopped(world)).values()
    assert (case.reason, case.team) == ("missing_contract", "contract-ops")
    await answer(world, DANA, case, {"q0": contract})
    assert await stopped(world) == {}
    invoice = await invoice_of(world, f"crm-work-{work}")
    assert (invoice["total_minor"], invoice["purchase_order"]) == (total_minor(hours, "EUR"), "45000")
    [written] = world.erp.contracts()
    assert (written["purchase_order"], written["payment_terms"]) == ("45000", "NET60")


@pytest.mark.slow
async def test_a_retainer_that_is_not_attached_is_billed_at_once_when_it_is_and_somebody_says_so(world: World) -> None:
    deal = sold(world, "retainersigned", world.company(), [], amount="4500.00", retainer_months="12")
    await rest(world)
    [case] = (await stopped(world)).values()
    assert (case.reason, case.team) == ("missing_document", "contract-ops")
    world.crm.update("deals", deal, {"contract_url": "https://contracts.example/3"})
    await replayed(world, DANA, case)
    assert await stopped(world) == {}
    assert (await invoice_of(world, f"crm-retainer-{deal}"))["total_minor"] == 4500_00


BAD = [
    ({"amount": "7470.01"}, "amount_mismatch", "sales-ops"),
    ({"price_basis": "gross"}, "tax_inclusive", "finance"),
    ({"contract_url": ""}, "missing_document", "contract-ops"),
    ({"payment_terms": "NET75"}, "unknown_value", "sales-ops"),
    ({"amount": "-7470.00"}, "negative_amount", "finance"),
    ({"amount": "0"}, "invalid_amount", "sales-ops"),
]
BAD_LINES: list[tuple[Line, str, str]] = [
    (("Atlas Pro", "-3", "2490.00"), "invalid_value", "sales-ops"),
    (("Atlas Pro", "0", "2490.00"), "invalid_value", "sales-ops"),
    (("Atlas Pro", "3", "2490.005"), "invalid_amount", "sales-ops"),
    (("Atlas Pro", "3", "2490.00", "40"), "price_off_list", "finance"),
    (("Atlas Ultra", "3", "2490.00"), "unknown_product", "sales-ops"),
]


@pytest.mark.slow
async def test_every_order_that_is_wrong_has_its_reason_and_its_team_and_is_billed_once_it_is_put_right(
    world: World,
) -> None:
    acme, right = world.company(), ("Atlas Pro", "3", "2490.00")
    wrong = {order(world, acme, [right], **changed): (reason, team) for changed, reason, team in BAD}
    for line, reason, team in BAD_LINES:
        wrong[order(world, acme, [line], amount="7470.00")] = (reason, team)
    await rest(world)
    cases = await stopped(world)
    assert {deal: (case.reason, case.team) for deal, case in cases.items()} == wrong
    assert world.erp.posted() == []
    good = {"amount": "7470.00", "price_basis": "net", "contract_url": "https://c.example/1", "payment_terms": "NET45"}
    for deal in wrong:
        for line in world.crm.objects.links("deals", deal, "line_items"):
            values = {"quantity": "3", "price": "2490.00", "product_code": "Atlas Pro", "hs_discount_percentage": ""}
            world.crm.update("line_items", line, values)
        world.crm.update("deals", deal, good)
    await rest(world)
    for case in (await stopped(world)).values():  # lines alone are heard of by nobody
        await replayed(world, {"finance": FAYE}.get(case.team, DANA), case)
        await rest(world)
    assert await stopped(world) == {}
    assert world.erp.totals() == {"EUR": len(wrong) * 7470_00}


@pytest.mark.slow
async def test_a_thousand_lines_yen_and_dinars_add_up(world: World) -> None:
    many: list[Line] = [("Cirrus Seat", str(1 + number % 9), "312.00", f"{number % 30}.25") for number in range(1000)]
    yen: list[Line] = [("Kumo Edge", "3", "398001", "12.5")]
    dinars: list[Line] = [("Dune Node", "7", "310.250", "3.33")]
    deals = {
        order(world, world.company(), many): total_minor(many, "EUR"),
        order(world, world.company("Kumo", vat_id="JP1", country="JP", currency="JPY"), yen, "JPY"): total_minor(yen, "JPY"),
        order(world, world.company("Dune", vat_id="KW1", country="KW", currency="KWD"), dinars, "KWD"): total_minor(dinars, "KWD"),
    }  # fmt: skip
    await rest(world)
    assert await stopped(world) == {}
    for deal, total in deals.items():
        assert (await invoice_of(world, f"crm-deal-{deal}"))["total_minor"] == total


@pytest.mark.slow
async def test_a_deal_that_moves_to_another_pipeline_after_it_was_billed_is_not_billed_again(world: World) -> None:
    acme = world.company()
    deal = sold(world, "leadwon", acme, [("Atlas Pro", "1", "2490.00")], product_family="hardware", payment_terms="NET30",
                price_basis="net", billing_code="BC-1", contract_url="https://contracts.example/1")  # fmt: skip
    await rest(world)
    assert world.erp.totals() == {"EUR": 2490_00}
    world.crm.update("deals", deal, {"dealstage": "closedwon"})
    await rest(world)
    reasons = {case.flow: case.reason for case in await world.store.exceptions()}
    assert reasons == {"lead_to_invoice": "changed_after_posting", "quote_to_cash": "status_differs"}
    assert world.erp.totals() == {"EUR": 2490_00}
    world.crm.update("deals", deal, {"dealstage": "leadwon"})
    await rest(world)
