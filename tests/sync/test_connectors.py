"""One suite for every connector that is found. A new kind without a harness fails it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from connector_fakes import NOW, TOKEN
from connector_harness import CLIENT_SECRET, HARNESSES, SIGNING_SECRET, offline, world

from sync.connectors import build, kinds
from sync.connectors.options import HttpOptions
from sync.errors import (
    AnswerLost,
    ConfigurationError,
    ConnectorError,
    Rejected,
    Unauthorized,
    Unavailable,
)
from sync.ports import Connector, Source, Target

every_kind = pytest.mark.parametrize("kind", sorted(kinds()))
over_http = pytest.mark.parametrize("kind", sorted(k for k, v in kinds().items() if issubclass(v.options, HttpOptions)))


def _matching(marked: str, protocol: type) -> Any:
    """The kinds whose connector fits a protocol, judged by the class and not by the harness."""
    fitting = [k for k in sorted(kinds()) if k in HARNESSES and isinstance(offline(k), protocol)]
    return pytest.mark.parametrize(marked, fitting)


targets = _matching("kind", Target)
http_targets = pytest.mark.parametrize(
    "kind",
    [k for k in sorted(kinds()) if issubclass(kinds()[k].options, HttpOptions) and isinstance(offline(k), Target)],
)
sources = _matching("kind", Source)


def test_every_kind_has_a_harness_that_covers_what_it_can_do() -> None:
    assert set(kinds()) == set(HARNESSES)
    for kind, harness in HARNESSES.items():
        connector = offline(kind)
        assert isinstance(connector, Connector)
        assert bool(harness.create[0]) == isinstance(connector, Target)
        assert bool(harness.read) == isinstance(connector, Source)


@every_kind
async def test_a_connection_proves_itself_in_one_line(kind: str) -> None:
    async with world(kind) as w:
        line = await w.connector.probe()
        assert line and "\n" not in line


@every_kind
def test_all_wrong_options_are_named_at_once_and_no_value_is_shown(kind: str) -> None:
    wrong = {**HARNESSES[kind].options("http://127.0.0.1:1"), "colour": "s3cr3t-value", "shape": "s3cr3t-value"}
    with pytest.raises(ConfigurationError) as refused:
        build(kind, wrong, name="books")
    assert [str(m).partition(":")[0] for m in refused.value.mistakes] == [
        "connections.books.colour",
        "connections.books.shape",
    ]
    assert "s3cr3t" not in str(refused.value)
    assert refused.value.__context__ is None


@every_kind
def test_secrets_do_not_show_in_options(kind: str) -> None:
    known = kinds()[kind]
    shown = repr(known.options.model_validate(HARNESSES[kind].options("http://127.0.0.1:1")))
    assert not any(secret in shown for secret in (TOKEN, CLIENT_SECRET, SIGNING_SECRET))


def test_an_unknown_kind_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="'hubspto' is none of hubspot, rest, sql, tryton, webhook"):
        build("hubspto", {}, name="crm")


@over_http
async def test_a_refused_token_is_for_the_connection_and_never_shown(kind: str) -> None:
    async with world(kind, **{HARNESSES[kind].secret: "pat-wrong"}) as w:
        with pytest.raises(Unauthorized) as refused:
            await w.connector.probe()
        assert "pat-wrong" not in str(refused.value)
        assert refused.value.__cause__ is None and refused.value.__context__ is None


@over_http
async def test_a_token_that_the_other_side_repeats_is_blotted_out(kind: str) -> None:
    async with world(kind) as w:
        w.front.next("say", status=403, body=json.dumps({"message": f"token {TOKEN} lacks a scope"}))
        with pytest.raises(Unauthorized) as refused:
            await w.connector.probe()
        assert TOKEN not in str(refused.value) and "***" in str(refused.value)


RETRY_AFTER = [
    ({"Retry-After": "7"}, 7.0),
    ({"Retry-After": "0.5"}, 0.5),
    ({"Retry-After": "Fri, 20 Nov 2026 09:01:30 GMT", "Date": "Fri, 20 Nov 2026 09:00:00 GMT"}, 90.0),
    ({"Retry-After": "Fri, 20 Nov 2026 08:00:00 GMT", "Date": "Fri, 20 Nov 2026 09:00:00 GMT"}, 0.0),
    ({"Retry-After": "Fri, 20 Nov 2026 19:00:00 GMT", "Date": "Fri, 20 Nov 2026 09:00:00 GMT"}, 3600.0),
    ({"Retry-After": "soon"}, None),
    ({}, None),
]


@over_http
@pytest.mark.parametrize(("headers", "seconds"), RETRY_AFTER)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_system_names_the_wait_and_nothing_is_repeated(
    kind: str, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    async with world(kind) as w:
        w.front.next("say", status=status, headers=headers, **w.harness.write)
        with pytest.raises(Unavailable) as busy:
            await w.connector.create(*w.harness.create)
        assert busy.value.retry_after == seconds
        assert w.harness.count(w.fake) == 0


async def test_hubspots_wait_may_be_in_milliseconds() -> None:
    async with world("hubspot") as w:
        w.front.next("say", status=429, headers={"Retry-After": "12000"})
        with pytest.raises(Unavailable) as busy:
            await w.connector.probe()
        assert busy.value.retry_after == 12.0


@over_http
async def test_a_refused_record_keeps_the_others_words(kind: str) -> None:
    async with world(kind) as w:
        said = {"message": "Bad field", "category": "VALIDATION", "error": {"code": "V", "message": "Bad field"}}
        w.front.next("say", status=422, body=json.dumps(said), **w.harness.write)
        with pytest.raises(Rejected, match="Bad field"):
            await w.connector.create(*w.harness.create)


@targets
async def test_the_same_reference_writes_once(kind: str) -> None:
    async with world(kind) as w:
        first = await w.connector.create(*w.harness.create)
        try:
            second = await w.connector.create(*w.harness.create)
        except Rejected as taken:
            assert taken.reason == "reference_taken"
            second = await w.connector.find(*w.harness.create[:2])
        assert second.id == first.id
        assert w.harness.count(w.fake) == 1


@http_targets
@pytest.mark.parametrize(
    "fault",
    [
        {"what": "cut", "after": True},
        {"what": "truncate", "after": True},
        {"what": "flood", "after": True},
        {"what": "say", "body": "<html>Welcome</html>", "after": True},
        {"what": "say", "body": '{"hello": 1}', "after": True},
        {"what": "say", "status": 500, "after": True},
        {"what": "say", "status": 502, "body": "<html>Bad gateway</html>", "after": True},
        {"what": "say", "status": 302, "headers": {"Location": "http://elsewhere.example/"}, "after": True},
        {"what": "hang", "after": True},
    ],
    ids=lambda fault: f"{fault['what']}-{fault.get('status', '')}{fault.get('body', '')[:6]}",
)
async def test_an_answer_lost_after_a_write_is_read_back(kind: str, fault: dict[str, Any]) -> None:
    async with world(kind, timeout=0.3 if fault["what"] == "hang" else 5) as w:
        w.front.next(**fault, **w.harness.write)
        with pytest.raises(AnswerLost) as lost:
            await w.connector.create(*w.harness.create)
        assert TOKEN not in repr(lost.value) and lost.value.__context__ is None
        found = await w.connector.find(*w.harness.create[:2])
        assert found is not None
        assert w.harness.count(w.fake) == 1


@http_targets
@pytest.mark.parametrize("what", ["cut", "truncate", "flood"])
async def test_a_read_that_breaks_can_simply_be_tried_again(kind: str, what: str) -> None:
    async with world(kind) as w:
        for _ in range(2):  # the transport repeats a read once on its own when the connection was cut
            w.front.next(what)
        with pytest.raises(Unavailable):
            await w.connector.get(*w.harness.get)
        w.front.faults.clear()
        found = await w.connector.get(*w.harness.get)
        assert found is not None and found.id == w.harness.get[1]


@http_targets
@pytest.mark.parametrize("body", ["<!doctype html><title>Log in</title>", '{"id": NaN}', "[" * 100, "[]", '{"a": 1}'])
async def test_a_read_that_is_answered_with_something_else_is_not_believed(kind: str, body: str) -> None:
    async with world(kind) as w:
        w.front.next("say", body=body)
        with pytest.raises(Unavailable):
            await w.connector.get(*w.harness.get)


@targets
async def test_what_is_not_there_is_none(kind: str) -> None:
    async with world(kind) as w:
        assert await w.connector.get(w.harness.get[0], "424242") is None
        assert await w.connector.find(*w.harness.create[:2]) is None


@over_http
async def test_a_system_that_is_off_is_unavailable_even_for_writes(kind: str) -> None:
    connector: Any = offline(kind)
    with pytest.raises(Unavailable, match="no connection"):
        await connector.probe()
    with pytest.raises(Unavailable, match="no connection"):
        await connector.create(*HARNESSES[kind].create)
    await connector.close()


@http_targets
@pytest.mark.parametrize("bad", ["", ".", ".."])
async def test_an_id_never_leads_to_another_path(kind: str, bad: str) -> None:
    async with world(kind) as w:
        with pytest.raises(Rejected):
            await w.connector.get(w.harness.get[0], bad)
        assert w.front.seen == []


@sources
async def test_a_record_that_is_gone_is_said_to_be_gone(kind: str) -> None:
    async with world(kind) as w:
        with pytest.raises(Rejected) as gone:
            await w.connector.read(w.harness.read, "424242")
        assert gone.value.reason == "not_found"


@sources
async def test_polling_shows_every_change_once_and_ends(kind: str) -> None:
    async with world(kind) as w:
        cursor, seen = None, []
        while True:
            page = await w.connector.changes(w.harness.read, cursor, now=NOW)
            cursor = json.loads(json.dumps(page.cursor))
            seen += page.changes
            if not page.more:
                break
        assert [change.record_id for change in seen] == (["1"] if w.harness.polled else [])


@sources
async def test_searching_for_nothing_finds_nothing(kind: str) -> None:
    async with world(kind) as w:
        assert await w.connector.search(w.harness.read, {}) == []


@every_kind
async def test_closing_twice_is_fine(kind: str) -> None:
    async with world(kind) as w:
        await w.connector.probe()
        await w.connector.close()
        await w.connector.close()


def test_every_connector_error_is_one_of_four() -> None:
    assert {cls.__name__ for cls in ConnectorError.__subclasses__()} == {
        "Unavailable",
        "AnswerLost",
        "Rejected",
        "Unauthorized",
    }
