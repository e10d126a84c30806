"""Bulk API 2.0 of the fake org: query jobs whose results come by locator, and jobs that take in CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from aiohttp import web
from fakes.salesforce_org import Org, Problem
from fakes.salesforce_soql import Parser, Refused


@dataclass
class Job:
    """One job. `waits` is how often it is asked for before it is done."""

    id: str
    operation: str
    kind: str
    query: str = ""
    external: str = ""
    state: str = "UploadComplete"
    waits: int = 1
    words: str = ""
    data: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)
    good: list[dict[str, str]] = field(default_factory=list)
    bad: list[dict[str, str]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        found = {
            "id": self.id, "operation": self.operation, "object": self.kind, "state": self.state, "contentType": "CSV",
            "apiVersion": 67.0, "lineEnding": "LF", "columnDelimiter": "COMMA", "concurrencyMode": "Parallel",
            "createdDate": "2026-11-20T09:00:00.000+0000", "systemModstamp": "2026-11-20T09:00:00.000+0000",
        }  # fmt: skip
        if self.state == "JobComplete":
            found["numberRecordsProcessed"] = len(self.rows) or len(self.good) + len(self.bad)
            found["numberRecordsFailed"] = len(self.bad)
        return found | ({"errorMessage": self.words} if self.words else {})


@dataclass
class Jobs:
    """Every job of the org. `slow` is how often a new one is asked for before it is done, `page` how many rows one answer has."""

    jobs: dict[str, Job] = field(default_factory=dict)
    slow: int = 1
    page: int = 50_000

    async def answer(self, request: web.Request, what: str, rest: list[str], org: Org) -> web.Response:
        if not rest:
            return _json(await self._new(request, what, org))
        job = self.jobs.get(rest[0])
        if job is None:
            raise Problem("NOT_FOUND", "The requested resource does not exist", status=404)
        match request.method, rest[1:]:
            case "GET", []:
                self._go_on(job, org)
                return _json(job.shown())
            case "GET", ["results"]:
                return self._results(request, job)
            case "PUT", ["batches"]:
                job.data = await request.text()
                return web.Response(status=201)
            case "PATCH", []:
                job.state = json.loads(await request.text())["state"]
                return _json(job.shown())
            case "DELETE", []:
                del self.jobs[job.id]
                return web.Response(status=204)
            case "GET", [("successfulResults" | "failedResults" | "unprocessedrecords" | "unprocessedRecords") as name]:
                rows = {"successfulResults": job.good, "failedResults": job.bad}.get(name, [])
                return _csv(rows, ["sf__Id", "sf__Created" if name == "successfulResults" else "sf__Error"])
        raise Problem("METHOD_NOT_ALLOWED", "not allowed", status=405)

    async def _new(self, request: web.Request, what: str, org: Org) -> dict[str, Any]:
        asked = json.loads(await request.text())
        number = f"7505f{len(self.jobs):010d}AAA"
        if what == "query":
            read = Parser(asked["query"]).query()
            if read.children or read.aggregates:
                raise Problem("API_ERROR", "Bulk API 2.0 does not support child or aggregate queries")
            job = Job(number, asked["operation"], read.kind, query=asked["query"], waits=self.slow)
        else:
            external = asked.get("externalIdFieldName", "")
            job = Job(number, asked["operation"], asked["object"], external=external, state="Open", waits=self.slow)
        self.jobs[number] = job
        content = {"contentUrl": f"services/data/v67.0/jobs/ingest/{number}/batches"} if what == "ingest" else {}
        return job.shown() | content

    def _go_on(self, job: Job, org: Org) -> None:
        if job.state not in {"UploadComplete", "InProgress"}:
            return
        job.waits -= 1
        job.state = "InProgress"
        if job.waits >= 0:
            return
        try:
            _query(job, org) if job.query else _ingest(job, org)
        except (Refused, Problem) as error:
            job.state, job.words = "Failed", f"{error.code}: {error.words}"
            return
        job.state = "JobComplete"

    def _results(self, request: web.Request, job: Job) -> web.Response:
        if job.state != "JobComplete":
            raise Problem("INVALIDJOBSTATE", f"Job is not complete, it is {job.state}")
        start = int(request.query.get("locator") or 0)
        size = min(int(request.query.get("maxRecords") or self.page), self.page)
        part = job.rows[start : start + size]
        onward = str(start + size) if start + size < len(job.rows) else "null"
        names = list(job.rows[0]) if job.rows else Parser(job.query).query().fields
        answer = _csv(part, names)
        answer.headers["Sforce-Locator"] = onward
        answer.headers["Sforce-NumberOfRecords"] = str(len(part))
        return answer


def _query(job: Job, org: Org) -> None:
    query = Parser(job.query).query()
    _, records = org.answer(query, deleted=job.operation == "queryAll")
    job.rows = [{path: _cell(_at(record, path)) for path in query.fields} for record in records]


def _ingest(job: Job, org: Org) -> None:
    for row in csv.DictReader(io.StringIO(job.data)):
        given = {name: (None if value == "#N/A" else value) for name, value in row.items() if value != ""}
        given = {name: _read(org, job.kind, name, value) for name, value in given.items()}
        new = False
        try:
            match job.operation:
                case "insert":
                    made, new = org.create(job.kind, given), True
                case "update":
                    made = org.change(job.kind, str(given.pop("Id")), given)
                case "upsert":
                    found, new = org.upsert(job.kind, job.external, str(given.pop(job.external)), given)
                    made = found if isinstance(found, dict) else found[0]
                case _:
                    made = org.existing(job.kind, str(given["Id"]))
                    org.delete(job.kind, made["Id"])
        except Problem as error:
            job.bad.append({"sf__Id": "", "sf__Error": f"{error.code}:{error.words}:--", **row})
        else:
            job.good.append({"sf__Id": made["Id"], "sf__Created": str(new).lower(), **row})


def _read(org: Org, kind: str, name: str, value: str | None) -> Any:
    known = org.kinds[kind].field(name)
    return value == "true" if known is not None and known.type == "boolean" else value


def _at(record: Any, path: str) -> Any:
    for step in path.split("."):
        record = None if record is None else record.get(step)
    return record


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = format(value.normalize(), "f")
        return text if "." in text else text + ".0"
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)


def _csv(rows: list[dict[str, str]], names: list[str]) -> web.Response:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else names, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return web.Response(text=out.getvalue(), content_type="text/csv")


def _json(body: Any) -> web.Response:
    return web.json_response(body)
