"""A described REST system with all that real ones have: pages by the header Link, records that a write only names, searches,
sign-ins of every kind, and webhooks."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from connector_fakes import TOKEN, Front, served

from sync.connectors import build
from sync.errors import AnswerLost, ConfigurationError, Rejected, Unavailable, WebhookRefused
from sync.ports import Incoming

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "a-token-of-webhooks-1"
DESCRIBE: dict[str, Any] = {
    "probe": {"path": "/v2/me"},
    "entities": {
        "accounts": {
            "find": {"path": "/v2/accounts", "query": {"ref": "{reference}"}, "items": "items"},
            "get": {"path": "/v2/accounts/{id}"},
            "create": {"path": "/v2/accounts", "reference": "ref"},
            "list": {"path": "/v2/accounts", "query": {"limit": "{limit}", "since": "{since}"}, "items": "items",
                     "follow": "link", "changed": "changed"},
            "search": {
                "vat_id": {"path": "/v2/accounts", "query": {"vat": "{value}"}},
                "*": {"method": "POST", "path": "/v2/search", "body": {"q": "{value}"}},
            },
        }
    },
}  # fmt: skip


class Accounts:
    """A system that pages by links, answers a creation with an address, and signs in as it was told."""

    def __init__(self, url: str = "") -> None:
        self.rows = [
            {"id": f"a/{n}", "vat": f"DE{n % 2}", "vat_id": f"DE{n % 2}", "name": f"Firm {n}"} for n in range(5)
        ]
        self.signed: list[str] = []
        self.elsewhere = False

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/v2/me", self.me)
        app.router.add_get("/v2/accounts", self.page)
        app.router.add_post("/v2/accounts", self.create)
        app.router.add_get("/v2/accounts/{id}", self.one)
        app.router.add_post("/v2/search", self.search)
        app.router.add_post("/token", self.token)

    async def me(self, request: web.Request) -> web.Response:
        self.signed.append(request.headers.get("Authorization", ""))
        return web.json_response({})

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert (form["grant_type"], form["client_id"], form["client_secret"]) == ("client_credentials", "app", TOKEN)
        return web.json_response({"access_token": f"fetched-{len(self.signed)}", "expires_in": 3600})

    async def page(self, request: web.Request) -> web.Response:
        if vat := request.query.get("vat"):
            return web.json_response(
                {"items": [*(r for r in self.rows if r["vat"] == vat), {"id": "x", "vat_id": "DE9"}]}
            )
        start, host = int(request.query.get("start", 0)), "http://other.example" if self.elsewhere else ""
        more = start + 2 < len(self.rows)
        link = f'<{host}/v2/accounts?start=0>; rel="first", <{host}/v2/accounts?start={start + 2}>; rel="next"'
        return web.json_response({"items": self.rows[start : start + 2]}, headers={"Link": link} if more else {})

    async def create(self, request: web.Request) -> web.Response:
        self.rows.append({"id": "a/9", **await request.json()})
        host = "http://other.example" if self.elsewhere else ""
        return web.Response(status=201, headers={"Location": f"{host}/v2/accounts/a%2F9"})

    async def one(self, request: web.Request) -> web.Response:
        found = next((each for each in self.rows if each["id"] == request.match_info["id"]), None)
        return web.json_response(found) if found else web.json_response({}, status=404)

    async def search(self, request: web.Request) -> web.Response:
        words = (await request.json())["q"]
        return web.json_response({"items": [each for each in self.rows if words in each.get("name", "")]})


@asynccontextmanager
async def system(accounts: Accounts, **options: Any) -> AsyncIterator[Any]:
    async with served(accounts.mount, Front()) as url:
        signed = options or {"token": TOKEN}
        given = {name: each(url) if callable(each) else each for name, each in signed.items()}
        rest = build("rest", {"base_url": url, "describe": DESCRIBE, **given}, name="books")
        try:
            yield rest
        finally:
            await rest.close()


async def test_pages_are_followed_by_the_header_link_and_never_to_another_address() -> None:
    accounts, seen, after = Accounts(), list[str](), None
    async with system(accounts) as rest:
        while True:
            listed = await rest.listed("accounts", fields=(), after=after)
            seen += [each.id for each in listed.entries]
            if (after := listed.after) is None:
                break
        assert seen == [f"a/{n}" for n in range(5)]
        accounts.elsewhere = True
        with pytest.raises(Unavailable, match="another address"):
            await rest.listed("accounts", fields=())


async def test_a_record_that_a_write_only_names_is_read_there() -> None:
    accounts = Accounts()
    async with system(accounts) as rest:
        made = await rest.create("accounts", "r-1", {"name": "New"})
        assert (made.id, made.record["name"], made.record["ref"]) == ("a/9", "New", "r-1")
        accounts.elsewhere = True
        with pytest.raises(AnswerLost, match="elsewhere"):
            await rest.create("accounts", "r-2", {"name": "New"})


async def test_records_are_searched_by_a_field_that_has_a_call_and_the_rest_is_compared() -> None:
    async with system(Accounts()) as rest:
        assert [each["id"] for each in await rest.search("accounts", {"vat_id": "DE1"})] == ["a/1", "a/3"]
        found = await rest.search("accounts", {"vat_id": "DE1", "name": "Firm 3"})
        assert [each["id"] for each in found] == ["a/3"]
        assert [each["id"] for each in await rest.search("accounts", {"*": "Firm 2"})] == ["a/2"]
        with pytest.raises(Rejected, match="not searched by name"):
            await rest.search("accounts", {"name": "Firm 3"})


async def test_it_is_signed_in_with_a_name_and_a_password() -> None:
    accounts = Accounts()
    async with system(accounts, user="dana", password=TOKEN) as rest:
        await rest.probe()
    assert accounts.signed == [f"Basic {base64.b64encode(f'dana:{TOKEN}'.encode()).decode()}"]


async def test_it_is_signed_in_with_tokens_that_are_fetched() -> None:
    accounts = Accounts()
    oauth = {"token_url": "", "client_id": "app", "client_secret": TOKEN}
    async with system(accounts, oauth=lambda url: {**oauth, "token_url": f"{url}/token"}) as rest:
        await rest.probe()
        await rest.probe()
    assert accounts.signed == ["Bearer fetched-0"] * 2


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ({}, "exactly one of token, user with password, and oauth signs in"),
        ({"token": TOKEN, "user": "dana", "password": TOKEN}, "exactly one of token"),
        ({"user": "dana"}, "user and password belong together"),
        ({"token": TOKEN, "webhooks": {"token": SECRET, "entity": "deals", "envelope": {"key": "id"}}}, "'deals'"),
    ],
)
def test_a_sign_in_that_cannot_be_meant_is_a_mistake_that_shows_no_secret(given: dict[str, Any], right: str) -> None:
    with pytest.raises(ConfigurationError, match=right) as refused:
        build("rest", {"base_url": "https://erp.example", "describe": DESCRIBE, **given}, name="books")
    assert TOKEN not in str(refused.value) and SECRET not in str(refused.value)


async def test_a_webhook_only_says_what_changed_and_the_record_is_read_again() -> None:
    webhooks = {"token": SECRET, "entity": "accounts", "envelope": {"key": "event", "record": "data"}}
    body = json.dumps({"event": "e1", "data": {"id": "a/1", "name": "What the sender says"}}).encode()

    def sent(token: str) -> Incoming:
        return Incoming(
            method="POST", url="https://m.example/hooks/books", headers={"authorization": f"Bearer {token}"}, body=body
        )

    async with system(Accounts(), token=TOKEN, webhooks=webhooks) as rest:
        [change] = rest.accept(sent(SECRET), now=NOW)
        assert (change.entity, change.record_id, change.payload) == ("accounts", "a/1", None)
        assert (await rest.read("accounts", "a/1"))["name"] == "Firm 1"
        with pytest.raises(WebhookRefused):
            rest.accept(sent("another token"), now=NOW)
    async with system(Accounts()) as rest:
        with pytest.raises(WebhookRefused, match="sends no webhooks"):
            rest.accept(sent(SECRET), now=NOW)
