"""Credit notes and contracts in the sandbox ERP: what is posted is taken back by a document of its own, never by more than it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.erp import Erp
from bot.sandbox.erp_api import mount_erp

INVOICES, CONTRACTS = "/erp-api/v1/invoices", "/erp-api/v1/contracts"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LINE = {
    "product_code": "Atlas Pro",
    "description": "Workstation",
    "quantity": 2,
    "unit_price_minor": 249000,
    "account": "4000",
}
CUSTOMER = {"reference": "crm-company-1", "name": "Acme", "country": "DE", "currency": "EUR"}
INVOICE = {
    "reference": "crm-deal-1", "customer_id": "C-00001", "currency": "EUR", "issue_date": "2026-11-02",
    "payment_terms": "NET30", "contract_reference": "1", "sync_reference": "quote_to_cash/1", "lines": [LINE],
}  # fmt: skip
NOTE = {"reference": "crm-deal-1-credit", "issue_date": "2026-11-20"}


@pytest.fixture
def erp() -> Erp:
    return Erp(clock=lambda: NOW, token="t", closed_until=date(2026, 9, 30))


@pytest.fixture
async def http(erp: Erp) -> AsyncIterator[Any]:
    app = web.Application()
    mount_erp(erp, app)
    async with TestClient(TestServer(app), headers={"Authorization": "Bearer t"}) as client:
        yield client


async def ask(http: Any, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with http.request(method, path, json=body) as response:
        return response.status, await response.json()


async def listed(http: Any, path: str) -> list[Any]:
    _, answer = await ask(http, "GET", path)
    return [{name: value for name, value in each.items() if name != "changed_at"} for each in answer["items"]]


async def posted(http: Any) -> None:
    await ask(http, "POST", "/erp-api/v1/customers", CUSTOMER)
    await ask(http, "POST", INVOICES, INVOICE)
    await ask(http, "POST", f"{INVOICES}/I-00001/post")


async def code(http: Any, body: Any, invoice: str = "I-00001") -> str:
    _, answer = await ask(http, "POST", f"{INVOICES}/{invoice}/credit", body)
    return str(answer["error"]["code"])


async def test_a_posted_invoice_is_credited_wholly_and_can_then_be_billed_anew(erp: Erp, http: Any) -> None:
    await posted(http)
    status, note = await ask(http, "POST", f"{INVOICES}/I-00001/credit", NOTE)
    assert (status, note["kind"], note["credits"], note["status"]) == (201, "credit_note", "I-00001", "posted")
    assert (note["number"], note["total_minor"], note["lines"][0]["quantity"]) == ("CN-00001", -498000, -2)
    assert await listed(http, f"{INVOICES}?reference=crm-deal-1-credit") == [note]
    assert await listed(http, f"{INVOICES}?credits=I-00001&kind=credit_note") == [note]
    await ask(http, "POST", INVOICES, {**INVOICE, "reference": "crm-deal-1-2"})
    _, again = await ask(http, "POST", f"{INVOICES}/I-00003/post")
    assert again["number"] == "INV-00002" and erp.totals() == {"EUR": 498000} and erp.duplicates() == ()


async def test_notes_by_lines_add_up_to_the_invoice_and_no_further(erp: Erp, http: Any) -> None:
    await posted(http)
    half = {**NOTE, "lines": [{**LINE, "quantity": 1}]}
    assert (await ask(http, "POST", f"{INVOICES}/I-00001/credit", half))[1]["total_minor"] == -249000
    assert erp.totals() == {"EUR": 249000}
    assert await code(http, {**NOTE, "reference": "b"}) == "credit_exceeds_invoice"
    assert (await ask(http, "POST", f"{INVOICES}/I-00001/credit", {**half, "reference": "b"}))[0] == 201
    assert (
        await code(http, {**half, "reference": "c", "lines": [{**LINE, "unit_price_minor": 1}]})
        == "credit_exceeds_invoice"
    )
    assert erp.totals() == {"EUR": 0}


async def test_what_cannot_be_credited_is_refused_by_name(http: Any) -> None:
    await posted(http)
    await ask(http, "POST", INVOICES, {**INVOICE, "reference": "draft"})
    assert await code(http, NOTE, "I-00002") == "not_posted"
    assert await code(http, {**NOTE, "issue_date": "2026-09-30"}) == "period_closed"
    assert await code(http, {**NOTE, "reference": "crm-deal-1"}) == "duplicate_reference"
    assert await code(http, {**NOTE, "lines": [{**LINE, "unit_price_minor": 0}]}) == "validation"
    assert await code(http, NOTE, "I-9") == "not_found"
    await ask(http, "POST", f"{INVOICES}/I-00001/credit", NOTE)
    assert await code(http, {**NOTE, "reference": "again"}, "I-00003") == "not_an_invoice"


async def test_a_contract_stands_beside_its_customer(erp: Erp, http: Any) -> None:
    contract = {"reference": "K1", "customer_id": "C-00001", "currency": "EUR", "payment_terms": "NET30"}
    assert (await ask(http, "POST", CONTRACTS, contract))[1]["error"]["code"] == "unknown_customer"
    await ask(http, "POST", "/erp-api/v1/customers", CUSTOMER)
    _, made = await ask(http, "POST", CONTRACTS, contract)
    assert made == {**contract, "id": "K-00001", "purchase_order": None, "starts_on": None, "sync_reference": None}
    assert (await ask(http, "POST", CONTRACTS, contract))[1]["error"]["code"] == "duplicate_reference"
    _, changed = await ask(http, "PATCH", f"{CONTRACTS}/K-00001", {"purchase_order": "PO-7", "starts_on": "2026-12-01"})
    assert await listed(http, f"{CONTRACTS}?reference=K1") == [changed] == erp.contracts()
    assert (await ask(http, "PATCH", f"{CONTRACTS}/K-00001", {"reference": "K2"}))[0] == 422
    assert (await ask(http, "GET", f"{CONTRACTS}/K-9"))[0] == 404
