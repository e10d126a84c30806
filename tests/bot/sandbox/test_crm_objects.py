"""The CRM's records over real HTTP: what is asked is answered, what is wrong is refused in HubSpot's words."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.crm import Crm
from bot.sandbox.crm_api import mount_crm
from bot.sandbox.crm_record import InvalidProperties, Missing
from bot.sandbox.deals_values import Owner

OBJECTS = "/crm-api/crm/objects/2026-09"


class Clock:
    now = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def crm(clock: Clock) -> Crm:
    return Crm(clock=clock, token="t")


@pytest.fixture
async def http(crm: Crm) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    mount_crm(crm, app)
    async with TestClient(TestServer(app), headers={"Authorization": "Bearer t"}) as client:
        yield client


async def answer(call: Any) -> tuple[int, Any]:
    async with call as response:
        return response.status, await response.json()


async def test_a_renamed_property_has_its_values_under_the_new_name_and_is_refused_under_the_old_one(crm, http):
    deal = crm.create("deals", {"dealname": "Müller", "billing_code": "BC-1"})
    crm.rename_property("deals", "billing_code", "billing_ref")
    _, record = await answer(http.get(f"{OBJECTS}/deals/{deal}?properties=billing_code,billing_ref"))
    assert record["properties"]["billing_ref"] == "BC-1" and "billing_code" not in record["properties"]
    status, refused = await answer(http.patch(f"{OBJECTS}/deals/{deal}", json={"properties": {"billing_code": "BC-2"}}))
    assert status == 400 and "PROPERTY_DOESNT_EXIST" in str(refused)
    _, listed = await answer(http.get("/crm-api/crm/properties/2026-09/deals"))
    labels = {each["name"]: each["label"] for each in listed["results"]}
    assert labels["billing_ref"] == "Billing code" and "billing_code" not in labels
    for kind, name, new in (("deals", "billing_code", "x"), ("deals", "createdate", "x"), ("deals", "amount", "dealname"),
                            ("deals", "amount", "Not a name"), ("orders", "amount", "x")):  # fmt: skip
        with pytest.raises((Missing, InvalidProperties)):
            crm.rename_property(kind, name, new)


async def test_an_archived_property_is_kept_and_shown_only_to_who_asks_for_it(crm, http):
    deal = crm.create("deals", {"dealname": "Müller", "billing_code": "BC-1"})
    crm.objects.change_property("deals", "billing_code", archived=True)
    _, record = await answer(http.get(f"{OBJECTS}/deals/{deal}?properties=billing_code"))
    assert "billing_code" not in record["properties"]
    for asked, found in (("", False), ("?archived=true", True)):
        _, listed = await answer(http.get(f"/crm-api/crm/properties/2026-09/deals{asked}"))
        assert ("billing_code" in {each["name"] for each in listed["results"]}) is found


async def test_a_read_answers_only_what_was_asked_and_the_three_that_always_come(crm, http):
    deal = crm.create("deals", {"dealname": "Müller", "amount": "12.50", "closedate": "2026-11-01"})
    status, record = await answer(http.get(f"{OBJECTS}/deals/{deal}?properties=amount,closedate,billing_code,nonsense"))
    assert status == 200
    assert record["properties"] == {
        "amount": "12.50",
        "closedate": "2026-11-01T00:00:00.000Z",
        "billing_code": None,
        "hs_object_id": deal,
        "createdate": "2026-11-02T09:30:00.000Z",
        "hs_lastmodifieddate": "2026-11-02T09:30:00.000Z",
    }
    assert not record["archived"]


async def test_a_change_moves_the_modification_date_even_when_the_clock_stands(crm, http):
    deal = crm.create("deals", {"amount": "1"})
    await answer(http.patch(f"{OBJECTS}/deals/{deal}", json={"properties": {"amount": "2"}}))
    assert crm.deal(deal)["hs_lastmodifieddate"] == "2026-11-02T09:30:00.001Z"
    await answer(http.patch(f"{OBJECTS}/deals/{deal}", json={"properties": {"amount": "2"}}))
    assert crm.deal(deal)["hs_lastmodifieddate"] == "2026-11-02T09:30:00.001Z", "the same value is no change"


async def test_an_empty_value_clears_and_numbers_become_text(crm, http):
    deal = crm.create("deals", {"billing_code": "B"})
    body = {"properties": {"billing_code": "", "amount": 12.5, "closedate": 1793577600000}}
    status, _ = await answer(http.patch(f"{OBJECTS}/deals/{deal}", json=body))
    assert status == 200
    found = crm.deal(deal)
    assert (found["billing_code"], found["amount"]) == (None, "12.5")
    assert found["closedate"] == "2026-11-02T00:00:00.000Z"


async def test_texts_survive_whole_with_null_bytes_markup_and_fifty_thousand_characters(crm, http):
    name = "Null\x00 <!channel> & <b>" + "ö🌻" * 25_000
    status, made = await answer(http.post(f"{OBJECTS}/deals", json={"properties": {"dealname": name}}))
    assert status == 201
    _, record = await answer(http.get(f"{OBJECTS}/deals/{made['id']}?properties=dealname"))
    assert record["properties"]["dealname"] == name


@pytest.mark.parametrize(
    ("properties", "codes"),
    [
        ({"no_such": "1", "amount": "1"}, ["PROPERTY_DOESNT_EXIST"]),
        ({"hs_object_id": "7", "dealstage": "wonderful"}, ["READ_ONLY_VALUE", "INVALID_OPTION"]),
        ({"closedate": "soon"}, ["INVALID_DATE"]),
        ({"closedate": "9" * 40}, ["INVALID_DATE"]),
        ({"dealname": ["a", "list"]}, ["INVALID_STRING"]),
    ],
)
async def test_wrong_properties_are_all_named_and_nothing_is_written(crm, http, properties, codes):
    deal = crm.create("deals", {"amount": "5"})
    status, error = await answer(http.patch(f"{OBJECTS}/deals/{deal}", json={"properties": properties}))
    assert (status, error["category"], error["status"]) == (400, "VALIDATION_ERROR", "error")
    assert [each["code"] for each in error["errors"]] == codes
    assert crm.deal(deal)["amount"] == "5"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic t"}])
async def test_a_wrong_token_is_refused_in_hubspot_shape(crm, header):
    app = web.Application()
    mount_crm(crm, app)
    async with TestClient(TestServer(app)) as client:
        status, error = await answer(client.get(f"{OBJECTS}/deals/1", headers=header))
    assert status == 401
    assert error["category"] == "INVALID_AUTHENTICATION"
    assert set(error) == {"status", "message", "correlationId", "category"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/deals/404", None, 404),
        ("GET", "/planets/1", None, 404),
        ("PUT", "/deals/1", None, 405),
        ("POST", "/deals", b"{", 400),
        ("POST", "/deals", b"[]", 400),
        ("POST", "/deals", b"\xff", 400),
        ("POST", "/deals", b"{}", 400),
        ("POST", "/deals/batch/read", b'{"inputs": "all"}', 400),
        ("POST", "/deals/batch/read", b'{"inputs": [{}]}', 400),
        ("POST", "/companies/merge", b"{}", 400),
        ("PUT", "/deals/1/associations/default/companies/2", None, 404),
        ("PATCH", "/deals/1", b'{"properties": {}}', 404),
    ],
)
async def test_what_cannot_be_served_is_refused_as_json(http, method, path, body, status):
    found, error = await answer(http.request(method, OBJECTS + path, data=body))
    assert (found, error["status"]) == (status, "error")


async def test_a_batch_reads_writes_and_reports_the_missing_part_with_207(crm, http):
    first = crm.create("line_items", {"name": "one", "quantity": "1"})
    status, read = await answer(
        http.post(f"{OBJECTS}/line_items/batch/read", json={"properties": ["name"], "inputs": [{"id": first}]})
    )
    assert (status, [each["properties"]["name"] for each in read["results"]]) == (200, ["one"])
    inputs = [{"id": first, "properties": {"quantity": "3"}}, {"id": "999", "properties": {"quantity": "3"}}]
    status, written = await answer(http.post(f"{OBJECTS}/line_items/batch/update", json={"inputs": inputs}))
    assert (status, written["errors"][0]["context"]) == (207, {"ids": ["999"]})
    assert written["results"][0]["properties"]["quantity"] == "3"
    both = [{"properties": {"email": email}} for email in ("a@b.example", "c@b.example")]
    status, made = await answer(http.post(f"{OBJECTS}/contacts/batch/create", json={"inputs": both}))
    assert (status, len(made["results"])) == (201, 2)
    assert "lastmodifieddate" in made["results"][0]["properties"]


@pytest.mark.parametrize("verb", ["read", "update", "create"])
async def test_a_batch_takes_a_hundred_and_not_one_more(crm, http, verb):
    deal = crm.create("deals", {})
    one = {"id": deal, "properties": {"amount": "1"}}
    status, _ = await answer(http.post(f"{OBJECTS}/deals/batch/{verb}", json={"inputs": [one] * 100}))
    assert status in {200, 201}
    status, error = await answer(http.post(f"{OBJECTS}/deals/batch/{verb}", json={"inputs": [one] * 101}))
    assert (status, error["category"]) == (400, "VALIDATION_ERROR")


async def test_associations_go_both_ways_and_the_first_company_is_the_primary_one(crm, http):
    deal = crm.create("deals", {})
    first, second = crm.create("companies", {"name": "A"}), crm.create("companies", {"name": "B"})
    for company in (first, second):
        path = f"{OBJECTS}/deals/{deal}/associations/default/companies/{company}"
        assert (await answer(http.put(path)))[0] == 200
    path = "/crm-api/crm/associations/2026-09/deals/companies/batch/read"
    status, found = await answer(http.post(path, json={"inputs": [{"id": deal}]}))
    assert status == 200
    [result] = found["results"]
    assert result["from"] == {"id": deal}
    assert [each["toObjectId"] for each in result["to"]] == [int(first), int(second)]
    assert [[t["typeId"] for t in each["associationTypes"]] for each in result["to"]] == [[5, 341], [341]]
    assert crm.deal(deal)["company"]["name"] == "A"
    assert crm.deal(deal)["hs_primary_associated_company"] == first
    back = "/crm-api/crm/associations/2026-09/companies/deals/batch/read"
    _, found = await answer(http.post(back, json={"inputs": [{"id": second}]}))
    assert found["results"][0]["to"][0]["toObjectId"] == int(deal)


async def test_a_record_without_associations_is_named_as_missing(crm, http):
    deal = crm.create("deals", {})
    path = "/crm-api/crm/associations/2026-09/deals/line_items/batch/read"
    status, found = await answer(http.post(path, json={"inputs": [{"id": deal}]}))
    assert (status, found["results"]) == (207, [])
    assert found["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"


async def test_a_task_is_created_with_its_company_in_one_call(crm, http):
    company = crm.create("companies", {"name": "A"})
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}]
    body = {
        "properties": {"hs_task_subject": "Merge", "hs_task_status": "NOT_STARTED", "hs_timestamp": "1793577600000"},
        "associations": [{"to": {"id": company}, "types": types}],
    }
    assert (await answer(http.post(f"{OBJECTS}/tasks", json=body)))[0] == 201
    [task] = crm.tasks()
    assert (task["hs_task_subject"], task["companies"]) == ("Merge", [company])
    types[0]["associationTypeId"] = 341
    assert (await answer(http.post(f"{OBJECTS}/tasks", json=body)))[0] == 400
    status, _ = await answer(http.put(f"{OBJECTS}/tasks/{task['id']}/associations/default/line_items/1"))
    assert status == 404
    assert len(crm.tasks()) == 1


async def test_types_that_do_not_belong_together_are_not_associated(crm, http):
    line, company = crm.create("line_items", {}), crm.create("companies", {})
    status, error = await answer(http.put(f"{OBJECTS}/line_items/{line}/associations/default/companies/{company}"))
    assert (status, error["category"]) == (400, "VALIDATION_ERROR")


async def test_a_merge_moves_every_association_and_the_merged_id_answers_with_the_survivor(crm, http):
    kept = crm.create("companies", {"name": "Müller", "vat_id": "DE1"})
    other = crm.create("companies", {"name": "Mueller", "vat_id": "DE1", "city": "Bonn"})
    both = crm.create("deals", {}, links=[("companies", other), ("companies", kept)])
    deal = crm.create("deals", {}, links=[("companies", other)])
    body = {"primaryObjectId": kept, "objectIdToMerge": other}
    assert (await answer(http.post(f"{OBJECTS}/companies/merge", json=body)))[0] == 200
    assert (crm.deal(deal)["company"]["id"], crm.deal(both)["company"]["id"]) == (kept, kept)
    status, record = await answer(http.get(f"{OBJECTS}/companies/{other}?properties=name,city"))
    assert (status, record["id"], record["properties"]["name"], record["properties"]["city"]) == (
        200,
        kept,
        "Müller",
        "Bonn",
    )
    assert [each["id"] for each in crm.companies()] == [kept]
    assert (await answer(http.post(f"{OBJECTS}/companies/merge", json=body)))[0] == 404, "only once"


async def test_an_archived_record_is_gone_with_its_associations(crm, http):
    company = crm.create("companies", {})
    deal = crm.create("deals", {}, links=[("companies", company)])
    async with http.delete(f"{OBJECTS}/companies/{company}") as response:
        assert response.status == 204
    assert crm.deal(deal)["company"] is None
    assert crm.deal(deal)["hs_primary_associated_company"] is None
    assert (await answer(http.get(f"{OBJECTS}/companies/{company}")))[0] == 404


async def test_properties_and_owners_are_described(crm, http):
    crm.owners = (Owner(id="1", first_name="Sam", last_name="W", email="s@x.example"),)
    _, properties = await answer(http.get("/crm-api/crm/properties/2026-09/deals"))
    by_name = {each["name"]: each for each in properties["results"]}
    assert by_name["dealstage"]["type"] == "enumeration"
    assert "closedwon" in {option["value"] for option in by_name["dealstage"]["options"]}
    _, owners = await answer(http.get("/crm-api/crm/owners/2026-09"))
    assert owners["results"][0]["firstName"] == "Sam"


async def test_limits_are_told_always_and_enforced_on_request(crm, clock, http):
    deal = crm.create("deals", {})
    async with http.get(f"{OBJECTS}/deals/{deal}") as response:
        assert response.headers["X-HubSpot-RateLimit-Max"] == "100"
    crm.enforce_limits = True
    statuses = [(await answer(http.post(f"{OBJECTS}/deals/search", json={})))[0] for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    async with http.post(f"{OBJECTS}/deals/search", json={}) as response:
        assert not [name for name in response.headers if name.startswith("X-HubSpot-RateLimit")]
        assert (await response.json())["policyName"] == "SECONDLY"
    clock.now += timedelta(seconds=1)
    assert (await answer(http.post(f"{OBJECTS}/deals/search", json={})))[0] == 200
    reads = [(await answer(http.get(f"{OBJECTS}/deals/{deal}")))[0] for _ in range(101)]
    assert reads == [200] * 100 + [429]


async def test_faults_strike_and_pass(crm, http):
    deal = crm.create("deals", {"amount": "1"})
    crm.faults.throttle = 1
    async with http.get(f"{OBJECTS}/deals/{deal}") as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
    crm.faults.down = True
    assert (await answer(http.get(f"{OBJECTS}/deals/{deal}")))[0] == 503
    crm.faults.down, crm.faults.lose_answers = False, 1
    assert (await answer(http.get(f"{OBJECTS}/deals/{deal}")))[0] == 200, "a read loses nothing"
    with pytest.raises(aiohttp.ClientError):
        await answer(http.patch(f"{OBJECTS}/deals/{deal}", json={"properties": {"amount": "2"}}))
    assert crm.deal(deal)["amount"] == "2"
    assert [each.status for each in crm.request_log] == [429, 503, 200, 0]
