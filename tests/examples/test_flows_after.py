"""The shipped flows about what comes after the sale: subscriptions, credits, refunds, chargebacks and commissions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.bot.hands import FAYE, MIRA, PRIYA, press
from tests.examples.revenue import DAY, answer, invoice_of, linked, minor, order, rest, revenue, stopped
from tests.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with revenue(tmp_path) as built:
        yield built


def percent_of(percent: str, amount: str) -> int:
    """So many percent of an amount in cents, half to even."""
    return int((Decimal(amount) * Decimal(percent)).to_integral_value(ROUND_HALF_EVEN))


def subscription(world: World, company: str, **more: Any) -> str:
    given = {
        "name": "Cirrus", "subscription_number": "SUB-1", "status": "active", "revision": "1", "plan": "cirrus-company",
        "change_amount": "1000.00", "currency": "EUR", "months": "12", "starts_on": "2026-11-20", "payment_terms": "NET30",
    }  # fmt: skip
    return linked(world, "subscriptions", given | more, companies=company)


def by_days(total: int, starts: date, last: date) -> dict[str, int]:
    """What each calendar month earns when every day earns the same: worked out day by day, with fractions."""
    days = [starts + timedelta(days=each) for each in range((last - starts).days + 1)]
    months: dict[str, Decimal] = {}
    for day in days:
        months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", Decimal(0)) + Decimal(total) / len(days)
    earned, found, given = Decimal(0), {}, 0
    for month, share in months.items():
        earned += share
        upto = total if month == f"{last:%Y-%m}" else int(earned + Decimal("1e-9"))
        found[month], given = upto - given, upto
    return found


def case_of(world: World, company: str, sold: str | None, **more: Any) -> str:
    """A support case that is closed and asks for a credit."""
    given = {"subject": "Cirrus was down", "ticket_status": "closed", "credit_requested": "yes", "severity": "S1",
             "outage_hours": "9", "closed_at": DAY}  # fmt: skip
    return linked(world, "tickets", given | more, companies=company, deals=sold)


def payment(world: World, kind: str, company: str, sold: str | None, amount: str, **more: Any) -> str:
    given = {"kind": kind, "reference": "pi_88", "amount": amount, "currency": "EUR", "happened_at": DAY}
    return linked(world, "commerce_payments", given | more, companies=company, deals=sold)


@pytest.mark.slow
async def test_a_subscription_and_its_change_are_billed_each_once_and_earned_to_the_cent(world: World) -> None:
    """F207, F213."""
    acme = world.company()
    first = subscription(world, acme)
    await rest(world)
    more = subscription(world, acme, revision="2", change_amount="333.33", months="7", starts_on="2027-04-20")
    await rest(world)
    assert await stopped(world) == {}
    schedules = {each["reference"]: each for each in world.erp.papers("schedules")}
    for change, total, starts in ((first, 1000_00, date(2026, 11, 20)), (more, 333_33, date(2027, 4, 20))):
        assert (await invoice_of(world, f"crm-subscription-{change}"))["total_minor"] == total
        earned = {line["period"]: line["amount_minor"] for line in schedules[f"deferral-{change}"]["lines"]}
        assert earned == by_days(total, starts, date(2027, 11, 19)) and sum(earned.values()) == total


async def test_a_support_credit_follows_the_policy_on_the_order_that_is_in_force(world: World) -> None:
    """F206, F214, F232: an order that was replaced is never credited, nor is another company's."""
    acme, other = world.company(), world.company("Other", vat_id="DE999", domain="other.example")
    stale = order(world, acme, [("Atlas Pro", "1", "2490.00")])
    now = order(world, acme, [("Atlas Pro", "3", "2490.00")])
    theirs = order(world, other, [("Atlas Pro", "2", "2490.00")])
    await rest(world)
    world.crm.update("deals", stale, {"order_status": "replaced"})
    await rest(world)
    good = case_of(world, acme, now, severity="S3")
    bad = {case_of(world, acme, stale): "stale_order", case_of(world, acme, theirs): "wrong_account",
           case_of(world, acme, None): "missing_order"}  # fmt: skip
    await rest(world)
    cases = await stopped(world)
    assert {ticket: case.reason for ticket, case in cases.items()} == bad
    note = await invoice_of(world, f"support-credit-{good}")
    assert note["total_minor"] == -percent_of("2.5", "7470.00") == -186_75
    assert note["credits"] == (await invoice_of(world, f"crm-deal-{now}"))["id"]
    assert world.crm.record("tickets", good)["credit_status"] == note["number"]
    [lost] = [ticket for ticket, reason in bad.items() if reason == "missing_order"]
    await answer(world, MIRA, cases[lost], {"q0": now})
    await rest(world)
    assert (await invoice_of(world, f"support-credit-{lost}"))["total_minor"] == -percent_of("10", "7470.00")
    assert {each["credits"] for each in world.erp.posted() if each["kind"] == "credit_note"} == {note["credits"]}


