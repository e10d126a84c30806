"""Quote to cash on a real Tryton: a closed period, warnings, what people do in the books by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.stage import example
from store.moves import Press
from sync.connectors import build
from sync.errors import Rejected, Unauthorized
from sync.model import Case
from tests.tryton.peer import Peer
from tests.tryton.selling import on_tryton, posted, reconciled, sold, states
from tests.world import World, small_world

FAYE, PRIYA = "U0FAYE0001", "U0PRIYA001"
BODY = ("customer_id", "currency", "issue_date", "payment_terms", "billing_code", "lines")


@pytest.fixture
async def world(erp: Peer, tmp_path: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path, workspace=on_tryton(example(), tmp_path, erp)) as made:
        yield made


async def one_deal(world: World, **properties: str) -> str:
    deal = world.deal(world.company(), **properties)
    await world.settle(seconds=5)
    return str(deal)


async def replayed(world: World) -> None:
    """Everything that stopped goes once more."""
    for case in await world.store.exceptions():
        press = Press(verb="replay", cases=[case.id], by=FAYE, words="again")
        await world.store.act(press, now=world.clock())
    await world.settle(seconds=5)


async def only(world: World) -> Case:
    [case] = await world.store.exceptions()
    return case


async def test_a_closed_period_is_told_with_its_field_and_goes_out_once_it_is_open(world: World, erp: Peer) -> None:
    period = erp.period("2026-11-20")
    erp.call("model.account.period.close", [period])
    await one_deal(world)
    case = await only(world)
    assert (case.reason, case.team, states(erp)) == ("period_closed", "finance", {"draft": 1})
    erp.call("model.account.period.reopen", [period])
    await replayed(world)
    assert states(erp) == {"posted": 1} and await world.store.exceptions() == []


async def test_a_warning_is_passed_by_two_people_who_read_it(erp: Peer, tmp_path: Path) -> None:
    workspace = on_tryton(example(), tmp_path, erp, dated="as_given")
    async with small_world(tmp_path, workspace=workspace) as world:
        world.deal(world.company(), closedate="2027-01-20T10:00:00.000Z")
        await world.work()
        [cause] = await world.causes()
        case = await only(world)
        assert (cause.reason, states(erp)) == ("erp_warning", {"draft": 1})
        assert "have an invoice date in the future" in case.violations[0].found
        channel, ts = await world.card(cause.id)
        assert (await world.slack.click(FAYE, channel, ts, "resolve")).ok
        assert (await world.slack.submit(FAYE, {"q0": "accept"})).ok
        await world.work()
        assert states(erp) == {"draft": 1}
        assert (await world.slack.click(PRIYA, channel, ts, "approve")).ok
        await world.settle(seconds=5)
        assert states(erp) == {"posted": 1} and await world.store.exceptions() == []
        assert erp.call("model.res.user.warning.search_count", []) == 0  # it passed once and is asked for again


async def test_an_invoice_dated_before_the_last_one_is_refused_and_can_be_booked_by_its_day(
    erp: Peer, tmp_path: Path
) -> None:
    workspace = on_tryton(example(), tmp_path, erp, dated="as_given")
    async with small_world(tmp_path, workspace=workspace) as world:
        await one_deal(world, closedate="2026-11-20T10:00:00.000Z")
        world.deal(world.company("Beta", vat_id="DE2"), closedate="2026-11-02T10:00:00.000Z")
        await world.settle(seconds=5)
        case = await only(world)
        assert (case.reason, states(erp)) == ("erp_rejected", {"posted": 1, "draft": 1})
        assert "you must set an invoice date after" in case.detail


async def test_a_customer_deleted_in_the_books_stops_its_invoice_and_no_other(world: World, erp: Peer) -> None:
    company = world.company()
    world.deal(company)
    await world.settle(seconds=5)
    [party] = {each["party"] for each in erp.invoices()}
    erp.call("model.party.party.write", [party], {"active": False})
    world.deal(company, dealname="Second")
    world.deal(world.company("Beta", vat_id="DE2"), dealname="Other")
    await world.settle(seconds=5)
    case = await only(world)
    assert (case.reason, case.team, case.violations[0].path) == ("not_in_erp", "finance", "customer_id")
    assert states(erp) == {"posted": 2}
    erp.call("model.party.party.write", [party], {"active": True})
    await replayed(world)
    assert states(erp) == {"posted": 3} and posted(erp) == sold(world)


async def test_a_party_that_was_really_deleted_is_made_again_by_the_replay(world: World, erp: Peer) -> None:
    """Tryton deletes no party that has documents: this one was made for an invoice that was refused."""
    [term] = erp.call("model.account.invoice.payment_term.search", [["name", "=", "NET30"]], 0, 1, None)
    erp.call("model.account.invoice.payment_term.write", [term], {"name": "Other"})
    await one_deal(world)
    case = await only(world)
    assert (case.reason, case.violations[0].path, states(erp)) == ("not_in_erp", "payment_terms", {})
    [gone] = erp.call("model.party.party.search", [["code", "like", "crm-company-%"]], 0, None, None)
    erp.call("model.party.party.delete", [gone])
    erp.call("model.account.invoice.payment_term.write", [term], {"name": "NET30"})
    await replayed(world)
    [again] = erp.call("model.party.party.search", [["code", "like", "crm-company-%"]], 0, None, None)
    assert again != gone and {each["party"] for each in erp.invoices()} == {again}
    assert states(erp) == {"posted": 1} and await world.store.exceptions() == []


async def test_two_invoices_with_one_reference_are_for_a_person_and_nothing_is_guessed(world: World, erp: Peer) -> None:
    connector: Any = world.parts.connections["erp"]
    await one_deal(world)
    [first] = erp.invoices()
    erp.call("model.account.invoice.copy", [first["id"]], {"reference": first["reference"]})
    with pytest.raises(Rejected) as refused:
        await connector.find("invoice", first["reference"])
    assert refused.value.reason == "ambiguous_reference"
    report = await reconciled(world, Path(world.environ["MESHLINE_WORKSPACE"]).parent / "reconciled")
    assert report.counts == {"duplicate": 1}


async def test_yen_have_no_decimals_and_dinars_three(world: World, erp: Peer) -> None:
    erp.products("Dinar Box")
    yen = world.deal(world.company(), [("Kumo Edge", 3, "398000")], amount="1194000", deal_currency_code="JPY")
    await world.settle(seconds=5)
    connector: Any = world.parts.connections["erp"]
    found = await connector.find("invoice", f"crm-deal-{yen}")
    assert (found.record["total_minor"], found.record["lines"][0]["unit_price_minor"]) == (1194000, 398000)
    line = {
        "product_code": "Dinar Box",
        "description": "Box",
        "quantity": 7,
        "unit_price_minor": 1235,
        "account": "4000",
    }
    body = {**found.record, "currency": "KWD", "lines": [line]}
    dinars = await connector.create("invoice", "dinars", {name: body[name] for name in BODY})
    assert (dinars.record["total_minor"], dinars.record["lines"]) == (7 * 1235, [line])
    assert posted(erp) == sold(world)


async def test_an_amount_that_includes_its_tax_is_not_billed_as_one_that_does_not(erp: Peer, tmp_path: Path) -> None:
    """The deals are net. A connection told that they are gross shows another total, and the draft is not posted."""
    workspace = on_tryton(example(), tmp_path, erp, amounts="gross")
    async with small_world(tmp_path, workspace=workspace) as world:
        await one_deal(world)
        case = await only(world)
        assert (case.reason, states(erp)) == ("totals_differ", {"draft": 1})
        assert "expected 498000, found 597600" in case.detail


async def test_what_is_posted_is_credited_wholly_and_in_parts(world: World, erp: Peer) -> None:
    deal = await one_deal(world)
    connector: Any = world.parts.connections["erp"]
    invoice = await connector.find("invoice", f"crm-deal-{deal}")
    one = {**invoice.record["lines"][0], "quantity": 1}
    part = await connector.credit("credit_note", invoice.id, "part", {"issue_date": "2026-11-21", "lines": [one]})
    assert (part.status, part.record["total_minor"], part.record["tax_minor"]) == ("posted", -249000, -49800)
    with pytest.raises(Rejected, match="249000 minor units are left to credit"):
        await connector.credit("credit_note", invoice.id, "too much", {"issue_date": "2026-11-21"})
    rest = await connector.credit("credit_note", invoice.id, "rest", {"issue_date": "2026-11-21", "lines": [one]})
    assert rest.record["number"].startswith("CN") and posted(erp) == {"EUR": Decimal(0)}
    with pytest.raises(Rejected) as taken:
        await connector.credit("credit_note", invoice.id, "rest", {"issue_date": "2026-11-21", "lines": [one]})
    assert taken.value.reason == "reference_taken"
    assert await connector.find("credit_note", "rest") == rest


async def test_a_thousand_lines_and_prices_below_a_cent_come_out_exact(world: World, erp: Peer) -> None:
    deal = await one_deal(world)
    connector: Any = build("tryton", erp.connector() | {"timeout": "60s"}, name="erp")
    body = (await connector.find("invoice", f"crm-deal-{deal}")).record
    calls = {
        "product_code": "Cirrus Seat",
        "description": "Calls",
        "quantity": 1000,
        "unit_price": "0.0125",
        "account": "4200",
    }
    pro = {
        "product_code": "Atlas Pro",
        "description": "Pro",
        "quantity": 1,
        "unit_price_minor": 249001,
        "account": "4000",
    }
    lines = [pro if at % 2 else calls for at in range(1000)]
    made = await connector.create("invoice", "long", {**{name: body[name] for name in BODY}, "lines": lines})
    assert made.record["lines"] == lines
    assert made.record["total_minor"] == 500 * 249001 + 500 * 1250
    await connector.close()


async def test_names_in_every_script_come_back_as_they_were(world: World, erp: Peer) -> None:
    connector: Any = world.parts.connections["erp"]
    body = {
        "name": 'Ünlü & Söhne "GmbH" שלום',
        "vat_id": "DE12",
        "country": "DE",
        "currency": "EUR",
        "email": "no mail",
        "seats": 12,
    }
    made = await connector.create("customer", "crm-company-x", body)
    assert {name: made.record[name] for name in body} == body
    changed = await connector.update("customer", made.id, {**body, "email": None, "seats": 13, "country": "AT"})
    assert (changed.record["email"], changed.record["seats"], changed.record["country"]) == (None, 13, "AT")


async def test_credentials_that_are_wrong_are_a_matter_of_the_connection(erp: Peer, tmp_path: Path) -> None:
    for wrong in ({"password": "nope"}, {"company": "Nobody Ltd"}, {"database": "nowhere"}):
        connector: Any = build("tryton", {**erp.connector(), **wrong}, name="erp")
        with pytest.raises(Unauthorized):
            await connector.probe()
        await connector.close()


async def test_discounts_in_every_currency_are_right_to_its_smallest_unit(world: World, erp: Peer) -> None:
    erp.products("Dune Node")
    deal = await one_deal(world)
    connector: Any = world.parts.connections["erp"]
    body = (await connector.find("invoice", f"crm-deal-{deal}")).record
    sold = [("EUR", 7, 64990, "3.33", 439781), ("JPY", 3, 398001, "12.5", 1044753), ("KWD", 7, 310250, "3.33", 2099431)]
    for (
        currency,
        quantity,
        price,
        off,
        total,
    ) in sold:  # worked out by hand: quantity × price × (100 − off) ÷ 100, half to even
        assert total == round(quantity * price * (100 - Decimal(off)) / 100)
        line = {"product_code": "Dune Node", "description": "Node", "quantity": quantity, "unit_price_minor": price,
                "discount_percent": off, "account": "4000"}  # fmt: skip
        given = {**{name: body[name] for name in BODY}, "currency": currency, "lines": [line]}
        made = await connector.create("invoice", f"off-{currency}", given)
        posted_one = await connector.post("invoice", made.id)
        assert (posted_one.record["total_minor"], posted_one.record["lines"]) == (total, [line])
