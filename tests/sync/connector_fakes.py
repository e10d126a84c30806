"""Small fakes for the connectors' tests: a CRM that speaks HubSpot's paths, a ledger over REST, and faults in front of either."""

from __future__ import annotations

import json
import re
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
API = "/crm/objects/2026-09"


def _bearer(request: web.Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {TOKEN}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@dataclass
class Crm:
    """Objects with text properties, associations, and a search that only shows what is indexed."""

    now: datetime = NOW
    objects: dict[str, dict[int, dict[str, str]]] = field(default_factory=dict)
    links: dict[tuple[str, int, str], list[dict[str, Any]]] = field(default_factory=dict)
    link_page: int = 500
    unindexed: set[int] = field(default_factory=set)
    last_id: int = 5000
    searches: list[dict[str, Any]] = field(default_factory=list)

    def put(self, kind: str, record_id: int, *, at: datetime | None = None, **properties: str) -> None:
        stamp = {"hs_lastmodifieddate": _iso(at or self.now), "hs_object_id": str(record_id)}
        self.objects.setdefault(kind, {})[record_id] = {**properties, **stamp}

    def link(self, kind: str, record_id: int, other: str, other_id: int, type_id: int = 0) -> None:
        target = {"toObjectId": other_id, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": type_id}]}
        self.links.setdefault((kind, record_id, other), []).append(target)

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/crm/properties/2026-09/{kind}", self.guarded(self.properties))
        app.router.add_post(API + "/{kind}/search", self.guarded(self.search))
        app.router.add_post(API + "/{kind}/batch/read", self.guarded(self.batch))
        app.router.add_post("/crm/associations/2026-09/{kind}/{other}/batch/read", self.guarded(self.associations))
        app.router.add_get(API + "/{kind}/{id}", self.guarded(self.read))
        app.router.add_patch(API + "/{kind}/{id}", self.guarded(self.patch))
        app.router.add_post(API + "/{kind}", self.guarded(self.create))

    def guarded(self, handler: Handler) -> Handler:
        async def guard(request: web.Request) -> web.StreamResponse:
            if not _bearer(request):
                return _crm_error(401, "INVALID_AUTHENTICATION", "The token is wrong")
            return await handler(request)

        return guard

    async def properties(self, request: web.Request) -> web.Response:
        names = {name for record in self.objects.get(request.match_info["kind"], {}).values() for name in record}
        return web.json_response({"results": [{"name": name} for name in sorted(names)]})

    async def read(self, request: web.Request) -> web.Response:
        kind, record_id = request.match_info["kind"], request.match_info["id"]
        if not record_id.isdecimal() or int(record_id) not in self.objects.get(kind, {}):
            return _crm_error(404, "OBJECT_NOT_FOUND", "Object not found")
        wanted = request.query.get("properties", "").split(",")
        return web.json_response(self.shown(kind, int(record_id), wanted))

    def shown(self, kind: str, record_id: int, wanted: list[str]) -> dict[str, Any]:
        record = self.objects[kind][record_id]
        always = ("hs_lastmodifieddate", "hs_object_id")
        return {
            "id": str(record_id),
            "properties": {name: record.get(name) for name in (*always, *filter(None, wanted))},
        }

    async def batch(self, request: web.Request) -> web.Response:
        kind, asked = request.match_info["kind"], await request.json()
        if len(asked["inputs"]) > 100:
            return _crm_error(400, "VALIDATION_ERROR", "Too many inputs")
        ids = [int(one["id"]) for one in asked["inputs"] if int(one["id"]) in self.objects.get(kind, {})]
        return web.json_response({"results": [self.shown(kind, one, asked["properties"]) for one in reversed(ids)]})

    async def associations(self, request: web.Request) -> web.Response:
        kind, other = request.match_info["kind"], request.match_info["other"]
        [asked] = (await request.json())["inputs"]
        start = int(asked.get("after", 0))
        every = self.links.get((kind, int(asked["id"]), other), [])
        if not every:
            error = {"subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "message": "none"}
            return web.json_response({"results": [], "numErrors": 1, "errors": [error]}, status=207)
        end = start + self.link_page
        paging = {"paging": {"next": {"after": str(end)}}} if end < len(every) else {}
        return web.json_response({"results": [{"from": {"id": asked["id"]}, "to": every[start:end], **paging}]})

    async def patch(self, request: web.Request) -> web.Response:
        kind, record_id = request.match_info["kind"], int(request.match_info["id"])
        if record_id not in self.objects.get(kind, {}):
            return _crm_error(404, "OBJECT_NOT_FOUND", "Object not found")
        changed = (await request.json())["properties"]
        if "no_such_property" in changed:
            detail = [{"message": "unknown", "context": {"propertyName": ["no_such_property"]}}]
            return _crm_error(400, "VALIDATION_ERROR", "Property values were not valid", errors=detail)
        self.objects[kind][record_id] |= changed
        return web.json_response(self.shown(kind, record_id, list(changed)))

    async def create(self, request: web.Request) -> web.Response:
        self.last_id += 1
        asked = await request.json()
        properties = asked["properties"]
        self.put(request.match_info["kind"], self.last_id, **properties)
        for link in asked["associations"]:
            self.link("tasks", self.last_id, "any", int(link["to"]["id"]), link["types"][0]["associationTypeId"])
        return web.json_response(self.shown(request.match_info["kind"], self.last_id, list(properties)), status=201)

    async def search(self, request: web.Request) -> web.Response:
        kind, asked = request.match_info["kind"], await request.json()
        self.searches.append(asked)
        if asked["limit"] > 200 or int(asked.get("after", 0)) >= 10_000 or len(asked["filterGroups"]) > 5:
            return _crm_error(400, "VALIDATION_ERROR", "Beyond the limits of search")
        found = [
            one
            for one, record in sorted(self.objects.get(kind, {}).items())
            if one not in self.unindexed
            and any(all(_fits(record, f) for f in group["filters"]) for group in asked["filterGroups"])
        ]
        shown = [self.shown(kind, one, asked.get("properties", [])) for one in found[: asked["limit"]]]
        return web.json_response({"total": len(found), "results": shown})


def _fits(record: dict[str, str], rule: dict[str, str]) -> bool:
    value, wanted = record.get(rule["propertyName"], ""), rule["value"]
    if rule["propertyName"].endswith("modifieddate"):
        value = str(_ms(datetime.fromisoformat(value)))
    match rule["operator"]:
        case "EQ":
            return value == wanted
        case "GT":
            return int(value) > int(wanted)
        case "BETWEEN":
            return int(wanted) <= int(value) <= int(rule["highValue"])
        case "CONTAINS_TOKEN":
            return wanted.lower() in re.split(r"[\s\[\],]+", value.lower())
    raise AssertionError(rule)


def _crm_error(status: int, category: str, message: str, **more: Any) -> web.Response:
    body = {"status": "error", "message": message, "correlationId": "c0ffee", "category": category, **more}
    return web.json_response(body, status=status)


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
        found = self.invoices.get(int(request.match_info["id"]))
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
