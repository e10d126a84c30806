"""Listing both systems of the sandbox: whole, page by page, and only what changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from test_connectors_sandbox import CUSTOMER, DESCRIPTION, books, invoice

from sync.connectors.rest_description import Description
from sync.connectors.rest_listing import page
from sync.errors import Rejected, Unavailable
from sync.listing import Entry, Listing


async def walk(side: Listing, entity: str, *, limit: int, **asked: Any) -> list[Entry]:
    found: list[Entry] = []
    after = None
    while True:
        page = await side.listed(entity, after=after, limit=limit, **asked)
        found += page.entries
        after = page.after
        if after is None:
            return found


async def test_deals_are_listed_with_their_companies_in_the_order_of_their_ids() -> None:
    async with books() as b:
        company = b.crm.create("companies", {"name": "Acme"})
        other = b.crm.create("companies", {"name": "Beta"})
        ids = []
        for at in range(5):
            links = [("companies", company if at < 3 else other)] if at != 2 else []
            ids.append(b.crm.create("deals", {"dealname": f"D{at}", "amount": f"{at}.50"}, links=links))
        found = await walk(b.hubspot, "deals", fields=["id", "amount", "company.id"], limit=2)
        assert [each.id for each in found] == ids
        assert [each.record["amount"] for each in found] == ["0.50", "1.50", "2.50", "3.50", "4.50"]
        companies = [each.record["company"] for each in found]
        assert companies == [{"id": company}, {"id": company}, None, {"id": other}, {"id": other}]
        named = await walk(b.hubspot, "deals", fields=["company.id", "company.name"], limit=200)
        assert [(each.record["company"] or {}).get("name") for each in named] == ["Acme", "Acme", None, "Beta", "Beta"]


async def test_only_what_changed_since_a_moment_is_listed_on_either_side() -> None:
    async with books() as b:
        deal = b.crm.create("deals", {"dealname": "D"})
        b.crm.create("deals", {"dealname": "E"})
        customer = await b.ledger.create("customer", "crm-company-1", CUSTOMER)
        first = await b.ledger.create("invoice", "crm-deal-1", invoice(customer.id))
        await b.ledger.create("invoice", "crm-deal-2", invoice(customer.id))
        b.now += timedelta(hours=1)
        since = b.now
        b.crm.update("deals", deal, {"amount": "7.00"})
        await b.ledger.post("invoice", first.id)
        assert b.hubspot.lists_changes("deals") and b.ledger.lists_changes("invoice")
        assert [each.id for each in await walk(b.hubspot, "deals", fields=["amount"], limit=1, since=since)] == [deal]
        [posted] = await walk(b.ledger, "invoice", fields=["status", "reference"], limit=1, since=since)
        assert (posted.id, posted.status, posted.reference, posted.changed) == (first.id, "posted", "crm-deal-1", since)
        assert set(posted.record) == {"id", "status", "reference", "changed_at"}


async def test_a_page_that_vanishes_behind_the_walk_neither_skips_nor_repeats_the_rest() -> None:
    async with books() as b:
        ids = [b.crm.create("deals", {"dealname": str(at)}) for at in range(6)]
        first = await b.hubspot.listed("deals", fields=["dealname"], limit=2)
        b.crm.delete("deals", ids[0])
        b.crm.update("deals", ids[1], {"dealname": "changed"})
        rest = await b.hubspot.listed("deals", fields=["dealname"], after=first.after, limit=200)
        assert [each.id for each in rest.entries] == ids[2:]


async def test_what_is_not_described_is_not_listed() -> None:
    async with books() as b:
        assert not b.ledger.lists("unicorn")
        with pytest.raises(Rejected):
            await b.ledger.listed("unicorn", fields=[])


def test_a_list_that_cannot_go_on_is_a_mistake_of_the_description() -> None:
    get = {"path": "/x/{id}"}
    entity = {"find": {"path": "/x", "query": {"r": "{reference}"}}, "get": get, "list": {"path": "/x"}}
    with pytest.raises(ValidationError, match="list must name"):
        Description.model_validate({"probe": {"path": "/"}, "entities": {"x": entity}})


@pytest.mark.parametrize("answer", [{}, {"items": [], "next": "9"}, {"items": [{"no": "id"}]}])
async def test_an_answer_that_would_lose_records_is_no_page(answer: dict[str, Any]) -> None:
    known = Description.model_validate(yaml.safe_load(DESCRIPTION.read_text())).entities["invoice"]
    assert known.list_ is not None
    with pytest.raises(Unavailable):
        page("erp", known, known.list_, answer, None, answer.get("next"))
