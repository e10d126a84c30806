"""Acme's connector against a small Acme, in the stories of every connector."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web

from sync.connectors.testing.harness import Harness
from sync.connectors.testing.suite import NOW, suite_of
from sync.connectors.testing.template import KIND

TOKEN = "a-token-for-tests"


@dataclass
class FakeAcme:
    """Invoices by id, in the shapes of the real one."""

    invoices: dict[int, dict[str, Any]] = field(default_factory=dict)

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/v1/me", self.me)
        app.router.add_get("/v1/invoices", self.listed)
        app.router.add_post("/v1/invoices", self.create)
        app.router.add_get("/v1/invoices/{id}", self.read)
        app.router.add_patch("/v1/invoices/{id}", self.change)

    async def me(self, request: web.Request) -> web.Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": {"code": "unauthorized", "message": "Who are you?"}}, status=401)
        return web.json_response({"name": "Meshline"})

    async def listed(self, request: web.Request) -> web.Response:
        asked = request.query
        found = [each for number, each in sorted(self.invoices.items()) if number > int(asked.get("after", 0))]
        for name in set(asked) - {"after", "since", "limit"}:
            found = [each for each in found if each.get(name) == asked[name]]
        found = [each for each in found if each["changed_at"] >= asked.get("since", "")]
        return web.json_response({"items": found[: int(asked.get("limit", 100))]})

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if any(each["reference"] == body["reference"] for each in self.invoices.values()):
            error = {"code": "duplicate_reference", "message": "The reference is taken", "field": "reference"}
            return web.json_response({"error": error}, status=409)
        return web.json_response(self.put(len(self.invoices) + 1, **body), status=201)

    async def read(self, request: web.Request) -> web.Response:
        found = self.invoices.get(int(request.match_info["id"]))
        return web.json_response(found) if found else web.json_response({"error": {"code": "gone"}}, status=404)

    async def change(self, request: web.Request) -> web.Response:
        return web.json_response(self.put(int(request.match_info["id"]), **await request.json()))

    def put(self, number: int, **values: Any) -> dict[str, Any]:
        at = (NOW - timedelta(hours=1)).isoformat()
        known = self.invoices.get(number, {"id": number, "status": "open"})
        self.invoices[number] = {**known, **values, "changed_at": at}
        return self.invoices[number]


def acme() -> FakeAcme:
    """A fake in which one invoice is there."""
    fake = FakeAcme()
    fake.put(1, reference="old")
    return fake


HARNESS = Harness(
    options=lambda url: {"base_url": url, "token": TOKEN},
    fake=acme,
    mount=FakeAcme.mount,
    get=("invoices", "1"),
    create=("invoices", "crm-deal-5", {"amount_minor": 249000, "currency": "EUR"}),
    write={"method": "POST", "path": "/v1/invoices"},
    count=lambda fake: sum(each["reference"] == "crm-deal-5" for each in fake.invoices.values()),
    read="invoices",
    polled=True,
)

TestAcme = suite_of(KIND, HARNESS)
