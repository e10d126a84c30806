"""Stripe as a billing target: one invoice whatever answer is lost, nothing final that is short, amounts to the smallest unit, and a
search that is behind deceives nobody."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from harness_stripe import HARNESS, INVOICE, STRIPE, written

from sync.connectors import kinds
from sync.connectors.testing.harness import World, world_of
from sync.errors import AnswerLost, ConfigurationError, Rejected, Throttled, Unavailable

REFERENCE = "crm-deal-5"
LINE = INVOICE["lines"][0]


@pytest.fixture
async def w() -> AsyncIterator[World]:
    async with world_of(kinds()["stripe"], HARNESS) as world:
        yield world


async def test_a_draft_holds_what_was_sold_and_reads_back_as_it_was_told(w: World) -> None:
    lines = [
        {**LINE, "tax_code": "VAT20"},
        {**LINE, "quantity": "1.5", "unit_price": "0.333", "discount_percent": "10"},
    ]
    del lines[1]["unit_price_minor"]
    found = await w.connector.create("invoice", REFERENCE, {**INVOICE, "lines": lines})
    shown = found.record
    assert (found.status, shown["net_minor"], shown["tax_minor"]) == ("draft", 498045, 99600)
    assert {name: shown[name] for name in INVOICE if name != "lines"} == {
        name: value for name, value in INVOICE.items() if name != "lines"
    }
    assert shown["lines"] == [{**lines[0], "amount_minor": 498000}, {**lines[1], "amount_minor": 45}]
    [kept] = written(w.fake, REFERENCE)
    assert kept["auto_advance"] is False and kept["days_until_due"] == "30"
    assert [row["description"] for row in kept["lines"]["data"]] == ["2 × Workstation", "1.5 × Workstation"]
    assert w.front.headers[-1]["Stripe-Version"] and "X-Stripe-Client-User-Agent" not in w.front.headers[-1]


async def test_a_discount_that_stripe_has_for_the_customer_takes_nothing_off_what_was_sold(w: World) -> None:
    w.fake.records["customer"]["cus_100"]["percent_off"] = 10
    assert (await w.connector.create("invoice", REFERENCE, INVOICE)).record["gross_minor"] == 498000


@pytest.mark.parametrize("path", ["/v1/invoices", "/add_lines"])
async def test_whichever_of_its_two_calls_is_lost_the_invoice_is_made_once(w: World, path: str) -> None:
    w.fake.lags = True
    w.front.next("cut", after=True, method="POST", path=path)
    with pytest.raises(AnswerLost):
        await w.connector.create("invoice", REFERENCE, INVOICE)
    found = await w.connector.find("invoice", REFERENCE) or await w.connector.create("invoice", REFERENCE, INVOICE)
    assert found.record["net_minor"] == 498000
    assert len(written(w.fake, REFERENCE)) == 1 and len(w.fake.records["invoice"]) == 2


async def test_a_draft_without_its_lines_is_not_there_yet_and_is_never_finalized(w: World) -> None:
    w.front.next("say", status=503, method="POST", path="/add_lines")
    with pytest.raises(Unavailable):
        await w.connector.create("invoice", REFERENCE, INVOICE)
    assert await w.connector.find("invoice", REFERENCE) is None
    [short] = [each for each in w.fake.records["invoice"] if each != "in_100"]
    with pytest.raises(Rejected) as refused:
        await w.connector.post("invoice", short)
    assert refused.value.reason == "totals_differ" and w.fake.records["invoice"][short]["status"] == "draft"
    dearer = {**INVOICE, "lines": [{**LINE, "quantity": 3}]}
    found = await w.connector.create("invoice", REFERENCE, dearer)
    assert found.record["net_minor"] == 747000 and short not in w.fake.records["invoice"]


@pytest.mark.parametrize("what", ["a line", "a discount"])
async def test_a_draft_that_somebody_changed_is_not_finalized_in_silence(w: World, what: str) -> None:
    found = await w.connector.create("invoice", REFERENCE, {**INVOICE, "lines": [LINE, LINE]})
    if what == "a line":
        w.fake.records["invoice"][found.id]["lines"]["data"].pop()
    else:
        w.fake.records["invoice"][found.id]["percent_off"] = 10
    with pytest.raises(Rejected) as refused:
        await w.connector.post("invoice", found.id)
    assert refused.value.reason == "totals_differ"


async def test_what_the_search_does_not_know_yet_is_found_in_the_list_and_old_ones_by_search(w: World) -> None:
    now = w.fake.now()
    w.fake.lags = True
    fresh = await w.connector.create("invoice", REFERENCE, INVOICE)
    assert (await w.connector.find("invoice", REFERENCE)).id == fresh.id
    w.fake.lags, w.fake.now = False, lambda: now - 7 * 24 * 3600
    old = await w.connector.create("customer", 'it"s \\ old', {"name": "Old"})
    assert (await w.connector.find("customer", 'it"s \\ old')).id == old.id
    with pytest.raises(Rejected) as refused:
        await w.connector.create("customer", 'it"s \\ old', {"name": "Other"})
    assert refused.value.reason == "reference_taken"


async def test_one_reference_on_two_records_is_for_a_person_and_a_void_one_does_not_count(w: World) -> None:
    first = await w.connector.create("invoice", REFERENCE, INVOICE)
    w.fake.records["invoice"][first.id]["status"] = "void"
    second = await w.connector.create("invoice", REFERENCE, INVOICE)
    assert second.id != first.id and (await w.connector.find("invoice", REFERENCE)).id == second.id
    w.fake.records["invoice"][first.id]["status"] = "open"
    with pytest.raises(Rejected) as refused:
        await w.connector.find("invoice", REFERENCE)
    assert refused.value.reason == "ambiguous_reference"


async def test_a_draft_is_taken_back_once_and_its_reference_is_free_again(w: World) -> None:
    found = await w.connector.create("invoice", REFERENCE, INVOICE)
    w.front.next("say", status=500, after=True, method="DELETE")
    with pytest.raises(AnswerLost):
        await w.connector.void("invoice", found.id)
    assert (await w.connector.void("invoice", found.id)).status == "void"
    again = await w.connector.create("invoice", REFERENCE, INVOICE)
    assert again.id != found.id and again.record["net_minor"] == 498000


async def test_final_is_final_however_often_it_is_asked_for_and_changes_no_more(w: World) -> None:
    found = await w.connector.create("invoice", REFERENCE, INVOICE)
    w.front.next("cut", after=True, method="POST", path="/finalize")
    with pytest.raises(AnswerLost):
        await w.connector.post("invoice", found.id)
    posted = await w.connector.post("invoice", found.id)
    assert (posted.status, posted.record["number"]) == ("posted", "MESH-0001")
    for change in (w.connector.update("invoice", found.id, INVOICE), w.connector.void("invoice", found.id)):
        with pytest.raises(Rejected) as refused:
            await change
        assert refused.value.reason == "changed_after_posting"


async def test_a_draft_changes_wholly_and_back_again(w: World) -> None:
    many = [{**LINE, "description": str(place)} for place in range(120)]
    found = await w.connector.create("invoice", REFERENCE, {**INVOICE, "lines": many})
    assert len(found.record["lines"]) == 120
    for lines in ([LINE], many, [LINE]):
        found = await w.connector.update("invoice", found.id, {"lines": lines, "billing_code": None})
        assert len(found.record["lines"]) == len(lines) and "billing_code" not in found.record
    with pytest.raises(Rejected, match="currency"):
        await w.connector.update("invoice", found.id, {"currency": "USD"})
    assert (await w.connector.post("invoice", found.id)).record["net_minor"] == 498000


async def test_what_is_final_is_credited_in_parts_and_never_beyond_it(w: World) -> None:
    taxed = {**INVOICE, "lines": [{**LINE, "tax_code": "VAT20"}]}
    invoice = await w.connector.create("invoice", REFERENCE, taxed)
    await w.connector.post("invoice", invoice.id)
    part = {"lines": [{**LINE, "quantity": 1, "tax_code": "VAT20"}]}
    w.front.next("cut", after=True, method="POST", path="/credit_notes")
    with pytest.raises(AnswerLost):
        await w.connector.credit("credit_note", invoice.id, "cn-1", part)
    note = await w.connector.find("credit_note", "cn-1")
    assert (note.record["net_minor"], note.record["gross_minor"], note.status) == (-249000, -298800, "posted")
    assert note.record["credits"] == invoice.id
    with pytest.raises(Rejected) as twice:
        await w.connector.credit("credit_note", invoice.id, "cn-1", part)
    with pytest.raises(Rejected) as beyond:
        await w.connector.credit("credit_note", invoice.id, "cn-2", {})
    assert (twice.value.reason, beyond.value.code) == ("reference_taken", "credit_exceeds_invoice")
    await w.connector.credit("credit_note", invoice.id, "cn-3", part)
    w.fake.records["invoice"][invoice.id]["amount_paid"] = 1
    with pytest.raises(Rejected) as paid:
        await w.connector.credit("credit_note", invoice.id, "cn-4", part)
    assert paid.value.code == "paid"


async def test_a_whole_credit_takes_back_the_invoice_with_its_tax(w: World) -> None:
    invoice = await w.connector.create(
        "invoice", REFERENCE, {**INVOICE, "lines": [{**LINE, "tax_code": "VAT20"}, LINE]}
    )
    await w.connector.post("invoice", invoice.id)
    note = await w.connector.credit("credit_note", invoice.id, "cn-1", {"issue_date": "2026-11-21"})
    assert note.record["gross_minor"] == -invoice.record["gross_minor"] == -1095600


@pytest.mark.parametrize(
    ("currency", "minor", "theirs"),
    [
        ("JPY", 5000, 5000),
        ("KWD", 5010, 5010),
        ("KWD", 5001, None),
        ("ISK", 50, 5000),
        ("MGA", 500, 5),
        ("MGA", 501, None),
    ],
)
async def test_amounts_are_told_as_stripe_counts_them_or_refused(
    w: World, currency: str, minor: int, theirs: int | None
) -> None:
    body = {**INVOICE, "currency": currency, "lines": [{"product_code": "P", "quantity": 1, "unit_price_minor": minor}]}
    if theirs is None:
        with pytest.raises(Rejected) as refused:
            await w.connector.create("invoice", REFERENCE, body)
        assert refused.value.reason == "invalid_amount" and len(w.fake.records["invoice"]) == 1
        return
    found = await w.connector.create("invoice", REFERENCE, body)
    [kept] = written(w.fake, REFERENCE)
    assert kept["lines"]["data"][0]["amount"] == theirs and found.record["net_minor"] == minor


@pytest.mark.parametrize(
    ("change", "reason", "path"),
    [
        ({"lines": []}, "missing_lines", "lines"),
        ({"lines": [{**LINE, "quantity": 0}]}, "negative_amount", "lines"),
        ({"lines": [{**LINE, "tax_included": True}]}, "invalid_amount", "lines[0].tax_included"),
        ({"lines": [{**LINE, "tax_code": "VAT7"}]}, "not_in_erp", "lines[0].tax_code"),
        ({"payment_terms": "NET7"}, "not_in_erp", "payment_terms"),
        ({"payment_terms": None}, "missing_payment_terms", "payment_terms"),
        ({"issue_date": "soon"}, "invalid_value", "issue_date"),
        ({"currency": "EURO"}, "unknown_currency", "currency"),
        ({"customer_id": "cus_none"}, "not_in_erp", "customer_id"),
        ({"note": "x" * 501}, "invalid_value", "note"),
    ],
)
async def test_what_stripe_cannot_take_is_told_with_its_place_and_nothing_stays(
    w: World, change: dict[str, Any], reason: str, path: str
) -> None:
    with pytest.raises(Rejected) as refused:
        await w.connector.create("invoice", REFERENCE, {**INVOICE, **change})
    assert (refused.value.reason, refused.value.path) == (reason, path)
    assert list(w.fake.records["invoice"]) == ["in_100"]


async def test_lines_that_are_refused_leave_no_draft(w: World) -> None:
    del w.fake.taxes["txr_20"]
    with pytest.raises(Rejected) as refused:
        await w.connector.create("invoice", REFERENCE, {**INVOICE, "lines": [{**LINE, "tax_code": "VAT20"}]})
    assert (refused.value.reason, refused.value.path) == ("not_in_erp", "lines[0].tax_code")
    assert list(w.fake.records["invoice"]) == ["in_100"]


ERRORS = [
    (402, {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor"}, Rejected, "do_not_honor"),
    (400, {"type": "idempotency_error"}, Rejected, "idempotency_error"),
    (400, {"type": "invalid_request_error", "code": "rate_limit"}, Throttled, ""),
    (409, {"type": "invalid_request_error", "code": "idempotency_key_in_use"}, AnswerLost, ""),
    (429, {"type": "invalid_request_error", "code": "lock_timeout"}, Throttled, ""),
    (500, {"type": "api_error"}, AnswerLost, ""),
]


@pytest.mark.parametrize(
    ("status", "error", "kind", "code"), ERRORS, ids=[f"{each[0]}-{each[1]['type']}" for each in ERRORS]
)
async def test_every_error_of_stripe_has_one_consequence(
    w: World, status: int, error: dict[str, str], kind: type[Exception], code: str
) -> None:
    body = '{"error": {' + ", ".join(f'"{name}": "{text}"' for name, text in error.items()) + ', "message": "No"}}'
    w.front.next("say", status=status, body=body, method="POST", path="/customers")
    with pytest.raises(kind) as refused:
        await w.connector.create("customer", "c-1", {"name": "New"})
    assert getattr(refused.value, "code", "") == code


async def test_the_same_request_within_a_day_makes_one_customer_even_where_no_list_shows_it(w: World) -> None:
    w.fake.lags = True
    made = await w.connector.create("customer", "c-1", {"name": "New", "vat_id": "DE1", "city": "Berlin"})
    w.fake.records["customer"][made.id]["created"] -= 7 * 24 * 3600
    again = await w.connector.create("customer", "c-1", {"name": "New", "vat_id": "DE1", "city": "Berlin"})
    assert again.id == made.id and again.record["vat_id"] == "DE1" and again.record["city"] == "Berlin"
    changed = await w.connector.update("customer", made.id, {"vat_id": None, "phone": "1"})
    assert "vat_id" not in changed.record and changed.record["phone"] == "1"


@pytest.mark.parametrize("deleted", [[], [2], [2, 3]])
async def test_a_walk_through_the_list_gives_every_record_once_whatever_is_deleted_meanwhile(
    w: World, deleted: list[int]
) -> None:
    made = [await w.connector.create("customer", f"c-{number}", {"name": f"C {number}"}) for number in range(7)]
    page = await w.connector.listed("customer", fields=("name",), limit=5)
    seen = [each.reference for each in page.entries]
    for number in deleted:
        del w.fake.records["customer"][made[number].id]
    while page.after is not None:
        page = await w.connector.listed("customer", fields=("name",), after=page.after, limit=2)
        seen += [each.reference for each in page.entries]
    assert seen == [*(f"c-{number}" for number in reversed(range(7))), ""]


async def test_pages_that_go_in_a_circle_end(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await w.connector.create("invoice", REFERENCE, {**INVOICE, "lines": [LINE] * 20})
    honest = w.fake._listed
    monkeypatch.setattr(w.fake, "_listed", lambda rows, _: {**honest(rows, {"limit": "5"}), "has_more": True})
    for deed in (
        w.connector.find("credit_note", "cn-1"),
        w.connector.find("invoice", "x"),
        w.connector.get("invoice", found.id),
    ):
        with pytest.raises(Unavailable):
            await deed


async def test_nothing_that_was_sent_stands_in_a_log(w: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await w.connector.create("customer", "c-1", {"name": "Ada Lovelace", "email": "ada@example.com"})
    for said in ("Lovelace", "ada@", STRIPE["api_key"]):
        assert said not in caplog.text


def test_without_the_library_the_mistake_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sync.connectors.stripe_wire", raising=False)
    monkeypatch.delattr("sync.connectors.stripe_wire", raising=False)
    monkeypatch.setitem(sys.modules, "stripe", None)
    kind = kinds()["stripe"]
    with pytest.raises(ConfigurationError, match=r"meshline\[stripe\]"):
        kind.build(kind.options.model_validate({**STRIPE, "base_url": "http://127.0.0.1:1"}), "erp")
