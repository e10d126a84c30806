"""What comes in over HTTP: taken in after the commit, or refused in words that a machine can read."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import time
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import orjson
import pytest

from bot.sandbox.crm_sender import sign
from tests.ledgers import on_sqlite
from tests.world import World

MILLION = 1024 * 1024


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def changes(*deals: str, first_event: int = 9000) -> list[dict[str, Any]]:
    return [
        {"eventId": first_event + at, "subscriptionId": 1, "portalId": 62515, "occurredAt": 1795424400000,
         "subscriptionType": "deal.propertyChange", "objectId": int(deal), "propertyName": "dealstage", "propertyValue": "x"}
        for at, deal in enumerate(deals)
    ]  # fmt: skip


def signed(world: World, body: bytes, *, minutes: float = 0, path: str = "/hooks/crm") -> dict[str, str]:
    stamp = str(int((world.clock().timestamp() + minutes * 60) * 1000))
    secret = world.crm.webhooks.client_secret
    return {
        "X-HubSpot-Signature-v3": sign(secret, "POST", f"{world.url}{path}", body, stamp),
        "X-HubSpot-Request-Timestamp": stamp,
    }


async def answered(response: aiohttp.ClientResponse) -> tuple[int, str, dict[str, Any]]:
    return response.status, response.content_type, orjson.loads(await response.read())


async def test_a_webhook_is_counted_after_its_commit_and_a_repeat_is_known(
    world: World, http: aiohttp.ClientSession
) -> None:
    deal = world.deal(world.company())
    body = orjson.dumps(changes(deal, deal))
    for expected in ({"received": 2, "duplicates": 0}, {"received": 0, "duplicates": 2}):
        async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body)) as response:
            assert await answered(response) == (202, "application/json", expected)
    assert (await world.store.counts())["events"] == 2
    await world.work()
    assert len(world.erp.posted()) == 1


@pytest.mark.parametrize(
    ("minutes", "title"),
    [(-6, "Signature is stale"), (6, "Signature is stale"), (-60 * 24 * 365, "Signature is stale")],
)
async def test_a_stale_or_future_webhook_is_refused(
    world: World, http: aiohttp.ClientSession, minutes: float, title: str
) -> None:
    body = orjson.dumps(changes("1"))
    async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body, minutes=minutes)) as response:
        status, kind, said = await answered(response)
    assert (status, kind, said["title"], said["status"]) == (401, "application/problem+json", title, 401)
    assert (await world.store.counts())["events"] == 0


@pytest.mark.parametrize(
    "spoil",
    [
        {"X-HubSpot-Signature-v3": ""},
        {"X-HubSpot-Request-Timestamp": ""},
        {"X-HubSpot-Request-Timestamp": "yesterday"},
        {"X-HubSpot-Request-Timestamp": "9" * 400},
        {"X-HubSpot-Signature-v3": "AAAA"},
        {"X-HubSpot-Signature-v3": "ü" * 40},
    ],
)
async def test_an_unsigned_or_wrongly_signed_webhook_is_refused(
    world: World, http: aiohttp.ClientSession, spoil: dict[str, str]
) -> None:
    body = orjson.dumps(changes("1"))
    async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body) | spoil) as response:
        status, kind, said = await answered(response)
    assert (status, kind) == (401, "application/problem+json") and said["title"].startswith("Signature is")
    assert (await world.store.counts())["events"] == 0


async def test_a_signature_does_not_fit_another_body_or_another_address(
    world: World, http: aiohttp.ClientSession
) -> None:
    body = orjson.dumps(changes("1"))
    for address, sent in ((f"{world.url}/hooks/crm", body + b" "), (f"{world.url}/hooks/crm?a=1", body)):
        async with http.post(address, data=sent, headers=signed(world, body)) as response:
            assert response.status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"{}", b'"deal"', b"[1]", b"[null]", b"\xff\xfe", b"[" * 200_000, b'[{"objectId":[[]]}]',
        orjson.dumps(changes(*map(str, range(1, 102)))), orjson.dumps([{"subscriptionType": "deal.creation"}]),
    ],
    ids=["empty", "cut", "null", "object", "text", "number", "nothing", "bytes", "deep", "wrong_id", "101", "no_id"],
)  # fmt: skip
async def test_a_malformed_webhook_is_refused_and_nothing_of_it_is_kept(
    world: World, http: aiohttp.ClientSession, body: bytes
) -> None:
    async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body)) as response:
        status, kind, said = await answered(response)
    assert (status, kind, said["title"]) == (400, "application/problem+json", "Body is malformed")
    assert said["detail"] and (await world.store.counts())["events"] == 0


async def test_a_webhook_of_more_than_a_mebibyte_is_too_large(world: World, http: aiohttp.ClientSession) -> None:
    body = b"[" + b" " * MILLION + b"]"
    for address in ("/hooks/crm", "/slack/events"):
        async with http.post(f"{world.url}{address}", data=BytesIO(body), headers=signed(world, body)) as response:
            status, kind, said = await answered(response)
        assert (status, kind) == (413, "application/problem+json") and "1048576" in said["detail"]


async def test_exactly_a_mebibyte_is_taken(world: World, http: aiohttp.ClientSession) -> None:
    body = b"[" + b" " * (MILLION - 2) + b"]"
    async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body)) as response:
        assert (await answered(response))[0] == 202


async def test_a_webhook_for_a_connection_that_is_not_there_is_not_found(
    world: World, http: aiohttp.ClientSession
) -> None:
    for path in ("/hooks/nobody", "/hooks/%2e%2e%2fcrm", "/hooks/CRM"):
        async with http.post(f"{world.url}{path}", data=b"[]") as response:
            status, kind, said = await answered(response)
        assert (status, kind, said["title"]) == (404, "application/problem+json", "Unknown connection"), path


async def test_a_connection_that_takes_no_webhooks_refuses_them(world: World, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{world.url}/hooks/erp", data=b"[]") as response:
        status, kind, _ = await answered(response)
    assert status in (400, 401, 404) and kind == "application/problem+json"


async def test_other_addresses_and_methods_are_refused_as_problems(world: World, http: aiohttp.ClientSession) -> None:
    for method, path, expected in (
        ("GET", "/nowhere", 404),
        ("GET", "/hooks/crm", 405),
        ("DELETE", "/slack/events", 405),
    ):
        async with http.request(method, f"{world.url}{path}") as response:
            status, kind, said = await answered(response)
        assert (status, kind, said["status"]) == (expected, "application/problem+json", expected)


async def test_slack_requests_without_a_right_signature_are_refused(world: World, http: aiohttp.ClientSession) -> None:
    body = "payload=%7B%7D"
    sender = world.slack.state.sender
    now = int(time.time())
    for stamp, given in (
        (str(now), "v0=" + "0" * 64),
        (str(now - 3600), sender.signature(str(now - 3600), body)),
        (str(now + 3600), sender.signature(str(now + 3600), body)),
        ("soon", sender.signature("soon", body)),
        ("9" * 5000, sender.signature("9" * 5000, body)),
    ):
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": given}
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        async with http.post(f"{world.url}/slack/events", data=body, headers=headers) as response:
            assert response.status == 401, stamp
    async with http.post(f"{world.url}/slack/events", data=body) as response:
        assert response.status == 401


@pytest.mark.parametrize("body", [b"payload=%7B", b"payload=%7B%7D", b"\xff\xfe\xfd", b"", b"payload=%5B%5D", b"a=b"])
async def test_slack_requests_that_make_no_sense_are_answered_without_a_crash(
    world: World, http: aiohttp.ClientSession, body: bytes
) -> None:
    stamp = str(int(time.time()))
    secret = world.slack.state.sender._secret
    signature = "v0=" + hmac.new(secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    async with http.post(f"{world.url}/slack/events", data=body, headers=headers) as response:
        assert response.status < 500, await response.text()


async def test_it_is_alive_and_ready(world: World, http: aiohttp.ClientSession) -> None:
    for path, words in (("/healthz", "ok"), ("/readyz", "ready")):
        async with http.get(f"{world.url}{path}") as response:
            assert await answered(response) == (200, "application/json", {"status": words})


@on_sqlite
async def test_it_is_not_ready_when_the_ledger_is_gone_and_takes_nothing_in(
    monkeypatch: pytest.MonkeyPatch, world: World, http: aiohttp.ClientSession
) -> None:
    path = world.parts.settings.database_url.get_secret_value().removeprefix("sqlite:///")
    await world.store.db.write(lambda tx: tx.exec_driver_sql("PRAGMA busy_timeout = 20"))
    body = orjson.dumps(changes("1"))
    with sqlite3.connect(path) as somebody_else:
        somebody_else.execute("BEGIN IMMEDIATE")
        async with http.get(f"{world.url}/readyz") as response:
            status, _, said = await answered(response)
        assert status == 503 and said["status"] == "not ready" and "ledger" in said["why"]
        async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body)) as response:
            status, kind, said = await answered(response)
            assert (status, kind) == (503, "application/problem+json") and response.headers["Retry-After"] == "5"
        async with http.get(f"{world.url}/healthz") as response:
            assert response.status == 200
        somebody_else.rollback()
    somebody_else.close()
    async with http.get(f"{world.url}/readyz") as response:
        assert response.status == 200
    async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body)) as response:
        assert (await answered(response))[2] == {"received": 1, "duplicates": 0}
