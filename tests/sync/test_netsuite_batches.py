"""Many records in one request: NetSuite makes a job of them, and each hears of its own part."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from connector_harness import World, world
from harness_netsuite import INVOICE, RECORD

from sync.errors import AnswerLost, Rejected, Unavailable
from sync.model import Found
from sync.ports import BulkTarget

LINE = INVOICE["lines"][0]


@pytest.fixture
async def erp() -> AsyncIterator[World]:
    async with world("netsuite") as made:
        yield made


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
