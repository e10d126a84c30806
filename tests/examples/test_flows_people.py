"""The shipped flows about people and companies: commissions, customers, consent and leads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest

from tests.bot.hands import MIRA, OMAR
from tests.examples.revenue import answer, linked, order, replayed, rest, revenue, stopped
from tests.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with revenue(tmp_path) as built:
        yield built


PLANS = {"new_business": "8", "renewal": "2.5", "partner": "4.25"}
BOOKED = [("new_business", "2490.00", "1"), ("renewal", "649.90", "3"), ("partner", "1749.50", "7")]
PRODUCTS = {"2490.00": "Atlas Pro", "649.90": "Beacon One", "1749.50": "Beacon Max"}


def commission(plan: str, price: str, quantity: str) -> int:
    """What a booking earns in cents, half to even."""
    return int((Decimal(price) * int(quantity) * Decimal(PLANS[plan])).to_integral_value(ROUND_HALF_EVEN))


def booked(world: World, company: str, name: str) -> dict[str, int]:
    """Three bookings on which a commission is due, with what each earns; `name` is what the field of the plan is called now."""
    return {
        order(world, company, [(PRODUCTS[price], quantity, price)], commission_status="due", commission_rep="sam", **{name: plan}):
            commission(plan, price, quantity)
        for plan, price, quantity in BOOKED
    }  # fmt: skip


def owed(world: World) -> dict[str, int]:
    """What the ERP holds as commission, by deal; every entry balances."""
    for each in world.erp.papers("journals"):
        assert sum(line["debit_minor"] - line["credit_minor"] for line in each["lines"]) == 0
    return {each["reference"].removeprefix("commission-"): each["total_minor"] for each in world.erp.papers("journals")}


@pytest.mark.slow
async def test_a_renamed_field_pays_nobody_the_wrong_commission_and_a_booking_that_changes_is_worked_out_again(
    world: World,
) -> None:
    """F205, F135: without its plan a booking waits; nothing is paid by default, and every change writes the draft again."""
    acme = world.company()
    deals = booked(world, acme, "commission_plan")
    await rest(world)
    assert await stopped(world) == {} and owed(world) == deals
    changed = next(iter(deals))
    world.crm.update("deals", changed, {"commission_plan": "partner"})
    await rest(world)
    assert owed(world)[changed] == commission("partner", "2490.00", "1")
    world.crm.rename_property("deals", "commission_plan", "comp_plan")
    world.clock.forward(hours=1)
    late = booked(world, acme, "comp_plan")
    await rest(world)
    cases = await stopped(world)
    assert late.keys() <= cases.keys() and owed(world).keys() == deals.keys()
    assert {cases[deal].reason for deal in late} <= {"schema_drift", "missing_field"}
    assert {cases[deal].severity for deal in late} == {"A"}
    world.crm.rename_property("deals", "comp_plan", "commission_plan")
    for _ in range(3):  # one press takes all that waited for one cause
        waiting = await stopped(world)
        if waiting:
            await replayed(world, OMAR, next(iter(waiting.values())))
            await rest(world)
    assert await stopped(world) == {}
    assert owed(world) == deals | {changed: commission("partner", "2490.00", "1")} | late


@pytest.mark.slow
async def test_a_company_becomes_one_customer_and_learns_its_code(world: World) -> None:
    """F210."""
    acme = world.company(lifecyclestage="customer", billing_terms="NET30")
    await rest(world)
    [customer] = world.erp.customers()
    assert (customer["name"], customer["payment_terms"]) == ("Acme GmbH", "NET30")
    assert world.crm.record("companies", acme)["erp_customer_code"] == customer["id"]
    world.crm.update("companies", acme, {"name": "Acme Holding GmbH", "billing_terms": "NET60"})
    order(world, acme, [("Atlas Pro", "1", "2490.00")])
    await rest(world)
    [customer] = world.erp.customers()
    assert (customer["name"], customer["payment_terms"]) == ("Acme Holding GmbH", "NET60")
    assert world.erp.posted()[0]["customer_id"] == customer["id"]


async def test_a_company_that_stands_in_the_crm_twice_is_one_customer(world: World) -> None:
    """F150."""
    given = {"lifecyclestage": "customer", "billing_terms": "NET30"}
    first = world.company(**given)
    await rest(world)
    twice = [first, world.company("ACME G.m.b.H.", vat_id="", **given)]
    await rest(world)
    [customer] = world.erp.customers()
    assert {world.crm.record("companies", each)["erp_customer_code"] for each in twice} == {customer["id"]}
    assert customer["name"] == "Acme GmbH"


async def test_who_unsubscribes_is_written_to_by_nobody_anywhere(world: World) -> None:
    """F154: a yes needs its proof, a no never waits, and an empty field is a no."""
    agreed = {"hs_email_optout": "false", "consent_source": "Trade fair", "consent_at": "2026-02-11"}
    people = {"anna": agreed, "bert": {}, "carl": {"hs_email_optout": "true"}, "dora": {"hs_email_optout": "false"}}
    ids = {
        name: linked(world, "contacts", {"email": f"{name}@acme.example", "firstname": name, "lastname": "A", **given})
        for name, given in people.items()
    }
    await rest(world)

    def may() -> dict[str, bool]:
        return {each["email"].partition("@")[0]: each["may_email"] for each in world.erp.papers("contacts")}

    assert may() == {"anna": True, "bert": False, "carl": False}
    [case] = (await stopped(world)).values()
    assert (case.reason, case.team, case.subject) == ("missing_field", "marketing-ops", f"contacts:{ids['dora']}")
    world.crm.update("contacts", ids["anna"], {"hs_email_optout": "true"})
    world.crm.update("contacts", ids["dora"], {"hs_email_optout": "true"})
    await rest(world)
    for left in (await stopped(world)).values():
        await replayed(world, MIRA, left)
    await rest(world)
    assert await stopped(world) == {} and not any(may().values()) and len(may()) == 4


@pytest.mark.slow
async def test_a_lead_goes_to_the_right_company_with_the_tags_that_analytics_count_by(world: World) -> None:
    """F208, F232."""
    acme = world.company()
    given = {"lead_name": "Workshop", "lead_status": "qualified", "email_domain": "acme.example", "campaign": "spring-2026",
             "channel": "webinar", "estimated_amount": "12000.00", "currency": "EUR"}  # fmt: skip
    right = linked(world, "leads", given, companies=acme)
    astray = linked(world, "leads", given | {"email_domain": "beacon.example"}, companies=acme)
    lost = linked(world, "leads", given | {"lead_name": "Acme again"})
    await rest(world)
    cases = await stopped(world)
    assert {lead: (case.reason, case.team) for lead, case in cases.items()} == {
        astray: ("wrong_account", "marketing-ops"),
        lost: ("missing_account", "marketing-ops"),
    }
    [found] = world.erp.papers("opportunities")
    tags = {each["name"]: each["value"] for each in found["tags"]}
    assert tags == {"campaign": "spring-2026", "channel": "webinar", "country": "de"}
    assert (found["amount_minor"], found["salesperson"]) == (12000_00, "sales-dach")
    lead = world.crm.record("leads", right)
    assert (lead["territory"], lead["billable_record"]) == ("DACH", found["id"])
    await answer(world, MIRA, cases[astray], {"q0": "accept"})
    await answer(world, MIRA, cases[lost], {"q0": acme})
    await rest(world)
    assert await stopped(world) == {} and len(world.erp.papers("opportunities")) == 3
    assert len(world.erp.customers()) == 1