@pytest.mark.slow
async def test_a_credit_over_the_policy_takes_two_people(world: World) -> None:
    """F042."""
    acme = world.company()
    sold = order(world, acme, [("Atlas Pro", "3", "2490.00")])
    await rest(world)
    ticket = case_of(world, acme, sold, outage_hours="200")
    await rest(world)
    case = (await stopped(world))[ticket]
    assert (case.reason, case.team, case.severity) == ("credit_over_policy", "finance", "A")
    await answer(world, FAYE, case, {"q0": "accept"})
    assert (await stopped(world))[ticket].state == "proposed"
    [cause] = await world.causes()
    assert (await press(world, FAYE, cause, "approve")).ok  # nobody approves what they proposed
    await rest(world)
    assert [each for each in world.erp.posted() if each["kind"] == "credit_note"] == []
    assert (await press(world, PRIYA, cause, "approve")).ok
    await rest(world)
    assert await stopped(world) == {}
    assert (await invoice_of(world, f"support-credit-{ticket}"))["total_minor"] == -747_00


@pytest.mark.slow
async def test_refunds_in_part_and_a_chargeback_never_take_back_more_than_was_billed(world: World) -> None:
    """F207."""
    acme = world.company()
    sold = order(world, acme, [("Atlas Pro", "1", "2490.00")])
    await rest(world)
    parts = [payment(world, "refund", acme, sold, amount) for amount in ("100.01", "389.99")]
    lost = payment(world, "chargeback", acme, sold, "1000.00", fee="20.00")
    await rest(world)
    assert await stopped(world) == {}
    taken = [(await invoice_of(world, f"refund-{each}"))["total_minor"] for each in parts]
    assert taken == [-100_01, -389_99]
    assert (await invoice_of(world, f"chargeback-{lost}"))["total_minor"] == -1000_00
    [fee] = world.erp.papers("journals")
    assert (fee["status"], fee["total_minor"]) == ("posted", 20_00)
    too_much = payment(world, "refund", acme, sold, "1000.01")
    await rest(world)
    case = (await stopped(world))[too_much]
    assert (case.reason, case.team) == ("erp_rejected", "finance")
    assert world.erp.totals() == {"EUR": minor("2490.00", "EUR") - 100_01 - 389_99 - 1000_00}
    world.crm.update("commerce_payments", too_much, {"amount": "1000.00"})
    await rest(world)
    assert await stopped(world) == {} and world.erp.totals() == {"EUR": 0}


@pytest.mark.slow
async def test_a_refund_in_another_currency_or_of_what_was_never_billed_is_for_finance(world: World) -> None:
    acme = world.company()
    sold = order(world, acme, [("Atlas Pro", "1", "2490.00")])
    open_one = order(world, acme, [("Atlas Pro", "1", "2490.00")], dealstage="contractsent")
    await rest(world)
    wrong = {payment(world, "refund", acme, sold, "10.00", currency="USD"): "unknown_currency",
             payment(world, "refund", acme, open_one, "10.00"): "not_bound",
             payment(world, "refund", acme, sold, "-10.00"): "negative_amount"}  # fmt: skip
    await rest(world)
    assert {each: case.reason for each, case in (await stopped(world)).items()} == wrong
    assert {case.team for case in (await stopped(world)).values()} == {"finance"}
