"""A Salesforce org over HTTP, API v67: tokens, records, queries page by page, composites and collections, with its limits and in
its error shapes. The bulk jobs are in `salesforce_bulk`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import jwt
from aiohttp import BasicAuth, web
from fakes.salesforce_bulk import Jobs
from fakes.salesforce_org import Org, Problem, Row, attributes
from fakes.salesforce_soql import Parser, Refused

DATA = "/services/data/v67.0"
TOKEN = "00D5f000000Zz1E!static.session"
ORGANISATION = "00D5f000000Zz1EEAS"
CLIENT_ID, CLIENT_SECRET, USER = "3MVG9.consumer.key", "client-secret-of-the-app", "sync@acme.example"
PAGE = 2000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Salesforce:
    """The web of one org. `tokens` are the sessions that are open, `public_key` checks signed requests for one, `daily` is how
    many requests a day may have. `instance` is what the token's answer says; the address asked where it is empty."""

    org: Org = field(default_factory=Org)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    public_key: str = ""
    instance: str = ""
    daily: int = 100_000
    used: int = 17
    issued: int = 0
    queries: list[str] = field(default_factory=list)
    cursors: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    jobs: Jobs = field(default_factory=Jobs)

    def mount(self, app: web.Application) -> None:
        add, at = app.router.add_route, DATA
        add("POST", "/services/oauth2/token", self.token)
        add("GET", "/services/data", self.guarded(self.versions))
        add("GET", at + "/limits{tail:/?}", self.guarded(self.limits))
        add("GET", at + "/query/{cursor}", self.guarded(self.more))
        add("GET", at + "/{all:query|queryAll}{tail:/?}", self.guarded(self.query))
        add("GET", at + "/sobjects{tail:/?}", self.guarded(self.listed))
        add("POST", at + "/composite{tail:/?}", self.guarded(self.composite))
        add("*", at + "/composite/sobjects{rest:.*}", self.guarded(self.collection))
        add("*", at + "/jobs/{what:query|ingest}{rest:.*}", self.guarded(self.bulk))
        add("*", at + "/sobjects/{rest:.*}", self.guarded(self.sobject))

    def guarded(self, handler: Handler) -> Handler:
        async def guard(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("authorization", "").removeprefix("Bearer ").removeprefix("OAuth ")
            if given not in self.tokens:
                return refused(Problem("INVALID_SESSION_ID", "Session expired or invalid", status=401))
            if self.used >= self.daily:
                return refused(Problem("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403))
            self.used += 1
            try:
                response = await handler(request)
            except Refused as error:
                response = refused(Problem(error.code, error.words))
            except Problem as error:
                response = refused(error)
            response.headers["Sforce-Limit-Info"] = f"api-usage={self.used}/{self.daily}"
            return response

        return guard

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") == "client_credentials":
            given = (form.get("client_id"), form.get("client_secret"))
            if request.headers.get("authorization", "").startswith("Basic "):
                basic = BasicAuth.decode(request.headers["authorization"])
                given = (basic.login, basic.password)
            if given != (CLIENT_ID, CLIENT_SECRET):
                return said(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
        elif form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            if wrong := self._wrong_assertion(str(form.get("assertion"))):
                return said(400, {"error": "invalid_grant", "error_description": wrong})
        else:
            return said(400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"})
        self.issued += 1
        token = f"00D5f000000Zz1E!session.{self.issued}"
        self.tokens.add(token)
        instance = self.instance or str(request.url.origin())
        said_so = {
            "access_token": token,
            "instance_url": instance,
            "id": f"{instance}/id/{ORGANISATION}/005",
            "scope": "api",
        }
        return said(200, {**said_so, "token_type": "Bearer", "issued_at": "1795165200000", "signature": "x"})

    def _wrong_assertion(self, assertion: str) -> str:
        audiences = ["https://login.salesforce.com", "https://test.salesforce.com"]
        try:
            claims = jwt.decode(
                assertion, self.public_key, algorithms=["RS256"], audience=audiences,
                options={"verify_exp": False, "require": ["iss", "sub", "aud", "exp"]},
            )  # fmt: skip
        except jwt.PyJWTError:
            return "invalid assertion"
        expires = datetime.fromtimestamp(int(claims["exp"]), UTC)
        if not self.org.now <= expires <= self.org.now + timedelta(minutes=5):
            return "expired authorization code"
        return "" if (claims["iss"], claims["sub"]) == (CLIENT_ID, USER) else "user hasn't approved this consumer"

    async def versions(self, request: web.Request) -> web.Response:
        return said(200, [{"label": "Summer '26", "url": DATA, "version": "67.0"}])

    async def limits(self, request: web.Request) -> web.Response:
        return said(200, {"DailyApiRequests": {"Max": self.daily, "Remaining": self.daily - self.used}})

    async def listed(self, request: web.Request) -> web.Response:
        kinds = [{k: v for k, v in each.described().items() if k != "fields"} for each in self.org.kinds.values()]
        return said(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": kinds})

    async def query(self, request: web.Request) -> web.Response:
        text = request.query.get("q", "")
        self.queries.append(text)
        total, records = self.org.answer(Parser(text).query(), deleted=request.match_info["all"] == "queryAll")
        return self._page(total, records, 0)

    async def more(self, request: web.Request) -> web.Response:
        name, _, start = request.match_info["cursor"].rpartition("-")
        if name not in self.cursors:
            raise Problem("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(len(self.cursors[name]), self.cursors[name], int(start))

    def _page(self, total: int, records: list[dict[str, Any]], start: int) -> web.Response:
        shown: dict[str, Any] = {"totalSize": total, "done": start + PAGE >= len(records)}
        if not shown["done"]:
            name = f"01g5f{len(self.cursors):010d}AAA"
            name = next((known for known, each in self.cursors.items() if each is records), name)
            self.cursors[name] = records
            shown["nextRecordsUrl"] = f"{DATA}/query/{name}-{start + PAGE}"
        return said(200, {**shown, "records": records[start : start + PAGE]})

    async def sobject(self, request: web.Request) -> web.Response:
        body = json.loads(await request.text() or "{}", parse_float=Decimal)
        return said(*self.call(request.method, "/sobjects/" + _rest(request), body))

    def call(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """One request about records, as a composite may hold it, too: status and answer."""
        kind, *rest = [unquote(each) for each in path.split("?")[0].removeprefix("/sobjects/").strip("/").split("/")]
        match method, rest:
            case "GET", []:
                return 200, {"objectDescribe": self.org.kind(kind).described(), "recentItems": []}
            case "GET", ["describe"]:
                return 200, self.org.kind(kind).described()
            case "POST", []:
                return 201, {"id": self.org.create(kind, body)["Id"], "success": True, "errors": []}
            case "GET", [record_id]:
                return 200, self._whole(kind, self.org.existing(kind, record_id))
            case "PATCH", [record_id]:
                self.org.change(kind, record_id, body)
                return 204, None
            case "DELETE", [record_id]:
                self.org.delete(kind, record_id)
                return 204, None
            case "GET", [name, value]:
                same = self.org.carrying(kind, name, value)
                if not same:
                    raise Problem("NOT_FOUND", "The requested resource does not exist", status=404)
                return (200, self._whole(kind, same[0])) if len(same) == 1 else (300, _urls(kind, same))
            case "PATCH", [name, value]:
                found, new = self.org.upsert(kind, name, value, body)
                if isinstance(found, list):
                    return 300, _urls(kind, found)
                return (201 if new else 200), {"id": found["Id"], "success": True, "created": new, "errors": []}
        raise Problem("METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed.", status=405)

    def _whole(self, kind: str, row: Row) -> dict[str, Any]:
        return {"attributes": attributes(kind, row), **{name: row.get(name) for name in self.org.kinds[kind].fields}}

    async def composite(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.text(), parse_float=Decimal)
        if len(asked["compositeRequest"]) > 25:
            raise Problem("LIMIT_EXCEEDED", "The composite request has too many subrequests: at most 25.")
        answers: list[dict[str, Any]] = []
        before = self._kept()
        for each in asked["compositeRequest"]:
            try:
                body = _referred(each.get("body"), answers)
                status, said_so = self.call(each["method"], each["url"].removeprefix(DATA), body)
            except Problem as error:
                status, said_so = error.status, [error.shown()]
            one = {"body": said_so, "httpHeaders": {}, "httpStatusCode": status, "referenceId": each["referenceId"]}
            answers.append(one)
        if asked.get("allOrNone") and any(each["httpStatusCode"] >= 300 for each in answers):
            self.org.records = before
            halted = Problem("PROCESSING_HALTED", "The transaction was rolled back since another operation failed.")
            answers = [
                each if each["httpStatusCode"] >= 300 else each | {"body": [halted.shown()], "httpStatusCode": 400}
                for each in answers
            ]
        return said(200, {"compositeResponse": answers})

    def _kept(self) -> dict[str, dict[str, Row]]:
        return {kind: {key: dict(row) for key, row in rows.items()} for kind, rows in self.org.records.items()}

    async def collection(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.text(), parse_float=Decimal)
        if len(asked["records"]) > 200:
            raise Problem(
                "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records in this operation"
            )
        named = [each for each in _rest(request).split("/") if each]
        before = self._kept()
        results = [self._one(request.method, named, dict(each)) for each in asked["records"]]
        if asked.get("allOrNone") and not all(each["success"] for each in results):
            self.org.records = before
            undone = [Problem("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back").shown()]
            results = [each if not each["success"] else {"success": False, "errors": undone} for each in results]
        return said(200, results)

    def _one(self, method: str, named: list[str], record: dict[str, Any]) -> dict[str, Any]:
        kind = record.pop("attributes")["type"]
        try:
            if named:
                found, new = self.org.upsert(kind, named[1], str(record.pop(named[1])), record)
                if isinstance(found, list):
                    raise Problem("DUPLICATE_EXTERNAL_ID", f"Duplicate external id specified: {named[1]}", (named[1],))
                return {"id": found["Id"], "success": True, "created": new, "errors": []}
            row = self.org.create(kind, record) if method == "POST" else self.org.change(kind, record.pop("id"), record)
        except Problem as error:
            shown = error.shown()
            return {"success": False, "errors": [{**shown, "statusCode": shown.pop("errorCode")}]}
        return {"id": row["Id"], "success": True, "errors": []}

    async def bulk(self, request: web.Request) -> web.Response:
        rest = [each for each in _rest(request).split("/") if each]
        return await self.jobs.answer(request, request.match_info["what"], rest, self.org)


def refused(problem: Problem) -> web.Response:
    return said(problem.status, [problem.shown()])


def said(status: int, body: Any) -> web.Response:
    text = "" if body is None else written(body)
    return web.Response(status=status, text=text, content_type="application/json", charset="UTF-8")


def written(value: Any) -> str:
    """JSON as Salesforce writes it: numbers with a fraction as Java does, large ones with an exponent."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(written, value)) + "]"
    if isinstance(value, Decimal):
        return _java(value)
    if isinstance(value, datetime):
        return json.dumps(value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"))
    return json.dumps(value.isoformat() if isinstance(value, date) else value)


def _java(number: Decimal) -> str:
    if number == 0 or Decimal("0.001") <= abs(number) < 10_000_000:
        text = format(number.normalize(), "f")
        return text if "." in text else text + ".0"
    sign, digits, exponent = number.normalize().as_tuple()
    text = "".join(map(str, digits))
    return f"{'-' * sign}{text[0]}.{text[1:] or '0'}E{int(exponent) + len(text) - 1}"


def _referred(body: Any, answers: list[dict[str, Any]]) -> Any:
    """A body whose `@{part.id}` stand for what earlier parts made."""
    if not isinstance(body, dict):
        return body
    made = {
        f"@{{{each['referenceId']}.id}}": each["body"].get("id") for each in answers if isinstance(each["body"], dict)
    }
    return {name: made.get(value, value) if isinstance(value, str) else value for name, value in body.items()}


def _urls(kind: str, rows: list[Row]) -> list[str]:
    return [attributes(kind, row)["url"] for row in rows]


def _rest(request: web.Request) -> str:
    """What follows the route, still encoded: a value may hold a slash."""
    raw, head = request.rel_url.raw_path, request.match_info.route.resource
    start = (
        "/composite/sobjects"
        if "/composite/" in raw
        else "/jobs/" + request.match_info.get("what", "")
        if "/jobs/" in raw
        else "/sobjects/"
    )
    assert head is not None
    return raw.split(start, 1)[1]
