"""A NetSuite account over SuiteTalk REST: records with strict names and external ids that are taken once, `Location` instead of a body,
approval before an invoice counts, closed periods, transformations, SuiteQL, jobs, and as many requests at a time as are allowed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
from aiohttp import web

from tests.sync.fakes.netsuite_auth import TOKEN_PATH, Guard
from tests.sync.fakes.netsuite_books import APPROVED, Books, Record, Refused, given
from tests.sync.fakes.netsuite_query import Unsupported, query
from tests.sync.fakes.netsuite_tables import NAMES, catalog, tables

BASE = "/services/rest"
RECORD = f"{BASE}/record/v1"
_TYPE = "https://www.rfc-editor.org/rfc/rfc9110.html#section-15"
_NAMES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def error(refused: Refused) -> web.Response:
    """An error in NetSuite's shape."""
    detail = {"detail": refused.detail, "o:errorCode": refused.code}
    if refused.path:
        detail["o:errorPath"] = refused.path
    body = {"type": _TYPE, "title": _NAMES[refused.status], "status": refused.status, "o:errorDetails": [detail]}
    return web.json_response(body, status=refused.status, headers=refused.headers)


@dataclass
class NetSuite(Books):
    """The account over HTTP. `most` requests may be under way."""

    account: str = "1234567_SB1"
    most: int = 5
    slow: float = 0.0
    at_once: int = 0
    refused: int = 0
    peak: int = 0
    queries: list[str] = field(default_factory=list)
    jobs: dict[int, Record] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = {
            "consumer_key": "consumer-key-1",
            "consumer_secret": "consumer-secret-2",
            "token_id": "token-id-3",
            "token_secret": "pat-very-secret-1",
        }
        self.guard = Guard(self.account, keys=keys)

    def mount(self, app: web.Application) -> None:
        self.guard.mount(app)
        add = app.router.add_route
        add("GET", RECORD + "/metadata-catalog/{kind}", self.limited(self.catalogue))
        add("POST", RECORD + "/{kind}", self.limited(self.post))
        add("POST", RECORD + "/{kind}/{id}/!transform/{into}", self.limited(self.transform))
        for method, handler in (("GET", self.read), ("PATCH", self.patch), ("PUT", self.put), ("DELETE", self.delete)):
            add(method, RECORD + "/{kind}/{id}", self.limited(handler))
        add("POST", BASE + "/query/v1/suiteql", self.limited(self.suiteql))
        add("GET", BASE + "/async/v1/job/{job}", self.limited(self.job))
        add("GET", BASE + "/async/v1/job/{job}/task", self.limited(self.tasks))
        add("GET", BASE + "/async/v1/job/{job}/task/{task}/result", self.limited(self.result))

    def limited(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.guard.admits(request):
                return error(Refused("Invalid login attempt.", "INVALID_LOGIN", status=401))
            if self.at_once >= self.most:
                self.refused += 1
                words = "Concurrent request limit exceeded. Request blocked."
                return error(Refused(words, "CONCURRENCY_LIMIT_EXCEEDED", status=429))
            self.at_once += 1
            self.peak = max(self.peak, self.at_once)
            try:
                await asyncio.sleep(self.slow)
                return await handler(request)
            except Refused as refused:
                return error(refused)
            finally:
                self.at_once -= 1

        return guarded

    async def post(self, request: web.Request) -> web.Response:
        kind = self.kind(request)
        if "type=collection" in request.headers.get("content-type", ""):
            return self.later(request, kind, (await self.body(request))["items"])
        if request.headers.get("prefer") == "respond-async":
            return self.later(request, kind, [await self.body(request)])
        made = self.create(kind, await self.body(request), strict=self.strict(request))
        return self.made(request, kind, made)

    async def read(self, request: web.Request) -> web.Response:
        kind, number = self.kind(request), self.number(request)
        if request.match_info["kind"] in self.lists:
            return web.json_response({"links": [], "id": str(number), **self.lists[kind][number]})
        whole = request.query.get("expandSubResources") == "true"
        return web.Response(body=dumps(self.shown(kind, number, whole=whole)), content_type="application/json")

    async def patch(self, request: web.Request) -> web.Response:
        kind, number = self.kind(request), self.number(request)
        body, replaced = await self.body(request), request.query.get("replace", "").split(",")
        self.named(kind, body, strict=self.strict(request))
        self.change(kind, number, body, replaced)
        return self.made(request, kind, number)

    async def put(self, request: web.Request) -> web.Response:
        """By external id: what is there is changed, whatever its state; else it is made."""
        kind, body, told = self.kind(request), await self.body(request), request.match_info["id"]
        if not told.startswith("eid:"):
            raise Refused("PUT needs an external id.", "INVALID_ID")
        try:
            number = self.number(request)
        except Refused:
            return self.made(request, kind, self.create(kind, {**body, "externalId": told.removeprefix("eid:")}))
        self.change(kind, number, body, [])
        return self.made(request, kind, number)

    async def delete(self, request: web.Request) -> web.Response:
        del self.records[self.kind(request)][self.number(request)]
        return web.Response(status=204)

    async def transform(self, request: web.Request) -> web.Response:
        kind, number, into = self.kind(request), self.number(request), request.match_info["into"]
        invoice, body = self.records[kind][number], await self.body(request)
        if (
            kind != "invoice"
            or into not in ("creditMemo", "customerPayment")
            or self.shown(kind, number, whole=False)["status"]["id"] not in ("Open", "Paid In Full")
        ):
            raise Refused(f"You can not initialize {into}: invalid reference {number}.", "INVALID_INITIALIZE_REF")
        self.named(into, body, strict=self.strict(request))
        self.free(into, body.get("externalId"))
        taken = {name: invoice[name] for name in ("entity", "currency", "subsidiary") if name in invoice}
        if into == "creditMemo":
            if request.query.get("replace") != "item" or "item" not in body:
                body["item"] = {"items": [*invoice["item"]["items"], *(body.get("item") or {}).get("items", [])]}
            body["item"]["items"] = [given(each) for each in body["item"]["items"]]
        else:
            body.setdefault(
                "apply",
                {
                    "items": [
                        {
                            "doc": {"id": str(number)},
                            "apply": True,
                            "amount": self.totals(kind, number)["amountRemaining"],
                        }
                    ]
                },
            )
        made = self.create(into, {**taken, **body}, strict=False)
        self.records[into][made]["createdFrom"] = {"id": str(number)}
        return self.made(request, into, made)

    async def suiteql(self, request: web.Request) -> web.Response:
        if request.headers.get("prefer") != "transient":
            raise Refused("Required header is missing: Prefer: transient", "INVALID_HEADER")
        limit, offset = int(request.query.get("limit", 1000)), int(request.query.get("offset", 0))
        if not 1 <= limit <= 1000 or offset % limit:
            raise Refused("The limit is between 1 and 1000, and the offset a multiple of it.", "INVALID_PARAMETER")
        text = (await self.body(request))["q"]
        self.queries.append(text)
        try:
            rows = query(text, tables(self, text))
        except Unsupported as wrong:
            raise Refused(f"Invalid search query. Search error occurred: {wrong}", "INVALID_PARAMETER") from None
        shown = [{"links": [], **row} for row in rows[offset : offset + limit]]
        more = offset + limit < len(rows)
        return web.json_response(
            {
                "links": [],
                "count": len(shown),
                "hasMore": more,
                "items": shown,
                "offset": offset,
                "totalResults": len(rows),
            }
        )

    async def catalogue(self, request: web.Request) -> web.Response:
        if request.match_info["kind"] not in NAMES:
            raise Refused("Record type is not known.", "NONEXISTENT_ID", status=404)
        return web.json_response(catalog(request.match_info["kind"]))

    def later(self, request: web.Request, kind: str, bodies: list[Record]) -> web.Response:
        """A job, carried out at once, of which is heard later. Raises Refused."""
        if len(bodies) > 100 or request.headers.get("prefer") != "respond-async":
            raise Refused("At most 100 records, and Prefer: respond-async.", "INVALID_REQUEST")
        key = request.headers.get("x-netsuite-idempotency-key")
        for number, job in self.jobs.items():
            if key and job["key"] == key:
                words = "A request with the same idempotency key is already submitted."
                raise Refused(words, "IDEMPOTENCY_ERROR", headers=self.where(request, number))
        number = next(self.ids)
        ends: list[int | Refused] = []
        for body in bodies:
            try:
                ends.append(self.create(kind, body, strict=self.strict(request)))
            except Refused as refused:
                ends.append(refused)
        self.jobs[number] = {"key": key, "kind": kind, "ends": ends, "asked": 0}
        return web.Response(status=202, headers={"preference-applied": "respond-async", **self.where(request, number)})

    def where(self, request: web.Request, job: int) -> dict[str, str]:
        return {"location": f"{request.url.origin()}{BASE}/async/v1/job/{job}"}

    async def job(self, request: web.Request) -> web.Response:
        job = self.jobs[int(request.match_info["job"])]
        job["asked"] += 1
        done = job["asked"] > 1
        progress = "succeeded" if done else "pending"
        return web.json_response(
            {"links": [], "completed": done, "id": request.match_info["job"], "progress": progress}
        )

    async def tasks(self, request: web.Request) -> web.Response:
        job = self.jobs[int(request.match_info["job"])]
        return web.json_response(
            {"items": [{"id": str(at), "completed": True} for at in range(1, len(job["ends"]) + 1)]}
        )

    async def result(self, request: web.Request) -> web.Response:
        job = self.jobs[int(request.match_info["job"])]
        end = job["ends"][int(request.match_info["task"]) - 1]
        if isinstance(end, Refused):
            raise end
        return self.made(request, job["kind"], end)

    def kind(self, request: web.Request) -> str:
        kind = request.match_info["kind"]
        if kind not in self.records and kind not in self.lists:
            raise Refused(f"Record type {kind} does not exist.", "NONEXISTENT_RECORD_TYPE", status=404)
        return kind

    def number(self, request: web.Request) -> int:
        kind, told = request.match_info["kind"], request.match_info["id"]
        rows = self.records.get(kind) or self.lists.get(kind, {})
        if told.isdecimal() and int(told) in rows:
            return int(told)
        for number, each in rows.items():
            if told.startswith("eid:") and each.get("externalId") == told[4:]:
                return number
        raise Refused(
            "The record instance does not exist. Provide a valid record instance ID.", "NONEXISTENT_ID", status=404
        )

    def strict(self, request: web.Request) -> bool:
        return request.headers.get("x-netsuite-propertynamevalidation", "").lower() == "error"

    async def body(self, request: web.Request) -> Record:
        try:
            told: Record = json.loads(await request.read() or b"{}", parse_float=Decimal)
        except ValueError:
            raise Refused("Invalid content in the request body.", "INVALID_CONTENT") from None
        return told

    def made(self, request: web.Request, kind: str, number: int) -> web.Response:
        return web.Response(status=204, headers={"location": f"{request.url.origin()}{RECORD}/{kind}/{number}"})


def dumps(value: Any) -> bytes:
    """JSON in which an amount is a number with all its digits."""

    def plain(each: Any) -> Any:
        if isinstance(each, Decimal):
            text = format(each.normalize(), "f")
            return orjson.Fragment((text if "." in text else f"{text}.0").encode())
        raise TypeError(type(each))

    return orjson.dumps(value, default=plain)


def acme(**more: Any) -> NetSuite:
    """One customer, and an approved invoice of long ago."""
    account = NetSuite(**more)
    then = account.now() - timedelta(hours=1)
    stamps = {"createdDate": then, "lastModifiedDate": then}
    account.records["customer"][100] = {"id": "100", "externalId": "crm-company-1", "companyName": "Acme", **stamps}
    line = {"item": {"id": "5"}, "quantity": 1, "rate": Decimal("10.00"), "amount": Decimal("10.00"), "line": 1}
    account.records["invoice"][1] = {
        "id": "1", "externalId": "old", "entity": {"id": "100"}, "currency": {"id": "2"}, "tranDate": "2026-11-02", "tranId": "INV1",
        "approvalStatus": {"id": APPROVED}, "item": {"items": [line]}, **stamps,
    }  # fmt: skip
    return account


__all__ = ["RECORD", "TOKEN_PATH", "NetSuite", "Refused", "acme"]
