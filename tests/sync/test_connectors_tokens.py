"""Access tokens: one is fetched for all, in time, again where it is refused, and never shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from aiohttp import web
from connector_fakes import Front, served
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from sync.connectors import oauth
from sync.connectors.http import Client
from sync.connectors.options import HttpOptions
from sync.connectors.tokens import Token, Tokens
from sync.errors import AnswerLost, ConnectorError, Rejected, Unauthorized, Unavailable

SECRET, REFRESH = "client-secret-9", "refresh-secret-8"
CLOCK = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Shop:
    """A system that takes only the newest of the tokens that it has given, each for `lasts` seconds."""

    lasts: Any = 1800
    given: int = 0
    asked: list[dict[str, str]] = field(default_factory=list)
    sold: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    says: Callable[[dict[str, str]], web.Response] | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def mount(self, app: web.Application) -> None:
        app.router.add_post("/token", self.token)
        app.router.add_route("*", "/sell", self.sell)
        self.gate.set()

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        self.heard.set()
        await self.gate.wait()
        if self.says is not None:
            return self.says(form)
        self.given += 1
        return web.json_response({"access_token": f"token-{self.given}", "expires_in": self.lasts})

    async def sell(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        self.sold.append(token)
        if scheme != "Bearer" or token != f"token-{self.given}" or token in self.revoked:
            return web.json_response({"message": f"{token} is not taken"}, status=401)
        return web.json_response({"sold": True})


@dataclass
class Street:
    shop: Shop
    client: Client
    tokens: Tokens
    now: float = 0.0

    async def sell(self, method: str = "GET") -> Any:
        return (await self.client.request(method, "/sell", idempotent=method == "GET")).data

    async def all_at_once(self, n: int) -> list[Any]:
        return await asyncio.gather(*(self.sell() for _ in range(n)), return_exceptions=True)


@asynccontextmanager
async def street(shop: Shop | None = None, grant: oauth.Grant | None = None) -> AsyncIterator[Street]:
    shop = shop or Shop()
    async with served(shop.mount, Front()) as url:
        tokens = oauth.tokens("crm", f"{url}/token", grant or by_refresh(), HttpOptions(), jitter=0.0)
        client = Client(
            "crm", url, HttpOptions(), headers={}, secrets=[], auth=tokens, refusal=lambda a: Rejected(a.text)
        )
        made = Street(shop, client, tokens)
        tokens._ticks = lambda: made.now
        try:
            yield made
        finally:
            await client.close()


def by_refresh() -> oauth.Grant:
    return oauth.refresh_token(client_id="me", client_secret=SecretStr(SECRET), token=SecretStr(REFRESH))


async def test_fifty_requests_that_need_a_token_fetch_one() -> None:
    async with street() as there:
        assert await there.all_at_once(50) == [{"sold": True}] * 50
    assert there.shop.asked == [
        {"grant_type": "refresh_token", "client_id": "me", "client_secret": SECRET, "refresh_token": REFRESH}
    ]


async def test_a_token_is_renewed_before_it_ends_and_not_sooner() -> None:
    async with street() as there:
        for there.now in (0.0, 1499.0, 1501.0, 2999.0, 3002.0):
            await there.sell()
    assert there.shop.sold == ["token-1", "token-1", "token-2", "token-2", "token-3"]


@pytest.mark.parametrize(("lasts", "renewed"), [("100", 81.0), (10, 8.5), ("1e3", None), (None, None), (0, None)])
async def test_a_short_life_is_renewed_in_its_last_fifth_and_an_unknown_one_never(
    lasts: Any, renewed: float | None
) -> None:
    async with street(Shop(lasts=lasts)) as there:
        await there.sell()
        there.now = renewed or 1e9
        await there.sell()
    assert there.shop.given == (2 if renewed else 1)


async def test_processes_with_another_jitter_renew_at_another_moment() -> None:
    moments = []

    async def fetch() -> Token:
        return Token(value="x", lasts=1800)

    for jitter in (0.0, 0.5, 1.0):
        tokens = Tokens(fetch, jitter=jitter, ticks=lambda: 0.0)
        await tokens.headers_for("GET", "", None)
        moments.append(tokens._renew_at)
    assert moments == [1500.0, 1350.0, 1200.0]


async def test_while_one_renews_the_others_go_on_with_the_token_that_is_still_good() -> None:
    async with street() as there:
        await there.sell()
        there.now = 1600.0
        there.shop.gate.clear()
        there.shop.heard.clear()
        renewing = asyncio.create_task(there.sell())
        await there.shop.heard.wait()
        assert await there.sell() == {"sold": True}
        there.shop.gate.set()
        await renewing
    assert there.shop.sold == ["token-1", "token-1", "token-2"]


async def test_an_endpoint_that_is_down_hurts_nobody_while_the_token_is_good() -> None:
    async with street() as there:
        await there.sell()
        there.shop.says = lambda _: web.Response(status=502)
        for there.now in (1600.0, 1605.0, 1609.0, 1611.0, 1799.0):
            assert await there.sell() == {"sold": True}
        assert len(there.shop.asked) == 4  # at first, then every ten seconds at most
        there.now = 1801.0
        with pytest.raises(Unavailable):
            await there.sell()
        there.shop.says = None
        assert await there.sell() == {"sold": True}


async def test_all_who_wait_for_a_token_share_its_failure() -> None:
    async with street() as there:
        there.shop.says = lambda _: web.json_response({"error": "invalid_grant"}, status=400)
        failures = await there.all_at_once(20)
    assert len(there.shop.asked) == 1 and there.shop.sold == []
    assert {type(each) for each in failures} == {Unauthorized} and len({id(each) for each in failures}) == 20


async def test_who_fetches_and_is_cancelled_leaves_it_to_the_next() -> None:
    async with street() as there:
        there.shop.gate.clear()
        there.shop.heard.clear()
        first, second = asyncio.create_task(there.sell()), asyncio.create_task(there.sell())
        await there.shop.heard.wait()
        first.cancel()
        there.shop.gate.set()
        assert await second == {"sold": True}
    assert len(there.shop.asked) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_refused_token_is_dropped_and_the_request_sent_once_more(method: str) -> None:
    async with street() as there:
        await there.sell()
        there.shop.revoked.add("token-1")
        assert await there.sell(method) == {"sold": True}
        assert await there.sell() == {"sold": True}
    assert there.shop.sold == ["token-1", "token-1", "token-2", "token-2"]


async def test_twenty_who_are_refused_at_once_fetch_one_new_token() -> None:
    async with street() as there:
        await there.sell()
        there.shop.revoked.add("token-1")
        assert await there.all_at_once(20) == [{"sold": True}] * 20
    assert len(there.shop.asked) == 2


async def test_who_is_refused_with_a_new_token_too_is_told_and_does_not_ask_on() -> None:
    async with street() as there:
        there.shop.revoked |= {"token-1", "token-2"}
        with pytest.raises(Unauthorized, match="GET /sell was answered 401") as told:
            await there.sell()
    assert "token-" not in str(told.value) and "***" in str(told.value)
    assert there.shop.sold == ["token-1", "token-2"] and len(there.shop.asked) == 2


ENDPOINT: list[tuple[int, Any, type[ConnectorError], str]] = [
    (400, {"error": "invalid_grant", "error_description": "expired"}, Unauthorized, "invalid_grant: expired"),
    (400, {"error": "invalid_scope"}, Unauthorized, "invalid_scope"),
    (400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"}, Unauthorized, "BAD_REFRESH"),
    (400, {"message": "no"}, Unauthorized, "no"),
    (400, {"error": "temporarily_unavailable"}, Unavailable, "temporarily_unavailable"),
    (401, {"error": "invalid_client"}, Unauthorized, "invalid_client"),
    (403, {"error": "access_denied"}, Unauthorized, "access_denied"),
    (404, "<html>no such page</html>", Unauthorized, "no such page"),
    (429, {}, Unavailable, "429"), (500, {}, Unavailable, "500"), (302, {}, Unavailable, "302"),
    (200, "<html>Please log in</html>", Unavailable, "not JSON"), (200, {"token": "x"}, Unavailable, "without a token"),
    (200, [], Unavailable, "without a token"), (200, {"access_token": "a\nb"}, Unavailable, "without a token"),
    (200, {"access_token": 7}, Unavailable, "without a token"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "error", "words"), ENDPOINT)
async def test_what_a_token_endpoint_says_has_one_meaning(
    status: int, body: Any, error: type[ConnectorError], words: str
) -> None:
    async with street() as there:
        there.shop.says = lambda _: (
            web.Response(text=body, status=status) if isinstance(body, str) else web.json_response(body, status=status)
        )
        with pytest.raises(error, match=words) as told:
            await there.sell("POST")
    assert not isinstance(told.value, AnswerLost) and "crm (access token)" in str(told.value)
    assert there.shop.sold == []


async def test_no_secret_is_shown_when_the_endpoint_says_it_back() -> None:
    grants = [by_refresh(), oauth.jwt_bearer(assertion("ES256"))]
    for grant in grants:
        async with street(grant=grant) as there:
            there.shop.says = lambda form: web.json_response(
                {"error": "invalid_grant", "error_description": " ".join(form.values())}, status=400
            )
            with pytest.raises(Unauthorized) as told:
                await there.sell()
        [form] = there.shop.asked
        for name in ("client_secret", "refresh_token", "assertion"):
            assert form.get(name, "none") not in repr(told.value) and SECRET not in repr(grant)
    assert "token-1" not in repr(Token(value="token-1"))


@cache
def pem(algorithm: str) -> tuple[str, Any]:
    if algorithm == "ES256":
        key: Any = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), key.public_key()


def assertion(algorithm: Any, **more: Any) -> oauth.Assertion:
    key = SecretStr(pem(algorithm)[0])
    told = {"issuer": "me", "audience": "https://login.example.com", "clock": lambda: CLOCK, **more}
    return oauth.Assertion(key=key, algorithm=algorithm, **told)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
async def test_an_assertion_is_signed_anew_for_each_token(algorithm: str) -> None:
    made = assertion(algorithm, subject="clerk", scope=["rest_webservices"], key_id="cert-1", lasts=timedelta(hours=1))
    async with street(grant=oauth.client_assertion(made)) as there:
        await there.sell()
    [form] = there.shop.asked
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    claims = jwt.decode(
        form["client_assertion"], pem(algorithm)[1], algorithms=[algorithm], audience="https://login.example.com",
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    at = int(CLOCK.timestamp())
    assert claims == {
        "iss": "me", "sub": "clerk", "aud": "https://login.example.com", "scope": ["rest_webservices"], "iat": at,
        "exp": at + 3600,
    }  # fmt: skip
    assert jwt.get_unverified_header(form["client_assertion"])["kid"] == "cert-1"
    assert pem(algorithm)[0] not in repr(made)


async def test_each_grant_asks_in_its_own_words() -> None:
    grants = [
        oauth.client_credentials(client_id="me", client_secret=SecretStr(SECRET), scope="api"),
        oauth.jwt_bearer(assertion("RS256", subject="clerk")),
    ]
    asked = []
    for grant in grants:
        async with street(grant=grant) as there:
            await there.sell()
        asked += there.shop.asked
    assert asked[0] == {
        "grant_type": "client_credentials", "client_id": "me", "client_secret": SECRET, "scope": "api",
    }  # fmt: skip
    assert asked[1]["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer" and set(asked[1]) == {
        "grant_type",
        "assertion",
    }


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_a_key_must_fit_its_algorithm(algorithm: Any) -> None:
    fits = SecretStr(pem(algorithm)[0])
    assert oauth.checked_key(fits, algorithm) is fits
    other = pem("RS256" if algorithm == "ES256" else "ES256")[0]
    for wrong in (other, "", "not a key", pem(algorithm)[0][:-60]):
        with pytest.raises(ValueError, match="must be") as told:
            oauth.checked_key(SecretStr(wrong), algorithm)
        assert not wrong or wrong not in str(told.value)


WHY = [
    (
        401,
        {"www-authenticate": 'Bearer error="invalid_token", error_description="The token expired"'},
        "",
        "has expired",
    ),
    (401, {}, '{"category": "EXPIRED_AUTHENTICATION"}', "has expired"),
    (401, {}, '{"message": "this token was revoked"}', "was revoked"),
    (403, {}, '{"category": "MISSING_SCOPES"}', "a scope is missing"),
    (403, {"www-authenticate": 'Bearer error="insufficient_scope"'}, "", "a scope is missing"),
]


@pytest.mark.parametrize(("status", "headers", "body", "words"), WHY)
async def test_the_owner_is_told_what_is_wrong_with_the_access(
    status: int, headers: dict[str, str], body: str, words: str
) -> None:
    front = Front()
    async with served(Shop().mount, front) as url:
        client = Client("crm", url, HttpOptions(), headers={}, secrets=[], refusal=lambda _: None)
        front.next("say", status=status, headers=headers, body=body)
        with pytest.raises(Unauthorized, match=words):
            await client.request("GET", "/sell", idempotent=True)
        await client.close()


async def test_words_that_may_mean_either_are_not_read_as_one() -> None:
    front = Front()
    async with served(Shop().mount, front) as url:
        client = Client("crm", url, HttpOptions(), headers={}, secrets=[], refusal=lambda a: Rejected(a.text))
        front.next("say", status=401, body='[{"message": "Session expired or invalid"}]')
        with pytest.raises(Unauthorized) as told:
            await client.request("GET", "/sell", idempotent=True)
        await client.close()
    assert (
        str(told.value).split(" [request")[0]
        == 'crm: GET /sell was answered 401: [{"message": "Session expired or invalid"}]'
    )
