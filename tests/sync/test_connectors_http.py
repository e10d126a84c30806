"""The shared client: what is sent, what is read, and what options are accepted."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from connector_fakes import TOKEN, Front, served

from sync.connectors.decode import decode
from sync.connectors.failures import Answer, clip, failure, retry_after
from sync.connectors.http import Client, segment
from sync.connectors.options import Address, HttpOptions, Options, Seconds, Secret
from sync.errors import AnswerLost, ConnectorError, Rejected, Throttled, Unauthorized, Unavailable

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def no_words(answer: Answer) -> ConnectorError | None:
    return None


@asynccontextmanager
async def client(handler: Any, front: Front | None = None, **options: Any) -> AsyncIterator[Client]:
    def build(app: web.Application) -> None:
        app.router.add_route("*", "/base{path:.*}", handler)

    async with served(build, front or Front()) as url:
        made = Client(
            "erp",
            f"{url}/base",
            HttpOptions(**options),
            headers={"authorization": f"Bearer {TOKEN}"},
            secrets=[TOKEN],
            refusal=no_words,
        )
        try:
            yield made
        finally:
            await made.close()


async def echo(request: web.Request) -> web.Response:
    shown = {"path": request.raw_path, "type": request.headers.get("content-type"), "body": await request.text()}
    return web.json_response(shown)


async def test_values_are_encoded_once_and_arrive_as_they_are() -> None:
    async with client(echo) as http:
        answer = await http.request(
            "GET", f"/x/{segment('a/b ?#%25ü')}?fixed=1", query={"q": "a&b=c ü+", "n": ""}, idempotent=True
        )
    assert answer.data["path"] == "/base/x/a%2Fb%20%3F%23%2525%C3%BC?fixed=1&q=a%26b%3Dc%20%C3%BC%2B&n="
    assert answer.data["body"] == ""


async def test_a_body_is_json_and_says_so() -> None:
    async with client(echo) as http:
        answer = await http.request("POST", "", json={"n": 9007199254740993, "t": "ü"}, idempotent=False)
    assert answer.data["type"] == "application/json"
    assert json.loads(answer.data["body"]) == {"n": 9007199254740993, "t": "ü"}


@pytest.mark.parametrize("value", [{1, 2}, Decimal("1.5"), object(), 2**70, "\ud800"])
async def test_what_json_cannot_carry_is_refused_before_it_is_sent(value: Any) -> None:
    front = Front()
    async with client(echo, front) as http:
        with pytest.raises(Rejected) as refused:
            await http.request("POST", "", json={"n": value}, idempotent=False)
    assert refused.value.reason == "invalid_value" and front.seen == []


@pytest.mark.parametrize(("stands_still", "late"), [(0.0, False), (0.8, True)])
async def test_a_process_that_stood_still_knows_that_it_learnt_nothing_of_the_other_side(
    stands_still: float, late: bool
) -> None:
    async def hanging(_: web.Request) -> web.Response:
        asyncio.get_running_loop().call_soon(time.sleep, stands_still)
        await asyncio.sleep(30)
        return web.Response()

    async with client(hanging, timeout=0.3) as http:
        with pytest.raises(AnswerLost) as lost:
            await http.request("POST", "", json={}, idempotent=False)
        with pytest.raises(Unavailable) as unavailable:
            await http.request("GET", "", idempotent=True)
    assert (lost.value.late, unavailable.value.late) == (late, late)


async def test_no_more_requests_are_under_way_than_allowed() -> None:
    gate, under_way, most = asyncio.Event(), 0, 0

    async def slow(request: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == 3:
            gate.set()
        await gate.wait()
        under_way -= 1
        return web.json_response({})

    async with client(slow, concurrency=3) as http:
        await asyncio.gather(*(http.request("GET", f"/{n}", idempotent=True) for n in range(12)))
    assert most == 3


async def test_cookies_are_not_kept_and_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    async def cookie(request: web.Request) -> web.Response:
        response = web.json_response({"cookie": request.headers.get("cookie")})
        response.set_cookie("session", "x")
        return response

    async with client(cookie) as http:
        for _ in range(2):
            assert (await http.request("GET", "", idempotent=True)).data == {"cookie": None}


async def test_an_empty_answer_is_an_answer() -> None:
    async def nothing(request: web.Request) -> web.Response:
        return web.Response(status=204)

    async with client(nothing) as http:
        answer = await http.request("PATCH", "", json={}, idempotent=False)
    assert (answer.status, answer.data, answer.body) == (204, None, b"")


@pytest.mark.parametrize(
    ("status", "idempotent", "error"),
    [
        (301, True, Unavailable), (302, False, AnswerLost), (400, True, Rejected), (401, False, Unauthorized),
        (403, False, Unauthorized), (404, True, Rejected), (408, False, AnswerLost), (408, True, Unavailable),
        (409, False, Rejected), (422, False, Rejected), (429, False, Throttled), (500, False, AnswerLost),
        (500, True, Unavailable), (503, False, Unavailable), (504, False, AnswerLost), (599, True, Unavailable),
    ],
)  # fmt: skip
def test_every_status_has_one_meaning(status: int, idempotent: bool, error: type[ConnectorError]) -> None:
    answer = Answer(status=status, headers={}, body=b"why\nnot\x00", retry_after=4.0)
    wrong = failure(answer, "erp: POST /x", idempotent=idempotent, refusal=no_words)
    assert type(wrong) is error and str(wrong).startswith(f"erp: POST /x was answered {status}")
    if isinstance(wrong, Unavailable):
        assert wrong.retry_after == 4.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1.0), ("1000", 1000.0), ("999999", 3600.0), ("9" * 400, 3600.0), ("1.25", 1.25), ("-1", None), ("", None),
        ("nan", None), ("inf", None), ("1e9", None), ("²", None), ("1.2.3", None),
        ("Fri, 20 Nov 2026 09:00:10 GMT", 10.0), ("Fri, 20 Nov 2026 09:00:10 -0000", 10.0),
        ("Fri, 20 Nov 2026 10:00:10 +0100", 10.0), ("Fri, 99 Nov 2026 09:00:10 GMT", None),
    ],
)  # fmt: skip
def test_every_form_of_waiting_is_read(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, now=NOW) == seconds


def test_milliseconds_begin_where_the_connector_says() -> None:
    assert retry_after({"retry-after": "999"}, now=NOW, milliseconds_from=1000) == 999.0
    assert retry_after({"retry-after": "2500"}, now=NOW, milliseconds_from=1000) == 2.5


def test_numbers_stay_exact() -> None:
    assert decode(b'{"a": 0.1, "b": 1e400, "c": 12345678901234567890, "d": -0.00}') == {
        "a": "0.1",
        "b": "1e400",
        "c": 12345678901234567890,
        "d": "-0.00",
    }


@pytest.mark.parametrize(
    "body", [b"", b"NaN", b"[-Infinity]", b"\xff\xfe\xfd", b"[" * 200_000, b"1" * 5000, b"{'a': 1}"]
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        decode(body)


def test_fifty_levels_are_enough() -> None:
    assert decode(b"[" * 50 + b"]" * 50)
    with pytest.raises(ValueError, match="more than 50 deep"):
        decode(b"[" * 51 + b"]" * 51)


def test_half_a_character_is_replaced_and_a_whole_one_kept() -> None:
    assert decode(b'{"\\ud83d\\ude00": "a\\ud83d", "k": "\xc3\xbc"}') == {"😀": "a�", "k": "ü"}


def test_words_are_one_line() -> None:
    assert clip("a\n\tb\x00c\u202e  d") == "a b c d"
    assert clip("x" * 900) == "x" * 499 + "…"


class Example(Options):
    wait: Seconds = 1.0
    base: Address = "http://h"
    key: Secret | None = None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [(5, 5.0), ("5", 5.0), ("30s", 30.0), ("5m", 300.0), ("1.5 h", 5400.0), ("250ms", 0.25), ("1d", 86400.0)],
)
def test_durations_are_written_as_people_write_them(written: Any, seconds: float) -> None:
    assert Example(wait=written).wait == seconds


@pytest.mark.parametrize("written", ["-5", "5 weeks", "soon", float("inf"), None])
def test_what_is_no_duration_is_a_mistake(written: Any) -> None:
    with pytest.raises(ValueError):
        Example(wait=written)


def test_addresses_lose_their_last_slash() -> None:
    assert Example(base="https://erp.example.com/api/").base == "https://erp.example.com/api"


@pytest.mark.parametrize(
    "written", ["", "erp", "ftp://h", "http://", "http://u:p@h", "http://h?a=1", "http://h/#x", "http://h:99999"]
)
def test_what_is_no_address_is_a_mistake(written: str) -> None:
    with pytest.raises(ValueError):
        Example(base=written)


@pytest.mark.parametrize("written", ["", "  ", "a\nb", "schlüssel"])
def test_a_secret_that_no_header_can_carry_is_a_mistake(written: str) -> None:
    with pytest.raises(ValueError):
        Example(key=written)
