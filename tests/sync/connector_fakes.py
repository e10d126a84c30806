"""A small ledger over REST for the connectors' tests, and faults in front of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from sync.connectors.testing.front import Fault as Fault
from sync.connectors.testing.front import Front as Front
from sync.connectors.testing.front import Handler as Handler
from sync.connectors.testing.front import served as served

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TOKEN = "pat-very-secret-1"


def _bearer(request: web.Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {TOKEN}"


@dataclass
class Erp:
    """Invoices with a unique reference that are posted once. Totals are written with a fraction on purpose."""

    invoices: dict[int, dict[str, Any]] = field(default_factory=dict)
    unique: bool = True

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/v1/invoices", self.listed)
        app.router.add_post("/v1/invoices", self.create)
        app.router.add_get("/v1/invoices/{id}", self.read)
        app.router.add_patch("/v1/invoices/{id}", self.change)
        app.router.add_post("/v1/invoices/{id}/post", self.post)

    async def listed(self, request: web.Request) -> web.Response:
        if not _bearer(request):
            return _erp_error(401, "unauthorized", "Who are you?")
        if "limit" in request.query:
            behind = [
                each for number, each in sorted(self.invoices.items()) if number > int(request.query.get("after", 0))
            ]
            shown = [each | {"changed_at": (NOW - timedelta(hours=1)).isoformat()} for each in behind[:1]]
            return web.json_response({"items": shown, "next": str(shown[-1]["id"]) if len(behind) > 1 else None})
        found = [i for i in self.invoices.values() if i["reference"] == request.query["reference"]]
        return web.json_response({"items": found})

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if any(i["reference"] == body["reference"] for i in self.invoices.values()) and self.unique:
            return _erp_error(409, "duplicate_reference", "The reference exists", "reference")
        if not body.get("lines"):
            return _erp_error(422, "validation", "An invoice needs lines", "lines")
        number = 900 + len(self.invoices)
        self.invoices[number] = {"id": number, "status": "draft", **body}
        return web.json_response(self.invoices[number], status=201)

    async def read(self, request: web.Request) -> web.Response:
        asked = request.match_info["id"]
        found = self.invoices.get(int(asked)) if asked.isdecimal() else None
        return _erp_error(404, "not_found", "No such invoice") if found is None else web.json_response(found)

    async def change(self, request: web.Request) -> web.Response:
        found = self.invoices[int(request.match_info["id"])]
        if found["status"] == "posted":
            return _erp_error(409, "posted_is_immutable", "Posted invoices do not change")
        found |= await request.json()
        return web.json_response(found)

    async def post(self, request: web.Request) -> web.Response:
        found = self.invoices[int(request.match_info["id"])]
        if found["status"] == "posted":
            return _erp_error(409, "already_posted", "It is posted")
        found |= {"status": "posted", "number": f"INV-{found['id']}"}
        return web.json_response(found)


def _erp_error(status: int, code: str, message: str, place: str | None = None) -> web.Response:
    error = {"code": code, "message": message, "field": place}
    return web.json_response({"error": error}, status=status)


ERP_DESCRIPTION: dict[str, Any] = json.loads("""{
  "auth": {"header": "Authorization", "value": "Bearer {token}"},
  "headers": {"X-Client": "tests"},
  "probe": {"method": "GET", "path": "/v1/invoices?reference=none"},
  "entities": {"invoice": {
    "find": {"path": "/v1/invoices", "query": {"reference": "{reference}"}, "items": "items"},
    "get": {"path": "/v1/invoices/{id}"},
    "list": {"path": "/v1/invoices", "query": {"limit": "{limit}", "after": "{after}", "since": "{since}"},
             "items": "items", "after": "next", "changed": "changed_at"},
    "create": {"method": "POST", "path": "/v1/invoices", "reference": "reference",
               "headers": {"Idempotency-Key": "{reference}"}},
    "update": {"method": "PATCH", "path": "/v1/invoices/{id}"},
    "post": {"method": "POST", "path": "/v1/invoices/{id}/post"},
    "id": "id", "status": "status", "posted": ["posted"]}},
  "errors": {"code": "error.code", "message": "error.message", "field": "error.field",
             "reasons": {"duplicate_reference": "reference_taken", "already_posted": "already_done"},
             "default": "erp_rejected"}
}""")
