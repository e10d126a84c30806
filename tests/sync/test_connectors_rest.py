"""A described REST target: what the description may say, and what its answers are taken for."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from connector_fakes import ERP_DESCRIPTION, TOKEN, Erp, Front, served

from sync.connectors import build
from sync.errors import AnswerLost, ConfigurationError, Rejected, Unavailable


@asynccontextmanager
async def ledger(erp: Erp, front: Front | None = None, describe: Any = None) -> AsyncIterator[Any]:
    async with served(erp.mount, front or Front()) as url:
        options = {"base_url": url, "token": TOKEN, "describe": describe or ERP_DESCRIPTION}
        rest = build("rest", options, name="erp")
        try:
            yield rest
        finally:
            await rest.close()


def described(place: str, value: Any) -> Any:
    """The usual description with one place changed; `...` takes it away."""
    whole = copy.deepcopy(ERP_DESCRIPTION)
    *parents, last = place.split(".")
    spot: Any = whole
    for name in parents:
        spot = spot.setdefault(name, {})
    if value is ...:
        del spot[last]
    else:
        spot[last] = value
    return whole


def draft(number: int, reference: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "reference": reference, "status": "draft", "lines": [1], **more}


async def test_an_invoice_is_found_changed_and_posted() -> None:
    async with ledger(Erp()) as rest:
        made = await rest.create("invoice", "r 1/2&x=ü", {"lines": [1]})
        assert made.record["reference"] == "r 1/2&x=ü" and made.status == "draft"
        assert (await rest.find("invoice", "r 1/2&x=ü")).id == made.id
        assert (await rest.update("invoice", made.id, {"note": "n"})).record["note"] == "n"
        assert (await rest.post("invoice", made.id)).status == "posted"


async def test_posting_what_is_posted_answers_with_it() -> None:
    erp = Erp({1: draft(1, "a")})
    async with ledger(erp) as rest:
        first = await rest.post("invoice", "1")
        assert (await rest.post("invoice", "1")).record == first.record


async def test_a_lost_answer_to_posting_is_read_back() -> None:
    front = Front()
    async with ledger(Erp({1: draft(1, "a")}), front) as rest:
        front.next("cut", after=True, path="/post")
        with pytest.raises(AnswerLost):
            await rest.post("invoice", "1")
        assert (await rest.get("invoice", "1")).status == "posted"


async def test_what_claims_to_be_posted_and_shows_a_draft_is_not_believed() -> None:
    front = Front()
    async with ledger(Erp({1: draft(1, "a")}), front) as rest:
        front.next("say", body=json.dumps(draft(1, "a")), path="/post")
        with pytest.raises(AnswerLost, match="shows draft"):
            await rest.post("invoice", "1")


@pytest.mark.parametrize("path", ["/post", "/1"])
async def test_a_write_without_words_is_read_back(path: str) -> None:
    front = Front()
    erp = Erp({1: draft(1, "a")})
    async with ledger(erp, front) as rest:
        front.next("say", status=204, after=True, path=path)
        found = await (rest.post("invoice", "1") if path == "/post" else rest.update("invoice", "1", {"n": 1}))
        assert found.id == "1" and found.record == erp.invoices[1]


@pytest.mark.parametrize("then", [{"status": 404}, {"status": 500}, {"body": "[]"}])
async def test_a_write_that_cannot_be_read_back_is_lost(then: dict[str, Any]) -> None:
    front = Front()
    async with ledger(Erp({1: draft(1, "a")}), front) as rest:
        front.next("say", status=204, path="/1", method="PATCH")
        front.next("say", **then, path="/1", method="GET")
        with pytest.raises(AnswerLost):
            await rest.update("invoice", "1", {"n": 1})


async def test_two_records_with_one_reference_are_for_a_person() -> None:
    async with ledger(Erp({1: draft(1, "a"), 2: draft(2, "a")})) as rest:
        with pytest.raises(Rejected) as ambiguous:
            await rest.find("invoice", "a")
        assert ambiguous.value.reason == "ambiguous_reference"


async def test_a_loose_search_does_not_find_anothers_record() -> None:
    front = Front()
    async with ledger(Erp(), front) as rest:
        front.next("say", body=json.dumps({"items": [draft(1, "a-10"), draft(2, "a-1")]}))
        assert (await rest.find("invoice", "a-1")).id == "2"


@pytest.mark.parametrize("body", ["{}", '{"items": 3}', '{"items": [{"name": "x"}]}', '{"items": ["x"]}', "null", ""])
async def test_a_search_that_shows_nothing_sensible_is_not_taken_for_empty(body: str) -> None:
    front = Front()
    async with ledger(Erp(), front) as rest:
        front.next("say", body=body)
        with pytest.raises(Unavailable):
            await rest.find("invoice", "a")


@pytest.mark.parametrize("shown", [{"id": None}, {"id": ""}, {"id": True}, {"id": {}}, {}])
async def test_a_write_answered_without_an_id_is_lost(shown: Any) -> None:
    front = Front()
    async with ledger(Erp(), front) as rest:
        front.next("say", status=201, body=json.dumps(shown))
        with pytest.raises(AnswerLost):
            await rest.create("invoice", "a", {"lines": [1]})


async def test_a_refusal_keeps_words_code_and_field() -> None:
    async with ledger(Erp()) as rest:
        with pytest.raises(Rejected, match="An invoice needs lines") as refused:
            await rest.create("invoice", "a", {"lines": []})
        assert (refused.value.reason, refused.value.code, refused.value.path) == ("erp_rejected", "validation", "lines")


async def test_a_taken_reference_is_named_so() -> None:
    async with ledger(Erp({1: draft(1, "a")})) as rest:
        with pytest.raises(Rejected) as taken:
            await rest.create("invoice", "a", {"lines": [1]})
        assert taken.value.reason == "reference_taken"


async def test_already_done_means_something_only_when_posting() -> None:
    front = Front()
    async with ledger(Erp({1: draft(1, "a")}), front) as rest:
        said = json.dumps({"error": {"code": "already_posted", "message": "It is posted", "field": "status"}})
        for call in (rest.update("invoice", "1", {}), rest.create("invoice", "b", {})):
            front.next("say", status=409, body=said)
            with pytest.raises(Rejected) as refused:
                await call
            assert (refused.value.reason, refused.value.path) == ("erp_rejected", "status")


async def test_a_refused_posting_stays_refused() -> None:
    front = Front()
    async with ledger(Erp({1: draft(1, "a")}), front) as rest:
        front.next("say", status=422, body='{"error": {"code": "period_closed", "message": "Closed"}}', path="/post")
        with pytest.raises(Rejected, match="Closed"):
            await rest.post("invoice", "1")


async def test_an_error_without_the_described_shape_still_says_something() -> None:
    front = Front()
    async with ledger(Erp(), front) as rest:
        for body, words in (("<b>no\nway</b>", "<b>no way</b>"), ("", "status 400"), ("[1]", r"\[1\]")):
            front.next("say", status=400, body=body)
            with pytest.raises(Rejected, match=words) as refused:
                await rest.create("invoice", "a", {"lines": [1]})
            assert refused.value.code == "400" and refused.value.path is None


@pytest.mark.parametrize("operation", ["create", "update", "post"])
async def test_what_is_not_described_is_refused_in_words(operation: str) -> None:
    async with ledger(Erp(), describe=described(f"entities.invoice.{operation}", ...)) as rest:
        call = {
            "create": lambda: rest.create("invoice", "a", {}),
            "update": lambda: rest.update("invoice", "1", {}),
            "post": lambda: rest.post("invoice", "1"),
        }[operation]
        with pytest.raises(Rejected) as refused:
            await call()
        assert refused.value.code == "unsupported"
        with pytest.raises(Rejected, match="customer is not described"):
            await rest.find("customer", "a")


async def test_headers_carry_the_reference_and_nothing_breaks_out_of_them() -> None:
    front = Front()
    async with ledger(Erp(), front) as rest:
        await rest.create("invoice", "a\r\nX-Evil: 1", {"lines": [1]})
    [headers] = front.headers
    assert "X-Evil" not in headers and headers["X-Client"] == "tests"
    assert headers["Idempotency-Key"] == "a%0D%0AX-Evil: 1"


async def test_a_search_may_be_a_post_or_one_path() -> None:
    front = Front()
    find: dict[str, Any] = {
        "method": "POST",
        "path": "/v1/invoices",
        "body": {"where": [{"ref": "{reference}", "n": 1}]},
    }
    async with ledger(Erp(), front, described("entities.invoice.find", find)) as rest:
        front.next("say", body=json.dumps(draft(5, "a")))
        assert (await rest.find("invoice", "a")).id == "5"
    find = {"path": "/v1/invoices/{reference}"}
    async with ledger(Erp({7: draft(7, "7")}), describe=described("entities.invoice.find", find)) as rest:
        assert (await rest.find("invoice", "7")).id == "7"
        assert await rest.find("invoice", "8") is None


async def test_answers_may_be_wrapped_and_ids_nested() -> None:
    front, describe = Front(), described("entities.invoice.item", "result")
    describe["entities"]["invoice"] |= {"id": "meta.no", "status": "meta.nothing", "posted": []}
    async with ledger(Erp(), front, describe) as rest:
        front.next("say", body='{"result": {"meta": {"no": 12}, "total": 0.30}}')
        found = await rest.get("invoice", "12")
        assert (found.id, found.status, found.record["total"]) == ("12", "", "0.30")


MISTAKES = [
    ("entities.invoice.get.path", "/v1/invoices/{number}", "knows no placeholder {number}"),
    ("entities.invoice.get.path", "/v1/invoices", "get must name {id}"),
    ("entities.invoice.find.query", {}, "find must name {reference}"),
    ("entities.invoice.post.path", "v1/x/{id}", "must begin with one /"),
    ("entities.invoice.post.path", "//evil.example/{id}", "must begin with one /"),
    ("entities.invoice.post.path", "/ü/{id}", "what an address may hold"),
    ("entities.invoice.status", ..., "posted needs status"),
    ("entities.invoice.id", "a[", "is not a JMESPath selector"),
    ("entities.invoice.create.method", "DELETE", "'POST' or 'PUT'"),
    ("entities.invoice.create.headers", {"X": "a\nb"}, "should match pattern"),
    ("entities.invoice.delete", {"path": "/x"}, "Extra inputs"),
    ("entities", {}, "at least 1 item"),
    ("auth.value", "Bearer {secret}", "auth.value knows no placeholder {secret}"),
    ("probe.path", "/v1/{id}", "probe knows no placeholder {id}"),
    ("probe", ..., "Field required"),
]


@pytest.mark.parametrize(("place", "value", "words"), MISTAKES)
def test_a_wrong_description_is_explained(place: str, value: Any, words: str) -> None:
    options = {"base_url": "http://127.0.0.1:1", "token": TOKEN, "describe": described(place, value)}
    with pytest.raises(ConfigurationError) as wrong:
        build("rest", options, name="erp")
    assert words in str(wrong.value) and "connections.erp.describe" in str(wrong.value)
