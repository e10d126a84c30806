"""The CRM's search over real HTTP, where the paging of a poll is won or lost."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.crm import Crm
from bot.sandbox.crm_api import mount_crm

PATH = "/crm-api/crm/objects/2026-09/{}/search"
START = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class Clock:
    now = START

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


async def search(http, kind: str = "deals", *filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"filterGroups": [{"filters": list(filters)}] if filters else [], **more}
    async with http.post(PATH.format(kind), json=body) as response:
        return {**await response.json(), "status": response.status}


def where(name: str, operator: str, **values: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **values}


def ids(found: dict[str, Any]) -> list[str]:
    return [each["id"] for each in found["results"]]


def millis(moment: datetime) -> str:
    return str(round(moment.timestamp() * 1000))


@pytest.fixture
def three(crm: Crm, clock: Clock) -> list[str]:
    """Deals of 9, 100 and an unreadable amount, a minute apart."""
    made = []
    for name, amount in (("Alpha", "9"), ("beta Corp", "100"), ("gamma corp", "1.234,56")):
        made.append(crm.create("deals", {"dealname": name, "amount": amount, "dealstage": "closedwon"}))
        clock.now += timedelta(minutes=1)
    crm.update("deals", made[0], {"billing_code": "B1"})
    return made


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (where("amount", "EQ", value="9.00"), [0]),
        (where("amount", "NEQ", value="9"), [1, 2]),
        (where("amount", "GT", value="9"), [1]),
        (where("amount", "GTE", value="9"), [0, 1]),
        (where("amount", "LT", value="100"), [0]),
        (where("amount", "LTE", value="100"), [0, 1]),
        (where("amount", "BETWEEN", value="9", highValue="99"), [0]),
        (where("amount", "IN", values=["100", "7"]), [1]),
        (where("dealname", "EQ", value="ALPHA"), [0]),
        (where("dealname", "CONTAINS_TOKEN", value="corp"), [1, 2]),
        (where("dealname", "CONTAINS_TOKEN", value="gam*"), [2]),
        (where("dealname", "CONTAINS_TOKEN", value="*pha"), [0]),
        (where("dealname", "CONTAINS_TOKEN", value="*et* corp"), [1]),
        (where("billing_code", "HAS_PROPERTY"), [0]),
        (where("billing_code", "NOT_HAS_PROPERTY"), [1, 2]),
        (where("createdate", "GTE", value=millis(START + timedelta(minutes=1))), [1, 2]),
        (where("createdate", "LT", value="2026-11-02T09:31:00Z"), [0]),
        (where("createdate", "BETWEEN", value="later", highValue="never"), []),
    ],
)
async def test_an_operator_finds_what_it_means(http, three, condition, expected):
    assert ids(await search(http, "deals", condition)) == [three[index] for index in expected]


async def test_filters_of_a_group_are_and_groups_are_or(http, three):
    corp, small = where("dealname", "CONTAINS_TOKEN", value="corp"), where("amount", "LT", value="500")
    assert ids(await search(http, "deals", corp, small)) == [three[1]]
    groups = [{"filters": [where("dealname", "EQ", value="Alpha")]}, {"filters": [corp, small]}]
    assert ids(await search(http, filterGroups=groups)) == three[:2]


async def test_results_are_sorted_and_carry_the_asked_properties(http, three):
    sort = [{"propertyName": "amount", "direction": "DESCENDING"}]
    found = await search(http, sorts=sort, properties=["amount"])
    assert ids(found) == [three[1], three[0], three[2]], "what cannot be read comes last"
    assert found["results"][0]["properties"]["amount"] == "100"
    assert ids(await search(http, sorts=["dealname"])) == three


async def test_a_poll_by_record_id_survives_ties_on_one_millisecond(crm, http):
    made = [crm.create("deals", {"dealname": str(number)}) for number in range(25)]
    window = where("hs_lastmodifieddate", "BETWEEN", value=millis(START), highValue=millis(START))
    seen: list[str] = []
    while True:
        after = where("hs_object_id", "GT", value=seen[-1] if seen else "0")
        page = await search(
            http, "deals", window, after, limit=10, sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        )
        seen += ids(page)
        if len(seen) == 11:
            crm.update("deals", made[2], {"amount": "1"})
        if "paging" not in page:
            break
    assert seen == made, "each once, none missing"


async def test_offset_pages_say_what_comes_next(http, crm):
    made = [crm.create("deals", {}) for _ in range(5)]
    first = await search(http, limit=2)
    assert (first["total"], first["paging"]["next"]["after"]) == (5, "2")
    second = await search(http, limit=2, after=first["paging"]["next"]["after"])
    last = await search(http, limit=2, after="4")
    assert ids(first) + ids(second) + ids(last) == made
    assert "paging" not in last


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"limit": "many"},
        {"after": "10000"},
        {"after": "9950", "limit": 51},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [where("amount", "EQ", value="1")] * 7}]},
        {"filterGroups": [{"filters": [where("no_such", "EQ", value="1")]}]},
        {"filterGroups": [{"filters": [where("amount", "LIKE", value="1")]}]},
        {"filterGroups": [{"filters": [where("amount", "BETWEEN", value="1")]}]},
        {"sorts": ["amount", "dealname"]},
        {"sorts": ["no_such"]},
        {"sorts": "amount"},
        {"filterGroups": "all"},
        {"filterGroups": [{"filters": [where("amount", "IN", values="1")]}]},
    ],
)
async def test_what_hubspot_would_not_search_is_refused(http, three, body):
    assert (await search(http, **body))["status"] == 400


async def test_words_find_companies_that_share_them_the_closest_first(crm, http):
    other = crm.create("companies", {"name": "Adler Optik", "domain": "optik.example"})
    meant = crm.create("companies", {"name": "Adler & Söhne Werkzeugbau GmbH"})
    crm.create("companies", {"name": "Quill & Quire"})
    found = await search(http, "companies", query="Adler & Söhne Werkzeugbau GmbH – rollout")
    assert ids(found) == [meant, other]


async def test_a_task_is_found_by_its_marker(crm, http):
    crm.create("tasks", {"hs_task_subject": "Merge [meshline merge-1-2]", "meshline_reference": "merge-1-2"})
    crm.create("tasks", {"hs_task_subject": "Merge [meshline merge-1-3]", "meshline_reference": "merge-1-3"})
    for condition in (
        where("meshline_reference", "EQ", value="merge-1-2"),
        where("hs_task_subject", "CONTAINS_TOKEN", value="merge-1-2"),
    ):
        assert (await search(http, "tasks", condition))["total"] == 1


async def test_the_index_lags_when_told_to(crm, clock, http):
    crm.search_lag = timedelta(seconds=10)
    crm.create("deals", {})
    assert (await search(http))["total"] == 0
    clock.now += timedelta(seconds=10)
    assert (await search(http))["total"] == 1
