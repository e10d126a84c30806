"""Bad input from every kind of system: the right error, for the right people, no loop, and nothing skipped. A new kind is in this
table as soon as it has a harness; its words for tokens that are not taken are a row of TOKENS, its pages one of SYSTEMS."""

from __future__ import annotations

import gzip
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web
from awkward import (
    NOW,
    ODD,
    OVER_HTTP,
    TOKENS,
    WALKED,
    There,
    deeds,
    instead,
    json_of,
    owner,
    places,
    put,
    there,
    walked,
)
from connector_harness import HARNESSES, sign_hubspot
from harness_salesforce import message, sent

from sync.circles import Walk
from sync.connectors import build
from sync.connectors.http import utc_now
from sync.errors import AnswerLost, ConnectorError, Rejected, Throttled, Unauthorized, Unavailable, WebhookRefused

MANY = {"hubspot": 10_001, "tryton": 601}
"""More than HubSpot shows in one search, more than a page of Tryton; of the others more than the largest page."""
ODD_IDS = ("a/b", "it's", '"; --', "../../admin", "a?b=c#d", "%2e%2e%2f", "\u202e", "x" * 3000, "*", "", "..", "0")
_READS = ("get", "find", "read", "changes", "listed")


def test_every_kind_over_http_is_in_the_table() -> None:
    assert set(OVER_HTTP) == set(TOKENS) and len(WALKED) >= 3


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_a_token_that_is_not_taken_is_for_the_owner_of_the_connection(kind: str) -> None:
    async with there(kind) as t:
        for status, headers, body, words in TOKENS[kind].values():
            refused: dict[str, Any] = {"status": status, "headers": headers, "text": body}
            for deed in ("get", "create"):
                t.way.twist = lambda *_, refused=refused: web.Response(**refused)
                with pytest.raises(Unauthorized, match=words) as told:
                    await deeds(kind)[deed](t.connector)
                assert owner(told.value) == ("unauthorized", "revops")
        t.way.twist = None
        assert HARNESSES[kind].count(t.fake) in (0, 1)  # what a create did before its answer was twisted, once
        assert await deeds(kind)["get"](t.connector) is not None


def _html(answer: web.StreamResponse) -> web.Response:
    return web.Response(text="<!doctype html><title>Please log in</title>", content_type="text/html")


