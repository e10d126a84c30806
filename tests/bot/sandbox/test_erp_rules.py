"""The ERP over real HTTP: it takes what is right and names what is wrong."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.erp import Erp
from bot.sandbox.erp_api import mount_erp

CUSTOMERS, INVOICES = "/erp-api/v1/customers", "/erp-api/v1/invoices"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def erp() -> Erp:
    return Erp(clock=lambda: NOW, token="t", closed_until=date(2026, 9, 30))


@pytest.fixture
async def http(erp: Erp) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    mount_erp(erp, app)
    async with TestClient(TestServer(app), headers={"Authorization": "Bearer t"}) as client:
        yield client


async def ask(http, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with http.request(method, path, json=body) as response:
        return response.status, await response.json()


def customer(**changes: Any) -> dict[str, Any]:
    return {"reference": "crm-company-1", "name": "Müller 🌻", "country": "DE", "currency": "EUR", **changes}


def line(**changes: Any) -> dict[str, Any]:
    usual = {"product_code": "Atlas Pro", "description": "Workstation", "quantity": 2, "unit_price_minor": 249000}
    return {**usual, "account": "4000", **changes}


def invoice(**changes: Any) -> dict[str, Any]:
    return {
        "reference": "crm-deal-1",
        "customer_id": "C-00001",
        "currency": "EUR",
        "issue_date": "2026-11-02",
        "payment_terms": "NET30",
        "contract_reference": "1",
        "sync_reference": "quote_to_cash/1",
        "lines": [line(), line(product_code="Beacon One", quantity=1, unit_price_minor=1)],
        **changes,
    }


async def test_an_invoice_is_drafted_posted_and_numbered_without_gaps(erp, http):
    assert (await ask(http, "POST", CUSTOMERS, customer()))[0] == 201
    status, draft = await ask(http, "POST", INVOICES, invoice(billing_code="BC-1"))
    assert (status, draft["status"], draft["number"], draft["total_minor"]) == (201, "draft", None, 498001)
    await ask(http, "POST", INVOICES, invoice(reference="crm-deal-2", contract_reference="2", sync_reference="s/2"))
    second = await ask(http, "POST", f"{INVOICES}/I-00002/post", {})
    first = await ask(http, "POST", f"{INVOICES}/I-00001/post")
    assert [second[1]["number"], first[1]["number"]] == ["INV-00001", "INV-00002"]
    shown = (await ask(http, "GET", f"{INVOICES}/I-00001"))[1]
    assert datetime.fromisoformat(shown.pop("changed_at")) and shown == first[1]
    assert erp.totals() == {"EUR": 996002}
    assert [each["id"] for each in erp.posted()] == ["I-00002", "I-00001"]
    assert erp.duplicates() == ()


async def test_records_are_found_by_reference_and_other_fields(http):
    await ask(http, "POST", CUSTOMERS, customer(vat_id="DE1"))
    await ask(http, "POST", CUSTOMERS, customer(reference="crm-company-2", vat_id="DE1"))
    await ask(http, "POST", INVOICES, invoice())
    assert [each["id"] for each in (await ask(http, "GET", f"{CUSTOMERS}?reference=crm-company-2"))[1]["items"]] == [
        "C-00002"
    ]
    assert (await ask(http, "GET", f"{CUSTOMERS}?reference=none")) == (200, {"items": [], "next": None})
    assert len((await ask(http, "GET", f"{CUSTOMERS}?vat_id=DE1"))[1]["items"]) == 2
    assert len((await ask(http, "GET", f"{INVOICES}?contract_reference=1&status=draft"))[1]["items"]) == 1
    first = (await ask(http, "GET", f"{CUSTOMERS}?limit=1"))[1]
    rest = (await ask(http, "GET", f"{CUSTOMERS}?limit=1&after={first['next']}"))[1]
    assert [each["id"] for each in first["items"] + rest["items"]] == ["C-00001", "C-00002"]
    assert rest["next"] is None


async def test_a_customer_changes_only_in_the_named_fields(http):
    await ask(http, "POST", CUSTOMERS, customer(email="a@b.example", payment_terms="NET14"))
    status, changed = await ask(http, "PATCH", f"{CUSTOMERS}/C-00001", {"name": "Neu", "email": None})
    assert status == 200
    assert (changed["name"], changed["email"], changed["payment_terms"], changed["blocked"]) == (
        "Neu",
        None,
        "NET14",
        False,
    )
    same = await ask(http, "PATCH", f"{CUSTOMERS}/C-00001", {"reference": "crm-company-1"})
    other = await ask(http, "PATCH", f"{CUSTOMERS}/C-00001", {"reference": "crm-company-9"})
    assert (same[0], other[0], other[1]["error"]["field"]) == (200, 422, "reference")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"colour": "red"}, "validation", "colour"),
        ({"name": None}, "validation", "name"),
        ({"name": " "}, "validation", "name"),
        ({"name": "x" * 201}, "validation", "name"),
        ({"name": "null\x00byte"}, "validation", "name"),
        ({"name": 7}, "validation", "name"),
        ({"country": "Germany"}, "validation", "country"),
        ({"country": "de"}, "validation", "country"),
        ({"currency": "XXQ"}, "validation", "currency"),
        ({"email": "nobody"}, "validation", "email"),
        ({"blocked": "yes"}, "validation", "blocked"),
        ({"payment_terms": "NET7"}, "unknown_payment_terms", "payment_terms"),
        ({"payment_terms": 30}, "validation", "payment_terms"),
        ({"reference": ""}, "validation", "reference"),
    ],
)
async def test_a_wrong_customer_is_refused_by_field(erp, http, changes, code, field):
    status, answer = await ask(http, "POST", CUSTOMERS, customer(**changes))
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (422, code, field)
    assert erp.customers() == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"total_minor": 1}, "validation", "total_minor"),
        ({"number": "INV-1"}, "validation", "number"),
        ({"sync_reference": None}, "validation", "sync_reference"),
        ({"currency": "EURO"}, "validation", "currency"),
        ({"issue_date": "2026-11-31"}, "validation", "issue_date"),
        ({"issue_date": "20261102"}, "validation", "issue_date"),
        ({"issue_date": "2026-11-02T00:00:00Z"}, "validation", "issue_date"),
        ({"issue_date": "2026-09-30"}, "period_closed", "issue_date"),
        ({"customer_id": "C-99"}, "unknown_customer", "customer_id"),
        ({"payment_terms": "whenever"}, "unknown_payment_terms", "payment_terms"),
        ({"lines": []}, "validation", "lines"),
        ({"lines": "two"}, "validation", "lines"),
        ({"lines": ["two"]}, "validation", "lines[0]"),
        ({"lines": [line(), line(quantity=0)]}, "validation", "lines[1].quantity"),
        ({"lines": [line(quantity=1.0)]}, "validation", "lines[0].quantity"),
        ({"lines": [line(quantity="1")]}, "validation", "lines[0].quantity"),
        ({"lines": [line(quantity=True)]}, "validation", "lines[0].quantity"),
        ({"lines": [line(unit_price_minor=12.5)]}, "validation", "lines[0].unit_price_minor"),
        ({"lines": [line(unit_price_minor=-1)]}, "validation", "lines[0].unit_price_minor"),
        ({"lines": [line(unit_price_minor=0)]}, "validation", "lines"),
        ({"lines": [line(account="9999")]}, "unknown_account", "lines[0].account"),
        ({"lines": [line(discount=1)]}, "validation", "lines[0].discount"),
    ],
)
async def test_a_wrong_invoice_is_refused_by_field(erp, http, changes, code, field):
    await ask(http, "POST", CUSTOMERS, customer())
    status, answer = await ask(http, "POST", INVOICES, invoice(**changes))
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (422, code, field)
    assert answer["error"]["message"]
    assert erp.invoices() == []


async def test_a_reference_exists_once(erp, http):
    await ask(http, "POST", CUSTOMERS, customer())
    await ask(http, "POST", INVOICES, invoice())
    for path, body in ((CUSTOMERS, customer()), (INVOICES, invoice())):
        status, answer = await ask(http, "POST", path, body)
        assert (status, answer["error"]["code"]) == (409, "duplicate_reference")
    await ask(http, "POST", INVOICES, invoice(reference="another"))
    assert erp.duplicates() == ("contract_reference 1", "sync_reference quote_to_cash/1")


async def test_a_posted_invoice_never_changes(http):
    await ask(http, "POST", CUSTOMERS, customer())
    await ask(http, "POST", INVOICES, invoice())
    status, changed = await ask(http, "PATCH", f"{INVOICES}/I-00001", {"lines": [line(quantity=1)]})
    assert (status, changed["total_minor"]) == (200, 249000)
    await ask(http, "POST", f"{INVOICES}/I-00001/post")
    status, answer = await ask(http, "PATCH", f"{INVOICES}/I-00001", {"billing_code": "X"})
    assert (status, answer["error"]["code"]) == (409, "posted_is_immutable")
    status, answer = await ask(http, "POST", f"{INVOICES}/I-00001/post")
    assert (status, answer["error"]["code"]) == (409, "already_posted")


async def test_a_blocked_customer_gets_no_invoice_and_no_posting(erp, http):
    await ask(http, "POST", CUSTOMERS, customer())
    await ask(http, "POST", INVOICES, invoice())
    await ask(http, "PATCH", f"{CUSTOMERS}/C-00001", {"blocked": True})
    for path, body in ((INVOICES, invoice(reference="r2")), (f"{INVOICES}/I-00001/post", None)):
        status, answer = await ask(http, "POST", path, body)
        assert (status, answer["error"]["code"]) == (422, "customer_blocked")
    erp.accept("Müller 🌻")
    assert (await ask(http, "POST", f"{INVOICES}/I-00001/post"))[0] == 200


async def test_a_draft_whose_period_closed_meanwhile_is_not_posted(erp, http):
    await ask(http, "POST", CUSTOMERS, customer())
    await ask(http, "POST", INVOICES, invoice())
    erp.books.closed_until = date(2026, 11, 30)
    assert (await ask(http, "POST", f"{INVOICES}/I-00001/post"))[1]["error"]["code"] == "period_closed"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{CUSTOMERS}/C-9", None, 404),
        ("GET", f"{INVOICES}/I-9", None, 404),
        ("PATCH", f"{INVOICES}/I-9", b"{}", 404),
        ("POST", f"{INVOICES}/I-9/post", None, 404),
        ("DELETE", f"{INVOICES}/I-9", None, 404),
        ("GET", "/erp-api/v1/orders", None, 404),
        ("GET", f"{CUSTOMERS}?colour=red", None, 422),
        ("GET", f"{CUSTOMERS}?limit=0", None, 422),
        ("POST", CUSTOMERS, b"{", 400),
        ("POST", CUSTOMERS, b"\xff\xfe\xfd", 400),
        ("POST", CUSTOMERS, b'{"name": NaN}', 400),
        ("POST", CUSTOMERS, b"[1]", 422),
        ("POST", CUSTOMERS, b"", 422),
    ],
)
async def test_what_cannot_be_served_is_refused_as_json(http, method, path, body, status):
    async with http.request(method, path, data=body) as response:
        assert (response.status, set(await response.json())) == (status, {"error"})


async def test_posting_takes_no_fields(http):
    await ask(http, "POST", CUSTOMERS, customer())
    await ask(http, "POST", INVOICES, invoice())
    assert (await ask(http, "POST", f"{INVOICES}/I-00001/post", {"number": "mine"}))[0] == 422


@pytest.mark.parametrize("path", [CUSTOMERS, f"{INVOICES}/I-1/post", "/erp-api/v1/_log", "/erp-api/v1/_faults"])
async def test_a_wrong_token_is_refused_everywhere(erp, path):
    app = web.Application()
    mount_erp(erp, app)
    async with TestClient(TestServer(app), headers={"Authorization": "Bearer wrong"}) as client:
        for method in ("GET", "POST"):
            async with client.request(method, path) as response:
                assert response.status in {401, 404}
    assert {entry.status for entry in erp.request_log} <= {401, 404}
