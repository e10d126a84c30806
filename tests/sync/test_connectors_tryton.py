"""Tryton as a target, in the shapes of a fake; `make tryton` tells the same stories to a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from connector_harness import INVOICE, World, world

from sync.acknowledging import AcknowledgingTarget, passing, warned
from sync.crediting import CreditingTarget
from sync.errors import Rejected, Unauthorized
from sync.listing import Listing
from sync.model import Overlay
from sync.ports import VoidingTarget

LATE = 'The invoices "[crm-deal-5]" have an invoice date in the future.'


@pytest.fixture
async def erp() -> AsyncIterator[World]:
    async with world("tryton") as made:
        yield made


async def refused(call: Any) -> Rejected:
    with pytest.raises(Rejected) as error:
        await call
    return error.value


async def test_an_invoice_shows_what_was_written_to_the_minor_unit(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    shown = made.record
    assert {name: shown[name] for name in ("reference", "customer_id", "billing_code", "issue_date", "payment_terms")} == {
        "reference": "crm-deal-5", "customer_id": "100", "billing_code": "BC-1", "issue_date": "2026-11-20", "payment_terms": "NET30",
    }  # fmt: skip
    assert shown["lines"] == INVOICE["lines"]
    assert (shown["total_minor"], shown["net_minor"], shown["tax_minor"], shown["gross_minor"]) == (
        498000, 498000, 99600, 597600,
    )  # fmt: skip
    [line] = erp.fake.invoices[int(made.id)]["lines"][0][1]
    assert line["unit_price"] == {"__class__": "Decimal", "decimal": "2490.00"}


async def test_the_total_is_the_one_that_the_connection_was_told_of() -> None:
    async with world("tryton", amounts="gross") as w:
        made = await w.connector.create("invoice", "crm-deal-5", INVOICE)
        assert (made.record["total_minor"], made.record["net_minor"]) == (597600, 498000)


async def test_a_session_that_ran_out_is_opened_again_and_the_call_is_made(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    erp.front.next("say", status=401, body="<p>Who are you?</p>", path="account.invoice.post")
    posted = await erp.connector.post("invoice", made.id)
    assert (posted.status, posted.record["number"], erp.fake.logins) == ("posted", f"INV-{made.id}", 2)


async def test_a_company_that_the_user_does_not_see_is_a_matter_of_the_connection() -> None:
    async with world("tryton") as w:
        w.fake.search = lambda *_: []
        with pytest.raises(Unauthorized, match="no company called Northwind Trading"):
            await w.connector.probe()


async def test_posted_is_posted_however_often_it_is_asked_for(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    first, again = [await erp.connector.post("invoice", made.id) for _ in range(2)]
    assert first == again and first.status == "posted"
    assert isinstance(erp.connector, VoidingTarget)
    erp.fake.lets_cancel = ("draft", "posted")  # as some companies set it
    assert (await refused(erp.connector.void("invoice", made.id))).reason == "changed_after_posting"
    assert (await refused(erp.connector.update("invoice", made.id, {"billing_code": "x"}))).reason == (
        "changed_after_posting"
    )


async def test_a_draft_taken_back_gives_its_reference_free(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    assert [(await erp.connector.void("invoice", made.id)).status for _ in range(2)] == ["void", "void"]
    erp.fake.create("account.invoice", [{**erp.fake.invoices[int(made.id)], "id": 990, "state": "draft"}])
    found = await erp.connector.find("invoice", "crm-deal-5")
    assert found is not None and (found.status, found.id) == ("draft", "990")


async def test_two_records_with_one_reference_are_for_a_person(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    erp.fake.create("account.invoice", [{**erp.fake.invoices[int(made.id)], "id": 990}])
    assert (await refused(erp.connector.find("invoice", "crm-deal-5"))).reason == "ambiguous_reference"


UNKNOWN = [
    ({"currency": "JPY"}, "currency", "no currency JPY"),
    ({"payment_terms": "NET99"}, "payment_terms", "no payment term NET99"),
    ({"payment_terms": "Twice"}, "payment_terms", "2 payment terms Twice"),
    ({"customer_id": "4"}, "customer_id", "not in Tryton any more"),
    ({"customer_id": "C-1"}, "customer_id", "not an id"),
    ({"lines": [{**INVOICE["lines"][0], "product_code": "Nope"}]}, "lines[0].product_code", "no product Nope"),
    ({"lines": [INVOICE["lines"][0], {**INVOICE["lines"][0], "account": "9"}]}, "lines[1].account", "no account 9"),
]


@pytest.mark.parametrize(("other", "path", "words"), UNKNOWN, ids=[each[2] for each in UNKNOWN])
async def test_what_the_books_do_not_know_is_named_with_its_place(
    erp: World, other: dict[str, Any], path: str, words: str
) -> None:
    error = await refused(erp.connector.create("invoice", "crm-deal-5", {**INVOICE, **other}))
    assert (error.reason, error.path) == ("not_in_erp", path)
    assert words in error.words and erp.harness.count(erp.fake) == 0


WRONG = [
    ({"quantity": -2}, "negative_amount", "lines"),
    ({"unit_price_minor": 0}, "negative_amount", "lines"),
    ({"unit_price": "0.00005"}, "invalid_amount", "lines[0].unit_price"),
    ({"tax_included": True}, "invalid_amount", "lines[0].tax_included"),
]


@pytest.mark.parametrize(("other", "reason", "path"), WRONG, ids=[str(each[0]) for each in WRONG])
async def test_a_price_that_cannot_be_billed_is_refused_before_anything_is_written(
    erp: World, other: dict[str, Any], reason: str, path: str
) -> None:
    body = {**INVOICE, "lines": [{**INVOICE["lines"][0], **other}]}
    error = await refused(erp.connector.create("invoice", "crm-deal-5", body))
    assert (error.reason, error.path) == (reason, path) and erp.harness.count(erp.fake) == 0


async def test_prices_below_a_cent_keep_all_their_digits(erp: World) -> None:
    line = {
        "product_code": "Atlas Pro",
        "description": "Calls",
        "quantity": 1000,
        "unit_price": "0.0125",
        "account": "4000",
    }
    made = await erp.connector.create("invoice", "crm-deal-5", {**INVOICE, "lines": [line]})
    assert made.record["lines"] == [line] and made.record["total_minor"] == int(Decimal("0.0125") * 1000 * 100)


async def test_a_closed_period_is_told_apart_from_other_refusals(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    erp.fake.refuses = ["The invoice is odd."]
    assert (await refused(erp.connector.post("invoice", made.id))).reason == "erp_rejected"
    erp.fake.refuses, erp.fake.periods = ["You cannot post in a closed period."], [{"id": 1, "state": "closed"}]
    error = await refused(erp.connector.post("invoice", made.id))
    assert (error.reason, error.path, error.words) == (
        "period_closed", "issue_date", "You cannot post in a closed period.",
    )  # fmt: skip


async def test_a_warning_passes_once_a_person_agreed_to_its_very_words(erp: World) -> None:
    assert isinstance(erp.connector, AcknowledgingTarget)
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    erp.fake.warns = [LATE]
    error = await refused(erp.connector.post("invoice", made.id))
    assert (error.reason, error.words) == ("erp_warning", LATE)
    asked = warned(error)
    agreed = Overlay(path=asked.path, found=asked.found, action="waive", reason=asked.reason)

    async def post() -> Any:
        return await erp.connector.post("invoice", made.id)

    for overlay in (Overlay(path=asked.path, found="Another warning.", action="waive", reason=asked.reason),
                    Overlay(path=asked.path, found=asked.found, action="set", value="x", reason=asked.reason)):  # fmt: skip
        assert (await refused(passing(erp.connector, post, [overlay]))).reason == "erp_warning"
    assert not erp.fake.passed
    assert (await passing(erp.connector, post, [agreed])).status == "posted"


async def test_what_is_posted_is_credited_in_parts_and_never_beyond_it(erp: World) -> None:
    assert isinstance(erp.connector, CreditingTarget) and erp.connector.credits("credit_note")
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    half = {"issue_date": "2026-11-21", "lines": [{**INVOICE["lines"][0], "quantity": 1}]}
    assert (await refused(erp.connector.credit("credit_note", made.id, "c1", half))).code == "not_posted"
    await erp.connector.post("invoice", made.id)
    note = await erp.connector.credit("credit_note", made.id, "c1", half)
    assert (note.status, note.record["credits"], note.record["total_minor"]) == ("posted", made.id, -249000)
    assert (await refused(erp.connector.credit("credit_note", made.id, "c1", half))).reason == "reference_taken"
    whole = {"issue_date": "2026-11-21"}
    assert (await refused(erp.connector.credit("credit_note", made.id, "c2", whole))).code == "credit_exceeds_invoice"
    rest = await erp.connector.credit("credit_note", made.id, "c3", half)
    assert note.record["net_minor"] + rest.record["net_minor"] == -made.record["net_minor"]


async def test_a_credit_note_left_as_a_draft_is_posted_and_not_made_again(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    await erp.connector.post("invoice", made.id)
    erp.fake.refuses = ["Not today."]
    await refused(erp.connector.credit("credit_note", made.id, "c1", {}))
    assert await erp.connector.find("credit_note", "c1") is None
    note = await erp.connector.credit("credit_note", made.id, "c1", {})
    for entity, there in (("invoice", ["1", made.id]), ("credit_note", [note.id])):
        assert [each.id for each in (await erp.connector.listed(entity, fields=[])).entries] == there
    assert note.status == "posted" and sum(each["reference"] == "c1" for each in erp.fake.invoices.values()) == 1


async def test_customers_keep_what_a_party_has_no_field_for(erp: World) -> None:
    body = {
        "name": "Müller & Söhne",
        "vat_id": "DE1",
        "country": "DE",
        "currency": "EUR",
        "seats": 12,
        "note": "12",
        "email": "a@x.example",
    }
    made = await erp.connector.create("customer", "crm-company-2", body)
    assert {name: made.record[name] for name in body if name != "country"} == {
        name: value for name, value in body.items() if name != "country"
    }
    again = await refused(erp.connector.create("customer", "crm-company-2", body))
    assert again.reason == "reference_taken"


async def test_invoices_are_listed_in_the_order_of_their_ids(erp: World) -> None:
    assert isinstance(erp.connector, Listing) and erp.connector.lists("invoice") and not erp.connector.lists("ship")
    made = [await erp.connector.create("invoice", f"crm-deal-{n}", INVOICE) for n in range(5)]
    found, after = [], None
    while True:
        page = await erp.connector.listed("invoice", fields=["reference", "total_minor"], after=after, limit=2)
        found += page.entries
        after = page.after
        if after is None:
            break
    assert [each.id for each in found] == ["1", *(each.id for each in made)]
    assert found[1].reference == "crm-deal-0"


async def test_a_discount_is_right_to_the_minor_unit_and_told_in_its_line(erp: World) -> None:
    line = {**INVOICE["lines"][0], "quantity": 7, "unit_price_minor": 64990, "discount_percent": "3.33"}
    made = await erp.connector.create("invoice", "crm-deal-5", {**INVOICE, "lines": [line]})
    assert made.record["lines"] == [line]
    assert made.record["total_minor"] == 439781  # 4549.30 less 3.33 percent is 4397.80831
    await erp.connector.post("invoice", made.id)
    note = await erp.connector.credit("credit_note", made.id, "whole", {"issue_date": "2026-11-21"})
    assert note.record["total_minor"] == -439781