def _cut(answer: web.StreamResponse) -> web.Response:
    body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
    return web.Response(body=body[: max(len(body) // 2, 1)], content_type="application/json")


def _broken_gzip(answer: web.StreamResponse) -> web.Response:
    packed = bytearray(gzip.compress(b'{"results": [], "items": [], "records": [], "result": []}'))
    packed[14] ^= 0xFF
    return web.Response(body=bytes(packed), headers={"content-encoding": "gzip", "content-type": "application/json"})


BROKEN = {"HTML": _html, "cut": _cut, "gzip": _broken_gzip}


@pytest.mark.slow
@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize("what", BROKEN)
async def test_an_answer_that_is_none_is_asked_for_again_and_a_write_is_looked_for(kind: str, what: str) -> None:
    entity, reference, body = HARNESSES[kind].create
    count = HARNESSES[kind].count
    async with there(kind) as t:
        t.way.twist = lambda _, answer: BROKEN[what](answer)
        for deed in _READS:
            if deed in deeds(kind):
                with pytest.raises(Unavailable) as told:
                    await deeds(kind)[deed](t.connector)
                assert owner(told.value, "crm") == ("crm_unavailable", "revops")
        before = count(t.fake)
        t.way.twist = lambda _, answer: BROKEN[what](answer) if count(t.fake) > before else answer
        with pytest.raises(AnswerLost) as lost:
            await t.connector.create(entity, reference, body)
        assert owner(lost.value) == ("erp_unavailable", "revops")
        t.way.twist = None
        assert await t.connector.find(entity, reference) is not None and count(t.fake) == before + 1


async def _outcome(t: There, kind: str, deed: str) -> str:
    """What became of it. Anything but a result or an error that says what to do is a fault of ours."""
    count, before = HARNESSES[kind].count, HARNESSES[kind].count(t.fake)
    try:
        await deeds(kind)[deed](t.connector)
    except ConnectorError as error:
        owner(error)
        made = count(t.fake) > before
        return "a write that was done and is not looked for" if made and not isinstance(error, AnswerLost) else "told"
    except Exception as error:  # this is what must not be
        return f"{type(error).__name__}: {error}"
    return "done"


async def _twisted(kind: str, deed: str, at: tuple[int, tuple[Any, ...], Any]) -> str:
    number, place, odd = at
    async with there(kind) as t:

        def twist(_: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
            data = json_of(answer)
            return answer if len(t.way.answers) != number + 1 else instead(answer, put(data, place, odd))

        t.way.twist = twist
        return await _outcome(t, kind, deed)


async def _all_twists(kind: str, deed: str) -> list[tuple[int, tuple[Any, ...], Any]]:
    async with there(kind) as t:
        assert await _outcome(t, kind, deed) in ("done", "told")
        return [
            (number, place, odd)
            for number, data in enumerate(t.way.answers)
            if data is not None
            for place in places(data)
            for odd in ODD
        ]


async def _type_changes(kind: str, most: int) -> None:
    chance = random.Random(f"{kind} {most}")
    for deed in deeds(kind):
        twists = await _all_twists(kind, deed)
        for at in chance.sample(twists, min(most, len(twists))):
            assert await _twisted(kind, deed, at) in ("done", "told"), (kind, deed, at)


@pytest.mark.slow
@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_a_value_that_changes_its_type_is_no_fault_of_ours(kind: str) -> None:
    await _type_changes(kind, 12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", WALKED)
@pytest.mark.parametrize("what", ["401", *BROKEN])
async def test_trouble_in_the_middle_of_a_walk_skips_nothing(kind: str, what: str) -> None:
    async with walked(kind) as w:
        for number in range(1, 8):
            w.system.put(number, NOW - timedelta(minutes=30), 1)
        first = await w.page(None)
        assert first.more and first.changes
        status, headers, body, _ = TOKENS[kind]["expired"]
        refused: dict[str, Any] = {"status": status, "headers": headers, "text": body}
        w.way.twist = lambda _, answer: web.Response(**refused) if what == "401" else BROKEN[what](answer)
        with pytest.raises(Unauthorized if what == "401" else Unavailable):
            await w.page(first.cursor)
        w.way.twist = None
        seen, _ = await w.walk(first.cursor)
    assert sorted([each.record_id for each in first.changes] + seen) == sorted(w.system.id_of(n) for n in range(1, 8))


@pytest.mark.slow
@pytest.mark.parametrize("kind", WALKED)
@pytest.mark.parametrize("length", [1, 2, 3])
async def test_pages_that_go_in_a_circle_end(kind: str, length: int) -> None:
    async with walked(kind) as w:
        for number in range(1, 20):
            w.system.put(number, NOW - timedelta(minutes=30), 1)
        kept: list[Any] = []

        def twist(_: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
            kept.append(json_of(answer))
            return instead(answer, kept[(len(kept) - 1) % length])

        cursor = (await w.page(None)).cursor  # what is asked once only is behind us
        w.way.twist = twist
        with pytest.raises(Unavailable) as told:
            await w.walk(cursor, most=200)
    assert owner(told.value, "crm") == ("crm_unavailable", "revops")


@pytest.mark.parametrize("length", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("before", [0, 1, 50])
def test_a_circle_of_any_length_is_noticed_and_a_straight_walk_is_none(length: int, before: int) -> None:
    straight = Walk()
    assert not any(straight.circles(str(each)) for each in range(1000))
    walk = Walk()
    for steps in range(4 * (length + before) + 5):
        if walk.circles(str(steps if steps < before else before + (steps - before) % length)):
            return
        walk = Walk(walk.steps, walk.mark)  # as from a cursor
    raise AssertionError("a circle that is not noticed")


@pytest.mark.slow
@pytest.mark.parametrize("kind", WALKED)
async def test_many_records_under_one_stamp_are_all_seen_once(kind: str) -> None:
    many = MANY.get(kind, 2_101)
    async with walked(kind, small=False) as w:
        for number in range(1, many + 1):
            w.system.put(number, NOW - timedelta(minutes=30), 1)
        seen, _ = await w.walk()
    assert len(seen) == len(set(seen)) == many


async def test_two_records_that_are_each_merged_into_the_other_are_not_followed_for_ever() -> None:
    async with there("hubspot") as t:

        def other(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
            if request.method != "GET":
                return answer
            return web.json_response({"id": "2" if request.path.endswith("/1") else "1", "properties": {}})

        t.way.twist = other
        with pytest.raises(Unavailable, match="merged into another"):
            await t.connector.read("deals", "1")


@asynccontextmanager
async def with_a_clock(kind: str, ahead: timedelta) -> AsyncIterator[Any]:
    """A system whose clock is ahead of ours: its stamps, which `put` gives, and the Date of its answers."""
    async with walked(kind) as w:

        def dated(_: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
            answer.headers.setdefault("Date", format_datetime(utc_now() + ahead, usegmt=True))
            return answer

        w.way.twist, w.ahead = dated, ahead
        yield w


@pytest.mark.slow
@pytest.mark.parametrize("kind", WALKED)
@pytest.mark.parametrize("minutes", [-50, -20, 20])
async def test_a_system_whose_clock_is_wrong_hides_nothing(kind: str, minutes: int) -> None:
    ahead = timedelta(minutes=minutes)
    async with with_a_clock(kind, ahead) as w:
        found, cursor, now = set[str](), None, NOW
        for number in range(1, 9):
            w.system.put(number, now + ahead - timedelta(seconds=30), 1)
            seen, cursor = await w.walk(cursor, now)
            found |= set(seen)
            now += timedelta(minutes=7)
        seen, _ = await w.walk(cursor, now + max(ahead, timedelta()))
    assert found | set(seen) == {w.system.id_of(number) for number in range(1, 9)}


LIES = [
    {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999999"}, {"Retry-After": "99999999"},
    {"X-RateLimit-Remaining": "-5", "X-RateLimit-Limit": "nan", "X-RateLimit-Reset": "-1"},
    {"X-HubSpot-RateLimit-Remaining": "0", "X-HubSpot-RateLimit-Max": "0", "X-HubSpot-RateLimit-Interval-Milliseconds": "1e99"},
    {"Sforce-Limit-Info": "api-usage=999999999999/1"}, {"RateLimit": '"x";r=0;t=999999999'},
    {"Date": "Mon, 01 Jan 1900 00:00:00 GMT"}, {"Date": "never"},
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_headers_that_lie_about_limits_stop_a_connection_for_an_hour_at_most(kind: str) -> None:
    for lie in LIES:
        async with there(kind) as t:

            def lying(_: web.Request, answer: web.StreamResponse, lie: dict[str, str] = lie) -> web.StreamResponse:
                answer.headers.update(lie)
                return answer

            t.way.twist = lying
            try:
                assert await deeds(kind)["get"](t.connector) is not None
                assert await deeds(kind)["get"](t.connector) is not None
            except Throttled as kept:
                assert not kept.sent and 0 < (kept.retry_after or 0) <= 3600


@pytest.mark.slow
@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_an_id_with_signs_in_it_names_that_record_or_none(kind: str) -> None:
    entity = HARNESSES[kind].get[0]
    async with there(kind) as t:
        t.front.seen.clear()
        for odd in ODD_IDS:
            for ask, of in ((t.connector.get, entity), (t.connector.find, HARNESSES[kind].create[0])):
                try:
                    assert await ask(of, odd) is None
                except Rejected as refused:
                    assert owner(refused)
        assert not any("/admin" in path or "/../" in path for _, path in t.front.seen)
        assert await deeds(kind)["get"](t.connector) is not None


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in OVER_HTTP if HARNESSES[kind].read])
async def test_a_record_that_is_gone_is_said_to_be_gone(kind: str) -> None:
    entity, seen = HARNESSES[kind].read, HARNESSES[kind].seen
    gone = seen[:-4] + "0ZZZ" if kind == "salesforce" else "987654"
    async with there(kind) as t:
        with pytest.raises(Rejected) as told:
            await t.connector.read(entity, gone)
        assert owner(told.value, "crm") == ("not_found", "crm-ops")


def test_a_webhook_from_another_portal_or_org_is_refused() -> None:
    body = b'[{"objectId": 5, "subscriptionType": "deal.creation", "eventId": 9, "occurredAt": 1795165200000, "portalId": 8}]'
    crm: Any = build("hubspot", {**HARNESSES["hubspot"].options("http://h"), "portal_id": 7}, name="crm")
    with pytest.raises(WebhookRefused) as told:
        crm.accept(sign_hubspot(NOW, body), now=NOW)
    assert told.value.status in (400, 401, 404)
    other: Any = build("salesforce", HARNESSES["salesforce"].options("http://h"), name="crm")
    row = ("04l5f0000000001AAA", "Opportunity", HARNESSES["salesforce"].told)
    assert other.accept(sent(message(row)), now=NOW)
    with pytest.raises(WebhookRefused) as told:
        other.accept(sent(message(row, organisation="00D000000000009AAA")), now=NOW)
    assert told.value.status in (400, 401, 404)
