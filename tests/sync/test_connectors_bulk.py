"""The bulk call of a described REST target: what is sent, and what its answer says of each record and leaves unsaid."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from connector_fakes import ERP_DESCRIPTION, TOKEN, Erp, Fault, Front, served

from sync.connectors import build
from sync.errors import AnswerLost, ConfigurationError, Rejected, Throttled, Unauthorized, Unavailable
from sync.model import Found
from sync.ports import BulkTarget

ASKED = [("a", {"lines": [1]}), ("b", {"lines": []}), ("c", {"lines": [3]})]
BULK = {"path": "/v1/invoices/bulk", "records": "invoices", "items": "results", "reference": "reference"}


@dataclass
class Books(Erp):
    """Invoices, also many at once: what has no lines is refused by itself."""

    bodies: list[Any] = field(default_factory=list)

    def mount(self, app: web.Application) -> None:
        app.router.add_post("/v1/invoices/bulk", self.many)
        super().mount(app)

    async def many(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.json())
        return web.json_response({"results": [self.one(body) for body in self.bodies[-1]["invoices"]]}, status=207)

    def one(self, body: dict[str, Any]) -> dict[str, Any]:
        if not body["lines"]:
            error = {"code": "validation", "message": "An invoice needs lines", "field": "lines"}
            return {"reference": body["reference"], "error": error}
        number = 900 + len(self.invoices)
        self.invoices[number] = {"id": number, "status": "draft", **body}
        return self.invoices[number]


@asynccontextmanager
async def books(erp: Books | None = None, front: Front | None = None, **bulk: Any) -> AsyncIterator[Any]:
    describe = copy.deepcopy(ERP_DESCRIPTION)
    describe["entities"]["invoice"]["bulk"] = BULK | bulk
    async with served((erp or Books()).mount, front or Front()) as url:
        rest = build("rest", {"base_url": url, "token": TOKEN, "describe": describe}, name="erp")
        try:
            yield rest
        finally:
            await rest.close()


async def answered(body: Any, **bulk: Any) -> list[Any]:
    """What is made of this answer to the three records."""
    front = Front()
    front.next("say", status=200, body=json.dumps(body))
    async with books(front=front, **bulk) as rest:
        told: list[Any] = await rest.create_many("invoice", ASKED)
        return told


async def test_many_records_go_out_in_one_request_and_each_hears_of_its_own_part() -> None:
    erp, front = Books(), Front()
    async with books(erp, front) as rest:
        first, second, third = await rest.create_many("invoice", ASKED)
    assert front.seen == [("POST", "/v1/invoices/bulk")]
    assert [one["reference"] for one in erp.bodies[0]["invoices"]] == ["a", "b", "c"]
    assert (first.id, first.status, first.record["lines"]) == ("900", "draft", [1])
    assert isinstance(second, Rejected) and str(second) == "An invoice needs lines"
    assert (second.reason, second.code, second.path) == ("erp_rejected", "validation", "lines")
    assert third.id == "901"


async def test_the_records_may_be_the_body_itself_or_stand_beside_other_fields() -> None:
    for given, sent in (
        ({"records": None}, [{"reference": "a", "lines": [1]}]),
        ({"body": {"atomic": False}}, {"atomic": False, "invoices": [{"reference": "a", "lines": [1]}]}),
    ):
        seen: list[Any] = []

        async def take(request: web.Request, seen: list[Any] = seen) -> web.Response:
            seen.append(await request.json())
            return web.json_response({"results": []})

        erp = Books()
        erp.many = take  # type: ignore[method-assign]
        async with books(erp, **given) as rest:
            assert await rest.create_many("invoice", ASKED[:1]) == [None]
        assert seen == [sent]


async def test_only_an_entity_with_a_bulk_call_takes_many() -> None:
    async with books() as rest:
        assert isinstance(rest, BulkTarget)
        assert rest.takes_many("invoice") and not rest.takes_many("customer")
        with pytest.raises(Rejected, match="customer is not described"):
            await rest.create_many("customer", ASKED)
    plain: Any = build(
        "rest", {"base_url": "http://127.0.0.1:1", "token": TOKEN, "describe": ERP_DESCRIPTION}, name="erp"
    )
    assert not plain.takes_many("invoice")
    with pytest.raises(Rejected, match="not created in bulk"):
        await plain.create_many("invoice", ASKED)
    await plain.close()


async def test_the_order_of_the_answer_does_not_matter() -> None:
    first, second, third = await answered({"results": [{"reference": "c", "id": 3}, {"reference": "a", "id": 1}]})
    assert (first.id, second, third.id) == ("1", None, "3")


@pytest.mark.parametrize(
    "said",
    [
        [],
        [{"reference": "z", "id": 9}],
        [{"reference": "a"}],
        [{"reference": "a", "id": None}],
        [{"reference": "a", "id": ""}],
        [{"id": 1}],
        [{"reference": None, "id": 1}],
        [{"reference": {"a": 1}, "id": 1}],
        ["a", None, 3],
        [{"reference": "a", "id": 1}, {"reference": "a", "id": 2}],
        [{"reference": "a", "id": 1}, {"reference": "a", "error": {"code": "validation"}}],
        [{"reference": "a"}, {"reference": "a", "id": 2}],
    ],
)
async def test_what_the_answer_does_not_clearly_say_of_a_record_it_does_not_say(said: list[Any]) -> None:
    assert (await answered({"results": said}))[0] is None


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": {"a": 1}}, {"items": []}, [], "accepted"])
async def test_an_answer_without_any_items_is_lost_for_all(body: Any) -> None:
    with pytest.raises(AnswerLost, match="without results"):
        await answered(body)


async def test_the_record_and_the_refusal_may_stand_deeper_inside() -> None:
    said = {
        "done": [{"ref": "a", "invoice": {"id": 1}}],
        "wrong": [{"ref": "b", "why": {"error": {"code": "validation"}}}],
    }
    where = {"items": "[done, wrong][]", "reference": "ref", "item": "invoice", "failed": "why"}
    first, second, third = await answered(said, **where)
    assert (first, third) == (Found(id="1", record={"id": 1}), None)
    assert isinstance(second, Rejected) and (second.code, str(second)) == ("refused", "refused without a reason")


async def test_a_taken_reference_is_named_so_and_already_done_means_nothing_here() -> None:
    said = [
        {"reference": "a", "error": {"code": "duplicate_reference", "message": "It exists"}},
        {"reference": "b", "error": {"code": "already_posted", "message": "It is posted"}},
    ]
    first, second, _ = await answered({"results": said})
    assert (first.reason, second.reason) == ("reference_taken", "erp_rejected")


async def test_a_code_that_means_not_now_is_no_refusal() -> None:
    first, *_ = await answered(
        {"results": [{"reference": "a", "error": {"code": "locked", "message": "busy"}}]}, later=["locked"]
    )
    assert isinstance(first, Unavailable) and str(first) == "busy"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("cut", after=True), AnswerLost),
        (Fault("say", status=500), AnswerLost),
        (Fault("truncate"), AnswerLost),
        (Fault("say", status=503), Unavailable),
        (Fault("say", status=429), Throttled),
        (Fault("say", status=401), Unauthorized),
        (Fault("say", status=422, body='{"error": {"code": "validation"}}'), Rejected),
    ],
)
async def test_a_call_that_fails_as_a_whole_fails_like_any_write(fault: Fault, error: type[Exception]) -> None:
    front = Front()
    front.faults.append(fault)
    async with books(front=front) as rest:
        with pytest.raises(error) as failed:
            await rest.create_many("invoice", ASKED)
    assert type(failed.value) is error


def test_a_bulk_call_without_a_place_for_the_reference_is_a_mistake() -> None:
    describe = copy.deepcopy(ERP_DESCRIPTION)
    describe["entities"]["invoice"]["bulk"] = {"path": "/v1/invoices/bulk"}
    with pytest.raises(ConfigurationError, match=r"bulk\.reference"):
        build("rest", {"base_url": "http://127.0.0.1:1", "token": TOKEN, "describe": describe}, name="erp")
