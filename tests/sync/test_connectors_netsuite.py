"""NetSuite as a target and a source, in the shapes of a fake that the `netsuite` package has tried."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from connector_harness import World, world
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from harness_netsuite import INVOICE, NETSUITE, RECORD
from pydantic import ValidationError

from sync.abilities import Ability
from sync.connectors import kinds
from sync.connectors.netsuite_values import external_id, memo, read_memo, reference_of, span
from sync.connectors.options import HttpOptions
from sync.errors import AnswerLost, Rejected, Throttled, Unauthorized, Unavailable
from sync.model import Found
from sync.ports import BulkTarget

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


async def test_a_wrong_time_zone_is_seen_before_changes_are_missed() -> None:
    for zone, words in (("America/Los_Angeles", ""), ("UTC", "8:00:00 off: check `timezone`")):
        async with world("netsuite", timezone=zone) as w:
            line = await w.connector.probe()
            assert words in line and ("off" in line) == bool(words)


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
    [{"token_id": None}, {"client_id": "c"}, {"timezone": "Mars/Phobos"}, {"account": "../x"}, {"amounts": "both"}],
    ids=["half a key", "two ways in", "no zone", "no account", "no such total"],
)
def test_what_cannot_work_is_said_before_anything_is_sent(other: Any) -> None:
    with pytest.raises(ValidationError) as wrong:
        kinds()["netsuite"].options.model_validate({**NETSUITE, **other})
    assert "pat-very-secret-1" not in str(wrong.value.errors(include_input=False))


def test_an_account_answers_at_its_own_address() -> None:
    options: Any = kinds()["netsuite"].options.model_validate(NETSUITE)
    assert options.address == "https://1234567-sb1.suitetalk.api.netsuite.com"


async def listed(erp: World, entity: str, limit: int = 2, **asked: Any) -> list[Any]:
    found, after = [], None
    while True:
        page = await erp.connector.listed(entity, after=after, limit=limit, **asked)
        found += page.entries
        after = page.after
        if after is None:
            return found


async def test_lists_show_totals_by_netsuites_own_sums_and_lines_only_where_asked_for(erp: World) -> None:
    made = [
        await erp.connector.create("invoice", f"crm-deal-{n}", {**INVOICE, "currency": ("EUR", "JPY")[n % 2]})
        for n in range(3)
    ]
    found = await listed(
        erp, "invoice", fields=["reference", "total_minor", "currency", "billing_code", "issue_date", "payment_terms"]
    )
    assert [each.id for each in found] == ["1", *(each.id for each in made)]
    names = (
        "reference",
        "total_minor",
        "currency",
        "billing_code",
        "issue_date",
        "payment_terms",
        "tax_minor",
        "gross_minor",
    )
    assert [{n: each.record[n] for n in names} for each in found[1:]] == [
        {n: each.record[n] for n in names} for each in made
    ]
    assert [each.status for each in found] == ["posted", "draft", "draft", "draft"]
    assert not any("/record/v1/invoice/1" in path for _, path in erp.front.seen[-4:])
    whole = await listed(erp, "invoice", fields=["lines[*].quantity"])
    assert [each.record["lines"] for each in whole[1:]] == [each.record["lines"] for each in made]
    counted = await erp.connector.counted("invoice", amount="total_minor", currency="currency")
    assert (counted.records, counted.totals) == (4, {"EUR": 1000 + 2 * 498000, "JPY": 498000})
    assert (await erp.connector.counted("invoice", amount="gross_minor", currency="currency")).totals[
        "EUR"
    ] == 1200 + 2 * 597600
    assert (await erp.connector.counted("customer")).records == 1
    with pytest.raises(Rejected):
        await erp.connector.counted("invoice", amount="billing_code", currency="currency")


async def test_only_what_changed_since_is_listed_by_the_clock_of_the_account(erp: World) -> None:
    now = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)  # 01:30 in Los Angeles, an hour before it is 01:30 again
    for number, minutes in ((1, 0), (2, 40), (3, 70)):
        erp.fake.now = lambda minutes=minutes: now + timedelta(minutes=minutes)
        await erp.connector.create("customer", f"c{number}", {"name": f"C{number}"})
    erp.fake.records["invoice"].clear()
    del erp.fake.records["customer"][100]
    names = [
        each.record["name"]
        for each in await listed(erp, "customer", fields=["name"], since=now + timedelta(minutes=20))
    ]
    assert names == ["C1", "C2", "C3"], "what may have been changed in the second such hour is not left out"
    names = [
        each.record["name"]
        for each in await listed(erp, "customer", fields=["name"], since=now + timedelta(minutes=75))
    ]
    assert "C1" not in names


def test_an_hour_that_comes_twice_hides_nothing() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    begin = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)
    for start, end in ((0, 30), (60, 110), (100, 130), (115, 125), (125, 180), (30, 240)):
        low, high = span(begin + timedelta(minutes=start), begin + timedelta(minutes=end), zone)
        for minute in range(start, end + 1):
            shown = (begin + timedelta(minutes=minute)).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            assert low <= shown <= high


async def test_polling_walks_ties_by_id_and_goes_on_in_its_window_after_a_crash(
    erp: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.connectors.netsuite_lists.ROWS", 3)
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    numbers = [erp.fake.create("customer", {"companyName": f"C{n}"}) for n in range(7)]
    first = await erp.connector.changes("customer", None, now=now)
    assert first.more and [each.record_id for each in first.changes] == ["100", *map(str, numbers[:2])]
    del erp.fake.records["customer"][numbers[2]]
    erp.fake.records["customer"][numbers[3]]["lastModifiedDate"] = now + timedelta(minutes=5)
    later, seen, page = now + timedelta(minutes=10), [], first
    while page.more:
        page = await erp.connector.changes("customer", page.cursor, now=later)
        seen += [each.record_id for each in page.changes]
    assert seen == [str(numbers[n]) for n in (4, 5, 6)]
    following = await erp.connector.changes("customer", page.cursor, now=later)
    assert [each.record_id for each in following.changes] == [str(numbers[3])]
    again = await erp.connector.changes(
        "customer", erp.connector.start_at("customer", now - timedelta(hours=1)), now=later
    )
    assert again.changes[0].key == first.changes[1].key


@pytest.mark.parametrize(
    "rows",
    [[{"id": "7", "changed": "2026-11-20 01:00:00"}] * 2, [{"changed": "x"}], ["x"],
     [{"id": "7", "changed": "2026-11-20 01:00:00"}, {"id": "6", "changed": "2026-11-20 01:00:00"}]],
)  # fmt: skip
async def test_an_answer_that_would_lose_changes_is_not_believed(erp: World, rows: Any) -> None:
    erp.front.next("say", body=json.dumps({"items": rows, "hasMore": False}))
    with pytest.raises(Unavailable):
        await erp.connector.changes("customer", None, now=datetime(2026, 11, 20, 9, 0, tzinfo=UTC))


async def test_the_catalogue_says_which_fields_there_are(erp: World) -> None:
    described = await erp.connector.describe("invoice")
    assert described.fields["total_minor"].type == "integer" and described.fields["issue_date"].type == "date"
    assert "billing_code" not in described.fields and await erp.connector.describe("ship") is None


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.connectors.netsuite_batches.WAITS", (0, 0))


def invoices(*lines: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(f"crm-deal-{at}", {**INVOICE, "lines": [{**LINE, **line}]}) for at, line in enumerate(lines)]


async def test_each_record_of_a_batch_hears_of_its_own_part(erp: World, at_once: None) -> None:
    asked = invoices({}, {"product_code": "Nope"}, {"product_code": "No Tax"}, {"quantity": 3})
    assert isinstance(erp.connector, BulkTarget) and erp.connector.takes_many("invoice")
    first, unknown, untaxed, last = await erp.connector.create_many("invoice", asked)
    assert [each.record["reference"] for each in (first, last)] == ["crm-deal-0", "crm-deal-3"]
    assert (unknown.reason, untaxed.reason) == ("not_in_erp", "missing_tax_code")
    assert [len(job["ends"]) for job in erp.fake.jobs.values()] == [3], "one request for all that could be sent"
    assert len(erp.fake.records["invoice"]) == 3


async def test_a_batch_whose_answer_was_lost_is_one_job(erp: World, at_once: None) -> None:
    asked = invoices({}, {"quantity": 3})
    erp.front.next("cut", after=True, method="POST", path="/invoice")
    with pytest.raises(AnswerLost):
        await erp.connector.create_many("invoice", asked)
    made = await erp.connector.create_many("invoice", asked)
    assert [each.record["net_minor"] for each in made] == [498000, 747000]
    assert len(erp.fake.jobs) == 1 and len(erp.fake.records["invoice"]) == 3


async def test_what_a_job_has_not_made_yet_is_left_to_be_found(
    erp: World, at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erp.fake, "create", lambda *_, **__: 424242)
    monkeypatch.setattr("sync.connectors.netsuite_batches.WAITS", (0,))
    assert await erp.connector.create_many("invoice", invoices({}, {"quantity": 3})) == [None, None]
    assert [path for method, path in erp.front.seen if method == "POST" and path.endswith("/invoice")] == [
        f"{RECORD}/invoice"
    ]


async def test_a_hundred_go_out_in_one_request_and_what_comes_after_stands_for_itself(
    erp: World, at_once: None
) -> None:
    asked = [(f"c{number}", {"name": f"C{number}"}) for number in range(102)]
    posts = 0

    async def refuse_the_second(path: str, body: Any, headers: Any) -> str:
        nonlocal posts
        posts += 1
        if posts == 2:
            raise Rejected("no")
        for each in body["items"]:
            erp.fake.create("customer", each)
        return "https://x.example/services/rest/async/v1/job/1"

    async def done(path: str) -> Any:
        return {"completed": True}

    suite = erp.connector._suite
    suite.begin, suite.ask = refuse_the_second, done
    made = await erp.connector.create_many("customer", asked)
    assert all(isinstance(each, Found) for each in made[:100]) and all(type(each) is Unavailable for each in made[100:])


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
