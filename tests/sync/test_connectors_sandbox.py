"""The connectors against the sandbox's CRM and ERP, which were written apart from them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox.crm import Crm
from bot.sandbox.crm_api import mount_crm
from bot.sandbox.deals import load, story
from bot.sandbox.erp import Erp
from bot.sandbox.erp_api import mount_erp
from sync.connectors import build
from sync.errors import AnswerLost, Rejected, Unauthorized, Unavailable
from sync.model import Change
from sync.ports import Incoming

PUBLIC = "https://sync.example.com"
DESCRIPTION = Path(__file__).parents[2] / "examples/quote_to_cash/connections/erp.yaml"


@dataclass
class Books:
    """Both systems, both connections and what the webhooks brought."""

    crm: Crm
    erp: Erp
    hubspot: Any
    ledger: Any
    now: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    heard: list[Change] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    async def hook(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        incoming = Incoming(
            method=request.method, url=f"{PUBLIC}{request.path_qs}", headers=headers, body=await request.read()
        )
        self.heard.extend(self.hubspot.accept(incoming, now=self.now))
        return web.Response(status=202)


@asynccontextmanager
async def books(**hubspot: Any) -> AsyncIterator[Books]:
    made: Books
    crm, erp = Crm(clock=lambda: made.now), Erp(clock=lambda: made.now)
    made = Books(crm=crm, erp=erp, hubspot=None, ledger=None)
    app = web.Application()
    mount_crm(crm, app)
    mount_erp(erp, app)
    app.router.add_post("/hooks/crm", made.hook)
    server = TestServer(app, host="127.0.0.1", port=0)
    await server.start_server()
    url = str(server.make_url("")).rstrip("/")
    crm.webhooks.webhook_url, crm.webhooks.public_url = f"{url}/hooks/crm", PUBLIC
    secret = crm.webhooks.client_secret
    options = {"base_url": f"{url}/crm-api", "token": crm.token, "client_secret": secret, **hubspot}
    made.hubspot = build("hubspot", options, name="crm")
    describe = yaml.safe_load(DESCRIPTION.read_text())
    made.ledger = build("rest", {"base_url": f"{url}/erp-api", "token": erp.token, "describe": describe}, name="erp")
    try:
        yield made
    finally:
        await made.hubspot.close()
        await made.ledger.close()
        await server.close()


CUSTOMER = {"name": "Acme", "country": "DE", "currency": "EUR"}


def invoice(customer: str) -> dict[str, Any]:
    line = {"product_code": "P", "description": "d", "quantity": 2, "unit_price_minor": 505, "account": "4000"}
    return {
        "customer_id": customer,
        "currency": "EUR",
        "issue_date": "2026-11-19",
        "payment_terms": "NET30",
        "contract_reference": "1",
        "sync_reference": "quote_to_cash/1",
        "lines": [line],
    }


async def test_both_connections_prove_themselves() -> None:
    async with books() as b:
        assert "none called" not in await b.hubspot.probe()
        assert "customer, invoice" in await b.ledger.probe()
    async with books(token="wrong") as b:
        with pytest.raises(Unauthorized):
            await b.hubspot.probe()


async def test_a_deal_is_described_with_its_company_and_lines_in_a_contracts_words() -> None:
    async with books() as b:
        b.crm.objects.change_property("deals", "billing_code", archived=True)
        found = await b.hubspot.describe("deals")
        types = {path: each.type for path, each in found.fields.items()}
        assert types.items() >= {
            "id": "string", "amount": "number", "closedate": "timestamp", "company": "object", "company.vat_id": "string",
            "lines": "array", "lines[*].quantity": "number",
        }.items()  # fmt: skip
        assert "closedwon" in found.fields["dealstage"].options and found.fields["billing_code"].archived
        assert found.fields["company.vat_id"].label == "VAT ID"
        assert "company" not in (await b.hubspot.describe("companies")).fields
        assert await b.hubspot.describe("unicorns") is None
        for status, error in ((403, Unauthorized), (401, Unauthorized), (503, Unavailable)):
            b.crm.faults.schema = status
            with pytest.raises(error):
                await b.hubspot.describe("deals")


async def test_what_a_contract_declares_is_read_too_wherever_it_stands() -> None:
    async with books() as b:
        b.crm.objects.change_property("line_items", "hs_sku", name="discount")
        b.crm.objects.change_property("deals", "pipeline", name="reseller")
        company = b.crm.create("companies", {"name": "Acme", "hubspot_owner_id": "7"})
        line = b.crm.create("line_items", {"name": "Atlas", "discount": "5"})
        deal = b.crm.create(
            "deals", {"dealname": "D", "reseller": "R"}, links=[("companies", company), ("line_items", line)]
        )
        assert "reseller" not in await b.hubspot.read("deals", deal)
        paths = (
            "id",
            "reseller",
            "company",
            "company.hubspot_owner_id",
            "lines",
            "lines[*].discount",
            "nowhere.x",
            "not_there",
        )
        b.hubspot.want("deals", paths)
        read = await b.hubspot.read("deals", deal)
        assert read["reseller"] == "R" and read["company"]["hubspot_owner_id"] == "7"
        assert read["lines"][0]["discount"] == "5" and "not_there" not in read


async def test_every_deal_of_the_story_is_read_as_the_crm_shows_it() -> None:
    async with books() as b:
        told = story(now=b.now)
        load(told, b.crm)
        for deal in told.deals:
            shown, read = b.crm.deal(deal.id), await b.hubspot.read("deals", deal.id)
            assert (read["id"], read["dealname"], read["amount"]) == (deal.id, shown["dealname"], shown["amount"])
            assert (read["company"] or {}).get("id") == (shown["company"] or {}).get("id")
            assert [line["id"] for line in read["lines"]] == [line["id"] for line in shown["lines"]]
            assert all(line["product_code"] for line in read["lines"])


async def test_polling_and_webhooks_see_the_same_deals() -> None:
    async with books(page_size=7) as b:
        load(story(now=b.now), b.crm)
        b.crm.webhooks.repeat_share, b.crm.webhooks.reorder_window = 0.2, 20
        await b.crm.webhooks.flush()
        b.now += timedelta(minutes=1)
        polled, cursor, more = [], None, True
        while more:
            page = await b.hubspot.changes("deals", cursor, now=b.now)
            polled, cursor, more = [*polled, *page.changes], page.cursor, page.more
        everyone = {deal["id"] for deal in b.crm.deals()}
        assert {change.record_id for change in polled} == everyone and len(polled) == len(everyone)
        heard = [change for change in b.heard if change.entity == "deals" and change.kind == "deal.creation"]
        assert {change.record_id for change in heard} == everyone
        assert len({change.key for change in heard}) == len(everyone) < len(heard)


async def test_a_merge_task_is_written_once_and_hangs_on_both_companies() -> None:
    async with books() as b:
        twins = [b.crm.create("companies", {"name": "Acme", "vat_id": "DE1"}) for _ in range(2)]
        assert [record["id"] for record in await b.hubspot.search("companies", {"vat_id": "DE1"})] == twins
        key = "merge-" + "-".join(twins)
        b.crm.faults.lose_answers = 1
        with pytest.raises(AnswerLost):
            await b.hubspot.create("tasks", key, {"subject": "Merge", "body": "twins", "companies": twins})
        found = await b.hubspot.find("tasks", key)
        again = await b.hubspot.create("tasks", key, {"subject": "Merge", "body": "twins", "companies": twins})
        [task] = b.crm.tasks()
        assert found.id == again.id == task["id"] and task["companies"] == twins


async def test_after_a_merge_the_deal_reads_with_the_survivor() -> None:
    async with books() as b:
        first, second = (b.crm.create("companies", {"name": "Acme", "vat_id": "DE1"}) for _ in range(2))
        deal = b.crm.create("deals", {"dealname": "D"}, links=[("companies", second)])
        b.crm.merge(first, second)
        assert (await b.hubspot.read("deals", deal))["company"]["id"] == first
        assert (await b.hubspot.read("companies", second))["id"] == first


async def test_a_company_is_found_by_a_word_of_a_deals_name() -> None:
    async with books() as b:
        b.crm.create("companies", {"name": "Müller Werkzeuge"})
        [found] = await b.hubspot.search("companies", {"*": "Renewal 2027 – MÜLLER"})
        assert found["name"] == "Müller Werkzeuge"


async def test_fields_go_back_to_the_deal() -> None:
    async with books() as b:
        deal = b.crm.create("deals", {"dealname": "D"})
        await b.hubspot.update("deals", deal, {"billing_status": "billed", "invoice_number": "INV-1"})
        assert b.crm.deal(deal)["invoice_number"] == "INV-1"
        with pytest.raises(Rejected) as refused:
            await b.hubspot.update("deals", deal, {"colour": "red"})
        assert refused.value.path == "colour"


async def test_a_busy_crm_says_how_long() -> None:
    async with books() as b:
        b.crm.faults.throttle, b.crm.faults.retry_after = 1, "3000"
        with pytest.raises(Unavailable) as busy:
            await b.hubspot.probe()
        assert busy.value.retry_after == 3.0


async def test_an_invoice_is_billed_once_through_lost_answers() -> None:
    async with books() as b:
        b.erp.faults.lose_answers = 1
        with pytest.raises(AnswerLost):
            await b.ledger.create("customer", "crm-company-1", CUSTOMER)
        customer = await b.ledger.find("customer", "crm-company-1")
        b.erp.faults.lose_answers = 1
        with pytest.raises(AnswerLost):
            await b.ledger.create("invoice", "crm-deal-1", invoice(customer.id))
        with pytest.raises(Rejected) as taken:
            await b.ledger.create("invoice", "crm-deal-1", invoice(customer.id))
        assert taken.value.reason == "reference_taken"
        found = await b.ledger.find("invoice", "crm-deal-1")
        assert found.status == "draft" and found.record["total_minor"] == 1010
        b.erp.faults.lose_answers = 1
        with pytest.raises(AnswerLost):
            await b.ledger.post("invoice", found.id)
        posted = await b.ledger.post("invoice", found.id)
        assert posted.status == "posted" and posted.record["number"]
        assert len(b.erp.posted()) == 1 and b.erp.duplicates() == ()


async def test_what_the_ledger_refuses_is_in_its_words() -> None:
    async with books() as b:
        with pytest.raises(Rejected) as refused:
            await b.ledger.create("invoice", "crm-deal-1", invoice("nobody"))
        assert (refused.value.reason, refused.value.code) == ("erp_rejected", "unknown_customer")
        with pytest.raises(Rejected) as refused:
            await b.ledger.create("customer", "c", {**CUSTOMER, "country": "Germany"})
        assert (refused.value.code, refused.value.path) == ("validation", "country")


async def test_an_outage_is_waited_out() -> None:
    async with books() as b:
        b.erp.faults.outage_requests, b.erp.faults.retry_after, b.erp.faults.throttle = 1, 30, 1
        for wait in (30.0, 1.0):
            with pytest.raises(Unavailable) as away:
                await b.ledger.create("customer", "c", CUSTOMER)
            assert away.value.retry_after == wait
        assert b.erp.customers() == []
