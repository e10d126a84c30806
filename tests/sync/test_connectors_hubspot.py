"""HubSpot: how a deal is read whole, and the task that asks people to merge."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from connector_fakes import Front, served
from fakes.hubspot import API, TOKEN, Account

from bot.sandbox import crm_batches
from sync.connectors import build
from sync.errors import AnswerLost, ConfigurationError, Rejected, Unauthorized, Unavailable


@asynccontextmanager
async def account(crm: Account, front: Front | None = None, **options: Any) -> AsyncIterator[Any]:
    async with served(crm.mount, front or Front()) as url:
        hubspot = build("hubspot", {"base_url": Account.at(url), "token": TOKEN, **options}, name="crm")
        try:
            yield hubspot
        finally:
            await hubspot.close()


def deal_world(lines: int = 2) -> Account:
    crm = Account()
    crm.put("deals", 1, dealname="Renewal", amount="10.10", billing_code="")
    for company in (20, 21, 22):
        crm.put("companies", company, name=f"Company {company}", vat_id="DE1")
        crm.link("deals", 1, "companies", company, primary=company == 21)
    for line in range(300 + lines, 300, -1):
        crm.put("line_items", line, name=f"Line {line}", price="5.05", quantity="1")
        crm.link("deals", 1, "line_items", line)
    return crm


async def test_a_deal_is_read_with_its_primary_company_and_its_lines_in_order() -> None:
    async with account(deal_world()) as hubspot:
        deal = await hubspot.read("deals", "1")
    assert (deal["id"], deal["amount"], deal["billing_code"], deal["payment_terms"]) == ("1", "10.10", None, None)
    assert (deal["company"]["id"], deal["company"]["name"]) == ("21", "Company 21")
    assert [line["id"] for line in deal["lines"]] == ["301", "302"]
    assert deal["lines"][0]["hs_sku"] is None


async def test_many_lines_come_in_several_pages_and_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crm_batches, "ASSOCIATIONS_PER_PAGE", 70)
    async with account(deal_world(lines=250)) as hubspot:
        deal = await hubspot.read("deals", "1")
    assert [line["id"] for line in deal["lines"]] == [str(n) for n in range(301, 551)]


async def test_a_deal_may_have_no_company_and_no_lines() -> None:
    crm = Account()
    crm.put("deals", 1, dealname="Lonely")
    async with account(crm) as hubspot:
        deal = await hubspot.read("deals", "1")
    assert deal["company"] is None and deal["lines"] == []


async def test_without_a_primary_company_the_one_with_the_lowest_id_counts() -> None:
    front, targets = Front(), [{"toObjectId": 22, "associationTypes": None}, {"toObjectId": 20}]
    page = {"results": [{"from": {"id": "1"}, "to": targets}]}
    front.next("say", body=json.dumps(page), path="companies/batch/read")
    async with account(deal_world(), front) as hubspot:
        assert (await hubspot.read("deals", "1"))["company"]["id"] == "20"


@pytest.mark.parametrize(("kind", "gone"), [("line_items", 301), ("companies", 21)])
async def test_a_relation_that_vanishes_meanwhile_is_no_half_deal(kind: str, gone: int) -> None:
    crm = deal_world()
    crm.vanish(kind, gone)
    async with account(crm) as hubspot:
        with pytest.raises(Unavailable, match="vanished"):
            await hubspot.read("deals", "1")


async def test_associations_that_cannot_be_listed_are_no_missing_company() -> None:
    front = Front()
    errors = [{"subCategory": "crm.associations.TIMEOUT", "message": "too slow"}]
    async with account(deal_world(), front) as hubspot:
        front.next("say", status=207, body=json.dumps({"results": [], "errors": errors}), path="companies/batch/read")
        with pytest.raises(Unavailable, match="too slow"):
            await hubspot.read("deals", "1")
        front.next("say", body="[]", path="companies/batch/read")
        with pytest.raises(Unavailable, match="list of associations"):
            await hubspot.read("deals", "1")


async def test_a_company_is_read_alone_with_the_properties_that_the_workspace_names() -> None:
    async with account(deal_world(), properties={"companies": ["name", "city", "no_such"]}) as hubspot:
        company = await hubspot.read("companies", "21")
    assert company["name"] == "Company 21" and company["city"] is None
    assert "vat_id" not in company and "no_such" not in company


async def test_searching_by_fields_and_by_words() -> None:
    crm = deal_world()
    crm.put("companies", 23, name="Nordwind GmbH", vat_id="DE2")
    async with account(crm) as hubspot:
        assert [r["id"] for r in await hubspot.search("companies", {"vat_id": "DE1"})] == ["20", "21", "22"]
        assert [r["id"] for r in await hubspot.search("companies", {"vat_id": "DE1", "name": "Company 20"})] == ["20"]
        [found] = await hubspot.search("companies", {"*": "Renewal 2027: <nordwind>, [gmbh] & a b c d e f g"})
        assert found["name"] == "Nordwind GmbH"
        assert await hubspot.search("companies", {"*": "nordwind", "vat_id": "DE1"}) == []
        asked = crm.searches
        assert await hubspot.search("companies", {"*": " - "}) == []
        assert await hubspot.search("companies", {"vat_id": ""}) == []
        assert crm.searches == asked


async def test_a_search_without_results_is_not_an_empty_one() -> None:
    front = Front()
    async with account(deal_world(), front) as hubspot:
        front.next("say", body='{"total": 0}')
        with pytest.raises(Unavailable, match="without results"):
            await hubspot.search("companies", {"vat_id": "DE1"})


async def test_fields_of_a_deal_are_written_back() -> None:
    crm = deal_world()
    async with account(crm) as hubspot:
        changed = await hubspot.update("deals", "1", {"invoice_number": 7, "billing_status": None})
        assert changed.id == "1" and changed.record["invoice_number"] == "7"
        found = await hubspot.find("deals", "1")
        assert found.record["invoice_number"] == "7" and found.record["billing_status"] is None


async def test_a_refused_field_is_named() -> None:
    async with account(deal_world()) as hubspot:
        with pytest.raises(Rejected, match=r"not valid.*\(correlation 0{8}-") as refused:
            await hubspot.update("deals", "1", {"no_such_property": "x"})
        assert (refused.value.reason, refused.value.code) == ("crm_rejected", "VALIDATION_ERROR")
        assert refused.value.path == "no_such_property"
        with pytest.raises(Rejected) as gone:
            await hubspot.update("deals", "99", {"amount": "1"})
        assert gone.value.reason == "not_found"


async def test_an_update_whose_answer_is_no_record_is_lost() -> None:
    front = Front()
    async with account(deal_world(), front) as hubspot:
        front.next("say", body="[1]")
        with pytest.raises(AnswerLost):
            await hubspot.update("deals", "1", {"amount": "1"})


async def test_a_task_carries_its_marker_and_is_attached_to_what_it_names() -> None:
    crm = deal_world()
    body = {"subject": "Merge\ntwins", "body": "A <b>&</b>\nB", "companies": ["20", "21"], "deals": ["1"]}
    async with account(crm) as hubspot:
        task = await hubspot.create("tasks", "merge-20-21", body)
        again = await hubspot.create("tasks", "merge-20-21", body)
        assert again.id == task.id
        assert await hubspot.find("tasks", "merge-20") is None
    [stored] = crm.tasks()
    assert stored["hs_task_subject"] == "Merge twins [meshline merge-20-21]"
    assert stored["hs_task_body"] == "A &lt;b&gt;&amp;&lt;/b&gt;<br>B"
    assert (stored["hs_task_status"], stored["hs_task_type"], stored["hs_timestamp"][-1]) == (
        "NOT_STARTED",
        "TODO",
        "Z",
    )
    assert stored["companies"] == ["20", "21"] and crm.objects.links("tasks", task.id, "deals") == ("1",)


async def test_of_two_tasks_with_one_marker_the_older_counts() -> None:
    crm = Account()
    for task in (10, 9, 11):
        crm.put("tasks", task, hs_task_subject="Merge [meshline m-1]" if task != 11 else "m-1 without marker")
    async with account(crm) as hubspot:
        assert (await hubspot.find("tasks", "m-1")).id == "9"


async def test_hubspot_neither_posts_nor_creates_other_things() -> None:
    async with account(Account()) as hubspot:
        with pytest.raises(Rejected, match="not posted"):
            await hubspot.post("deals", "1")
        with pytest.raises(Rejected, match="not created"):
            await hubspot.create("deals", "x", {})


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait"),
    [
        (423, {}, {"category": "LOCKED"}, 2.0),
        (477, {"Retry-After": "60"}, {}, 60.0),
        (403, {}, {"category": "RATE_LIMITS", "message": "slow down"}, 2.0),
        (400, {"Retry-After": "5000"}, {"errorType": "RATE_LIMIT"}, 5.0),
    ],
)
async def test_what_passes_by_itself_is_tried_again(
    status: int, headers: dict[str, str], body: Any, wait: float
) -> None:
    front = Front()
    async with account(deal_world(), front) as hubspot:
        front.next("say", status=status, headers=headers, body=json.dumps(body))
        with pytest.raises(Unavailable) as busy:
            await hubspot.update("deals", "1", {"amount": "1"})
        assert busy.value.retry_after == wait


async def test_a_missing_scope_is_for_the_connection() -> None:
    front = Front()
    async with account(deal_world(), front) as hubspot:
        front.next("say", status=403, body='{"category": "MISSING_SCOPES", "message": "needs crm.objects.deals.write"}')
        with pytest.raises(Unauthorized, match=r"needs crm\.objects"):
            await hubspot.update("deals", "1", {"amount": "1"})


async def test_the_probe_names_properties_that_the_account_lacks() -> None:
    front = Front()
    async with account(deal_world(), front, properties={"deals": ["dealname", "billing_code", "colour"]}) as hubspot:
        assert (await hubspot.probe()).endswith("none called colour")
        front.next("say", body='{"results": null}')
        with pytest.raises(Unavailable):
            await hubspot.probe()


async def test_values_that_are_not_text_become_text() -> None:
    front = Front()
    async with account(deal_world(), front) as hubspot:
        shown = '{"id": 7, "properties": {"amount": 1e3, "open": true, "n": 12345678901234567890.10}}'
        front.next("say", body=shown)
        company = await hubspot.read("companies", "7")
        assert (company["amount"], company["open"], company["n"]) == ("1e3", "true", "12345678901234567890.10")


async def test_an_error_detail_without_a_property_names_its_place() -> None:
    front = Front()
    async with account(deal_world(), front) as hubspot:
        front.next("say", status=400, body='{"message": "no", "errors": [{"message": "?"}, {"in": "amount"}]}')
        with pytest.raises(Rejected) as refused:
            await hubspot.update("deals", "1", {"amount": "1"})
        assert refused.value.path == "amount" and refused.value.code == "400"


@pytest.mark.parametrize("name", ["Deal Name", "a,b", "../x", "1a"])
def test_property_names_are_checked(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"connections\.crm\.properties\.deals\.0"):
        build("hubspot", {"token": TOKEN, "properties": {"deals": [name]}}, name="crm")


async def test_every_path_is_of_the_one_version() -> None:
    front = Front()
    async with account(deal_world(), front) as hubspot:
        await hubspot.read("deals", "1")
    assert front.seen and all("/2026-09/" in path and "2026-09" in API for _, path in front.seen)
