"""The ERP's bad days over real HTTP, and the log that tells what truly happened on them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.sandbox.erp import Erp
from bot.sandbox.erp_api import mount_erp
from bot.sandbox.faults import ErpFaults

CUSTOMERS, INVOICES, FAULTS = "/erp-api/v1/customers", "/erp-api/v1/invoices", "/erp-api/v1/_faults"
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
CUSTOMER = {"reference": "c1", "name": "Kestrel", "country": "NL", "currency": "EUR"}
LINE = {"product_code": "A", "description": "A", "quantity": 1, "unit_price_minor": 100, "account": "4000"}
INVOICE = {
    "reference": "d1",
    "customer_id": "C-00001",
    "currency": "EUR",
    "issue_date": "2026-11-02",
    "payment_terms": "NET30",
    "contract_reference": "1",
    "sync_reference": "s/1",
    "lines": [LINE],
}


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def erp(clock: Clock, tmp_path: Path) -> Erp:
    return Erp(clock=clock, token="t", log_file=tmp_path / "erp.jsonl")


@pytest.fixture
async def http(erp: Erp) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    mount_erp(erp, app)
    async with TestClient(TestServer(app), headers={"Authorization": "Bearer t"}) as client:
        yield client


async def ask(http, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with http.request(method, path, json=body) as response:
        return response.status, await response.json()


async def test_an_outage_lasts_until_it_is_taken_away_and_says_when_to_come_back(erp, http):
    erp.faults.outage, erp.faults.retry_after = True, 7
    async with http.get(CUSTOMERS) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "7")
    erp.faults.retry_after = None
    async with http.post(CUSTOMERS, json=CUSTOMER) as response:
        assert response.status == 503
        assert "Retry-After" not in response.headers
    erp.faults.outage = False
    assert (await ask(http, "GET", CUSTOMERS))[1]["items"] == []


async def test_an_outage_can_last_for_some_requests_or_for_a_time(erp, clock, http):
    erp.faults.outage_requests = 2
    assert [(await ask(http, "GET", CUSTOMERS))[0] for _ in range(3)] == [503, 503, 200]
    erp.faults.outage_between = (NOW + timedelta(minutes=1), NOW + timedelta(minutes=2))
    statuses = []
    for _ in range(3):
        statuses.append((await ask(http, "GET", CUSTOMERS))[0])
        clock.now += timedelta(minutes=1)
    assert statuses == [200, 503, 200]


async def test_throttling_asks_for_a_second(erp, http):
    erp.faults.throttle = 1
    async with http.get(CUSTOMERS) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
    assert (await ask(http, "GET", CUSTOMERS))[0] == 200


async def test_a_lost_answer_is_a_commit_that_nobody_hears_of(erp, http):
    erp.faults.lose_answers = 1
    with pytest.raises(aiohttp.ClientError):
        await ask(http, "POST", CUSTOMERS, CUSTOMER)
    assert (await ask(http, "GET", f"{CUSTOMERS}?reference=c1"))[1]["items"][0]["name"] == "Kestrel"
    assert (await ask(http, "POST", CUSTOMERS, CUSTOMER))[1]["error"]["code"] == "duplicate_reference"
    assert [(e.status, e.committed) for e in erp.request_log] == [(0, True), (200, False), (409, False)]


async def test_a_refused_write_does_not_use_up_a_lost_answer(erp, http):
    erp.faults.lose_answers = 1
    assert (await ask(http, "POST", CUSTOMERS, {}))[0] == 422
    assert erp.faults.lose_answers == 1


async def test_an_answer_can_be_lost_for_one_reference_and_operation(erp, http):
    erp.faults.lose_answer_for = {("d1", "post")}
    await ask(http, "POST", CUSTOMERS, CUSTOMER)
    assert (await ask(http, "POST", INVOICES, INVOICE))[0] == 201
    with pytest.raises(aiohttp.ClientError):
        await ask(http, "POST", f"{INVOICES}/I-00001/post")
    assert (await ask(http, "POST", f"{INVOICES}/I-00001/post"))[1]["error"]["code"] == "already_posted"
    assert erp.faults.lose_answer_for == set()


async def test_a_late_commit_comes_after_the_answer_was_cut(erp, http):
    erp.faults.late_commit, erp.faults.lose_answer_for = 0.05, {("c1", "create")}
    with pytest.raises(aiohttp.ClientError):
        await ask(http, "POST", CUSTOMERS, CUSTOMER)
    assert erp.customers() == []
    await erp.settled()
    assert [each["reference"] for each in erp.customers()] == ["c1"]
    assert [(e.method, e.status, e.committed) for e in erp.request_log] == [("POST", 0, False), ("LATE", 0, True)]


async def test_a_late_commit_that_finds_its_reference_taken_does_nothing(erp, http):
    erp.faults.late_commit, erp.faults.lose_answer_for = 0.05, {("c1", "create")}
    with pytest.raises(aiohttp.ClientError):
        await ask(http, "POST", CUSTOMERS, CUSTOMER)
    assert (await ask(http, "POST", CUSTOMERS, CUSTOMER))[0] == 201
    await erp.settled()
    assert len(erp.customers()) == 1
    assert [(e.status, e.committed) for e in erp.request_log] == [(0, False), (201, True), (409, False)]


async def test_a_customer_can_be_refused_by_name_until_accepted(erp, http):
    erp.faults.reject_for = {"Kestrel": "customer_blocked"}
    assert (await ask(http, "POST", CUSTOMERS, CUSTOMER))[0] == 201, "the customer itself is welcome"
    status, answer = await ask(http, "POST", INVOICES, INVOICE)
    assert (status, answer["error"]["code"]) == (422, "customer_blocked")
    erp.accept("Kestrel")
    assert (await ask(http, "POST", INVOICES, INVOICE))[0] == 201
    erp.faults.reject_for = {"d1": "approval_missing"}
    assert (await ask(http, "POST", f"{INVOICES}/I-00001/post"))[1]["error"]["code"] == "approval_missing"


async def test_a_slow_ledger_answers_in_the_end(erp, http):
    erp.faults.slow = 0.01
    assert (await ask(http, "GET", CUSTOMERS))[0] == 200


async def test_the_log_is_kept_in_order_served_and_written_down(erp, http, tmp_path):
    await ask(http, "POST", CUSTOMERS, CUSTOMER)
    await ask(http, "GET", f"{CUSTOMERS}?reference=c1")
    await ask(http, "PATCH", f"{CUSTOMERS}/C-00001", {"name": "K"})
    status, log = await ask(http, "GET", "/erp-api/v1/_log")
    assert status == 200
    assert log["items"][0] == {
        "seq": 1,
        "at": "2026-11-02T09:30:00+00:00",
        "method": "POST",
        "path": CUSTOMERS,
        "reference": "c1",
        "status": 201,
        "committed": True,
    }
    assert [(e["seq"], e["reference"], e["committed"]) for e in log["items"][1:]] == [(2, "c1", False), (3, "c1", True)]
    assert (await ask(http, "GET", "/erp-api/v1/_log?after=2"))[1]["items"] == log["items"][2:]
    assert (await ask(http, "DELETE", "/erp-api/v1/_log"))[0] == 404
    assert [json.loads(line) for line in (tmp_path / "erp.jsonl").read_text().splitlines()] == log["items"]


async def test_faults_are_set_over_http_even_during_an_outage(erp, http):
    wanted = {
        "outage": True,
        "outage_between": ["2026-11-02T10:00:00+00:00", "2026-11-02T11:00:00+00:00"],
        "lose_answers": 2,
        "lose_answer_for": [["d1", "post"]],
        "late_commit": 0.5,
        "reject_for": {"Kestrel": "customer_blocked"},
        "slow": 0,
        "retry_after": 3,
    }
    status, faults = await ask(http, "POST", FAULTS, wanted)
    assert (status, {name: faults[name] for name in wanted}) == (200, wanted)
    assert erp.faults.lose_answer_for == {("d1", "post")}
    assert set(erp.faults.active()) >= {"outage", "outage_between", "lose_answers", "reject_for"}
    assert (await ask(http, "GET", FAULTS))[1] == faults
    status, cleared = await ask(http, "POST", FAULTS, {"outage": False, "outage_between": None, "retry_after": None})
    assert (status, cleared["outage"], cleared["outage_between"], cleared["lose_answers"]) == (200, False, None, 2)
    erp.faults.clear()
    assert erp.faults == ErpFaults()
    assert erp.faults.active() == ()


@pytest.mark.parametrize(
    "body",
    [
        {"rain": True},
        {"outage": 1},
        {"throttle": -1},
        {"throttle": None},
        {"slow": "long"},
        {"late_commit": True},
        {"reject_for": ["Kestrel"]},
        {"reject_for": {"Kestrel": 1}},
        {"lose_answer_for": [["d1", "delete"]]},
        {"lose_answer_for": "d1"},
        {"outage_between": ["now", "then"]},
        {"outage_between": ["2026-11-02T10:00:00Z"]},
        {"outage_between": ["2026-11-02T10:00:00", "2026-11-02T11:00:00"]},
    ],
)
async def test_a_fault_that_does_not_exist_is_refused(erp, http, body):
    assert (await ask(http, "POST", FAULTS, body))[0] == 422
    assert erp.faults == ErpFaults()
