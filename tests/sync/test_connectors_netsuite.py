"""NetSuite as a target and a source, in the shapes of a fake that the `netsuite` package has tried."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from connector_harness import World, world
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from harness_netsuite import INVOICE, NETSUITE
from pydantic import ValidationError

from sync.abilities import Ability
from sync.connectors import kinds
from sync.connectors.netsuite_values import external_id, memo, read_memo, reference_of
from sync.connectors.options import HttpOptions
from sync.errors import AnswerLost, Rejected, Throttled, Unauthorized, Unavailable

LINE = INVOICE["lines"][0]


@pytest.fixture
async def erp() -> AsyncIterator[World]:
    async with world("netsuite") as made:
        yield made


async def refused(call: Any) -> Rejected:
    with pytest.raises(Rejected) as error:
        await call
    return error.value


async def test_an_invoice_shows_what_was_written_to_the_minor_unit(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    assert {name: made.record[name] for name in INVOICE} == INVOICE
    amounts = [made.record[f"{name}_minor"] for name in ("total", "net", "tax", "gross")]
    assert (made.status, amounts) == ("draft", [498000, 498000, 99600, 597600])
    assert made.record["reference"] == "crm-deal-5"
    [_, kept] = erp.fake.records["invoice"].values()
    assert str(kept["item"]["items"][0]["rate"]) == "2490.00" and kept["memo"] == "billing_code: BC-1"
    sent = [{name.lower(): value for name, value in each.items()} for each in erp.front.headers]
    assert {each["x-netsuite-propertynamevalidation"] for each in sent} == {"error"}


async def test_codes_fields_and_discounts_have_their_own_places() -> None:
    fields = {"invoice": {"billing_code": "custbody_billing"}, "line": {"seat": "custcol_seat"}}
    async with world("netsuite", fields=fields, discount_item="Discount", amounts="gross", taxes={"T1": "VAT 20"}) as w:
        line = {**LINE, "quantity": 7, "unit_price_minor": 64990, "discount_percent": "3.33", "tax_code": "T1", "seat": "A",
                "department": "Sales", "class": "Hardware"}  # fmt: skip
        body = {
            **INVOICE,
            "lines": [line, {**LINE, "unit_price": "0.0125", "quantity": 1000, "seat": None}],
            "class": "Hardware",
        }
        del body["lines"][1]["unit_price_minor"]
        made = await w.connector.create("invoice", "crm-deal-5", body)
        assert made.record["lines"] == body["lines"]
        assert (made.record["class"], made.record["billing_code"]) == ("Hardware", "BC-1")
        assert made.record["net_minor"] == 439781 + 1250 and made.record["total_minor"] == made.record["gross_minor"]
        kept = w.fake.records["invoice"][int(made.id)]
        assert kept["custbody_billing"] == "BC-1" and "memo" not in kept


async def test_approved_is_approved_however_often_it_is_asked_for_and_changes_no_more(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    changed = await erp.connector.update(
        "invoice", made.id, {"billing_code": "BC-2", "lines": [{**LINE, "quantity": 3}]}
    )
    assert (changed.record["billing_code"], changed.record["net_minor"]) == ("BC-2", 747000), (
        "lines replaced, not added to"
    )
    first, again = [await erp.connector.post("invoice", made.id) for _ in range(2)]
    assert first == again and (first.status, first.record["number"]) == ("posted", f"INV{made.id}")
    for call in (
        erp.connector.void("invoice", made.id),
        erp.connector.update("invoice", made.id, {"billing_code": "x"}),
    ):
        assert (await refused(call)).reason == "changed_after_posting"


async def test_a_draft_taken_back_stays_to_be_seen_and_gives_its_reference_free(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    assert [(await erp.connector.void("invoice", made.id)).status for _ in range(2)] == ["void", "void"]
    assert await erp.connector.find("invoice", "crm-deal-5") is None
    assert (await erp.connector.create("invoice", "crm-deal-5", INVOICE)).id != made.id
    assert (await refused(erp.connector.post("invoice", made.id))).code == "void_is_final"


UNKNOWN = [
    ({"currency": "GBP"}, "currency", "no currency GBP"),
    ({"payment_terms": "NET99"}, "payment_terms", "no payment term NET99"),
    ({"payment_terms": "Twice"}, "payment_terms", "2 payment terms Twice"),
    ({"customer_id": "4"}, "customer_id", "entity"),
    ({"customer_id": "C-1"}, "customer_id", "not an id"),
    ({"lines": [{**LINE, "product_code": "Nope' OR 1=1"}]}, "lines[0].product_code", "no item Nope"),
    ({"lines": [LINE, {**LINE, "account": "9"}]}, "lines[1].account", "to account 4000, not to 9"),
]


@pytest.mark.parametrize(("other", "path", "words"), UNKNOWN, ids=[each[2] for each in UNKNOWN])
async def test_what_the_books_do_not_know_is_named_with_its_place(
    erp: World, other: Any, path: str, words: str
) -> None:
    error = await refused(erp.connector.create("invoice", "crm-deal-5", {**INVOICE, **other}))
    assert (error.reason, error.path) == ("not_in_erp", path)
    assert words in error.words and erp.harness.count(erp.fake) == 0


WRONG = [
    ({"quantity": -2}, "negative_amount", "lines"),
    ({"unit_price_minor": 12.5}, "invalid_amount", "lines[0].unit_price_minor"),
    ({"tax_included": True}, "invalid_amount", "lines[0].tax_included"),
    ({"discount_percent": "5"}, "invalid_value", "lines[0].discount_percent"),
    ({"seat": "A"}, "invalid_value", "lines[0].seat"),
    ({"product_code": "No Tax"}, "missing_tax_code", "lines[0].tax_code"),
]


@pytest.mark.parametrize(("other", "reason", "path"), WRONG, ids=[each[1] for each in WRONG])
async def test_a_line_that_cannot_be_billed_is_refused_with_its_place(
    erp: World, other: Any, reason: str, path: str
) -> None:
    error = await refused(erp.connector.create("invoice", "crm-deal-5", {**INVOICE, "lines": [{**LINE, **other}]}))
    assert (error.reason, error.path) == (reason, path) and erp.harness.count(erp.fake) == 0


async def test_a_closed_period_and_a_locked_subsidiary_are_told_apart_from_other_refusals(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    erp.fake.closed = {"2026-11"}
    for call in (erp.connector.post("invoice", made.id), erp.connector.create("invoice", "crm-deal-6", INVOICE)):
        error = await refused(call)
        assert (error.reason, error.path) == ("period_closed", "issue_date") and "period that is closed" in error.words
    erp.fake.closed, erp.fake.locked = set(), {1}
    assert (await refused(erp.connector.create("invoice", "crm-deal-6", INVOICE))).reason == "subsidiary_locked"


@pytest.mark.parametrize("approves", ["locked", "ignored"])
async def test_an_approval_that_is_somebody_elses_is_for_a_person(erp: World, approves: str) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    erp.fake.approves = approves
    for call in (erp.connector.post("invoice", made.id), erp.connector.void("invoice", made.id)):
        assert (await refused(call)).reason == "approval_needed"


async def test_without_approval_routing_an_invoice_says_that_it_is_posted_already(erp: World) -> None:
    erp.fake.routing = False
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    assert made.status == made.record["status"] == "posted"


async def test_a_reference_is_taken_once_also_where_no_code_says_so(erp: World) -> None:
    made = await erp.connector.create("invoice", "Deal_5/ä", INVOICE)
    erp.fake.coded = False
    assert (
        await refused(erp.connector.create("invoice", "Deal_5/ä", {**INVOICE, "currency": "USD"}))
    ).reason == "reference_taken"
    found = await erp.connector.find("invoice", "Deal_5/ä")
    assert (found.id, found.record["reference"], found.record["currency"]) == (made.id, "Deal_5/ä", "EUR")
    assert erp.fake.records["invoice"][int(made.id)]["externalId"] == "_44eal_5f5_2f_c3_a4"


def test_no_two_references_are_one_external_id_even_where_case_does_not_count() -> None:
    references = ["a_b", "a-b", "A-b", "a_5fb", "a__b", "_61", "a", "A", "ä", "a/b", "a|b", "a b", "x" * 300, "0", ""]
    external = [external_id(each) for each in references]
    assert len({each.lower() for each in external}) == len(references)
    assert all(set(each) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_") for each in external)
    assert [reference_of(each) for each in external] == references
    assert [reference_of(each) for each in ("INV_1", "_zz", "_ff", "Old|1")] == ["INV_1", "_zz", "_ff", "Old|1"]


def test_what_stands_in_a_memo_is_read_back_unchanged() -> None:
    values = {
        "a": 'x; b: "y"',
        "b": "12",
        "c": 12,
        "d": [1, {"e": None}],
        "f": " padded",
        "g": "plain words",
        "h": "true",
    }
    assert read_memo(memo(values)) == values
    assert read_memo("Thanks; call me") == {}
    with pytest.raises(Rejected, match="999 characters"):
        memo({"a": "x" * 1000})


async def test_what_is_posted_is_credited_in_parts_and_never_beyond_it(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    half = {"issue_date": "2026-11-21", "lines": [{**LINE, "quantity": 1}]}
    assert (await refused(erp.connector.credit("credit_note", made.id, "c1", half))).code == "not_posted"
    await erp.connector.post("invoice", made.id)
    note = await erp.connector.credit("credit_note", made.id, "c1", half)
    assert (note.status, note.record["credits"], note.record["total_minor"]) == ("posted", made.id, -249000)
    assert note.record["lines"] == half["lines"]
    assert (await refused(erp.connector.credit("credit_note", made.id, "c1", half))).reason == "reference_taken"
    for beyond in ({}, {"lines": [LINE]}):
        assert (
            await refused(erp.connector.credit("credit_note", made.id, "c2", beyond))
        ).code == "credit_exceeds_invoice"
    rest = await erp.connector.credit("credit_note", made.id, "c3", half)
    assert note.record["net_minor"] + rest.record["net_minor"] == -made.record["net_minor"]


async def test_a_whole_credit_whose_answer_was_lost_is_found_by_its_reference(erp: World) -> None:
    erp.front.next("cut", after=True, method="POST", path="!transform/creditMemo")
    with pytest.raises(AnswerLost):
        await erp.connector.credit("credit_note", "1", "c1", {"issue_date": "2026-11-21"})
    found = await erp.connector.find("credit_note", "c1")
    assert (found.record["credits"], found.record["net_minor"]) == ("1", -1000)
    assert (await refused(erp.connector.credit("credit_note", "1", "c1", {}))).reason == "reference_taken"


async def test_a_payment_pays_its_invoice(erp: World) -> None:
    body = {"invoice_id": "1", "amount_minor": 1200, "currency": "EUR", "paid_on": "2026-11-21", "note": "wire"}
    made = await erp.connector.create("payment", "pay-1", body)
    assert {name: made.record[name] for name in body} == body
    assert (await erp.connector.get("invoice", "1")).record["paid"] is True
    assert (
        await refused(erp.connector.create("payment", "pay-2", {**body, "amount_minor": 0}))
    ).reason == "invalid_amount"


async def test_customers_keep_what_they_have_no_field_for(erp: World) -> None:
    body = {"name": "Müller & Söhne", "vat_id": "DE1", "country": "DE", "city": "Ulm", "currency": "EUR", "seats": 12, "note": "12",
            "email": "a@x.example", "payment_terms": "NET30"}  # fmt: skip
    made = await erp.connector.create("customer", "crm-company-2", body)
    assert {name: made.record[name] for name in body} == body and made.status == "open"
    changed = await erp.connector.update("customer", made.id, {"city": "Bonn", "seats": 13})
    assert {name: changed.record[name] for name in body} == {**body, "city": "Bonn", "seats": 13}
    assert len(erp.fake.records["customer"][int(made.id)]["addressBook"]["items"]) == 1
    assert [each["id"] for each in await erp.connector.search("customer", {"*": "söhne"})] == [made.id]
    assert [each["id"] for each in await erp.connector.search("customer", {"vat_id": "DE1"})] == [made.id]


async def test_a_page_that_is_not_netsuites_says_nothing_of_the_record(erp: World) -> None:
    erp.front.next("say", status=404, body="<html>no such host</html>")
    with pytest.raises(Unavailable):
        await erp.connector.find("invoice", "old")


async def test_an_answer_that_leads_to_another_record_is_not_believed(erp: World) -> None:
    erp.front.next(
        "say",
        status=204,
        headers={"Location": "https://x.example/services/rest/record/v1/invoice/1"},
        method="POST",
        path="/invoice",
    )
    with pytest.raises(AnswerLost):
        await erp.connector.create("invoice", "crm-deal-5", INVOICE)


async def test_no_more_requests_are_under_way_than_our_share(erp: World) -> None:
    erp.fake.most, erp.fake.slow = 3, 0.002
    await asyncio.gather(*(erp.connector.get("invoice", "1") for _ in range(12)))
    assert (erp.fake.refused, erp.fake.peak) == (0, 3)
    erp.fake.most = 0
    with pytest.raises(Throttled) as busy:
        await erp.connector.get("invoice", "1")
    assert busy.value.sent


async def test_a_read_that_the_transport_repeats_after_a_cut_is_signed_anew(erp: World) -> None:
    await erp.connector.get("invoice", "1")  # a connection that is kept
    erp.front.next("cut", after=True)
    assert (await erp.connector.get("invoice", "1")).id == "1"


async def test_an_item_that_was_made_anew_under_its_name_is_found(erp: World) -> None:
    await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    items = erp.fake.lists["item"]
    items[55] = dict(items[5])
    items[5]["isinactive"] = "T"
    assert (await refused(erp.connector.create("invoice", "crm-deal-6", INVOICE))).reason == "not_in_erp"
    made = await erp.connector.create("invoice", "crm-deal-6", INVOICE)
    assert made.record["lines"] == INVOICE["lines"]


def key_pair() -> tuple[Any, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.public_key(), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_a_signed_assertion_buys_one_token_for_all_and_another_where_it_is_refused() -> None:
    public, private = key_pair()
    none = dict.fromkeys(("consumer_key", "consumer_secret", "token_id", "token_secret"))
    told = {**none, "client_id": "client-1", "certificate_id": "cert-1", "private_key": private, "algorithm": "ES256"}
    async with world("netsuite", **told) as w:
        with pytest.raises(Unauthorized):
            await w.connector.probe()
        w.fake.guard.certificates["cert-1"] = public
        await asyncio.gather(*(w.connector.get("invoice", "1") for _ in range(8)))
        assert w.fake.guard.bought == 1
        w.fake.guard.tokens.clear()
        assert (await w.connector.get("invoice", "1")).id == "1"
        assert w.fake.guard.bought == 2


@pytest.mark.parametrize(
    "other",
    [
        {"token_id": None},
        {"client_id": "c"},
        {"timezone": "Mars/Phobos"},
        {"account": "1234567-sb1"},
        {"amounts": "both"},
    ],
    ids=["half a key", "two ways in", "no zone", "no account", "no such total"],
)
def test_what_cannot_work_is_said_before_anything_is_sent(other: Any) -> None:
    with pytest.raises(ValidationError) as wrong:
        kinds()["netsuite"].options.model_validate({**NETSUITE, **other})
    assert "pat-very-secret-1" not in str(wrong.value.errors(include_input=False))


def test_an_account_answers_at_its_own_address() -> None:
    options: Any = kinds()["netsuite"].options.model_validate(NETSUITE)
    assert options.address == "https://1234567-sb1.suitetalk.api.netsuite.com"


def test_the_page_about_netsuite_says_what_a_connection_understands_and_knows_every_option() -> None:
    page = (Path(__file__).parents[2] / "docs/connectors/netsuite.md").read_text(encoding="utf-8")
    [shown] = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    told, known = shown["connections"]["erp"], kinds()["netsuite"]
    del told["kind"], told["quarantine"]
    _, told["private_key"] = key_pair()
    options = known.options.model_validate({**told, "algorithm": "ES256"})
    assert options.model_dump(exclude_unset=True).keys() == {*told, "algorithm"}
    own = known.options.model_fields.keys() - HttpOptions.model_fields.keys()
    assert [name for name in sorted(own) if f"`{name}" not in page and f"{name}:" not in page] == []
    assert {
        each
        for each in ("missing_tax_code", "approval_needed", "subsidiary_locked", "period_closed", "not_in_erp")
        if each not in page
    } == set()


def test_what_can_be_done_differs_by_entity() -> None:
    can = kinds()["netsuite"].can
    assert {Ability.BULK, Ability.POST, Ability.VOID} <= can({}, "invoice") and Ability.CREDIT not in can({}, "invoice")
    assert Ability.CREDIT in can({}, "credit_note") and not {Ability.CREATE, Ability.BULK} & can({}, "credit_note")
    assert Ability.BULK in can({}, "customer") and not {Ability.POST, Ability.VOID} & can({}, "customer")
    assert can({}, "ship") == frozenset()
