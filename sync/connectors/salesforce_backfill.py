"""A long stretch of the past with many changes is fetched by a bulk job (Bulk API 2.0): it is asked for once, looked after from
poll to poll, and its results are taken page by page. Where the job comes to nothing, the same window is polled as any other."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sync.connectors import salesforce_polling as polling
from sync.connectors import salesforce_soql as soql
from sync.connectors.failures import Answer
from sync.connectors.http import Client, segment
from sync.connectors.salesforce_polling import Window
from sync.connectors.salesforce_records import moment
from sync.errors import Rejected, Unavailable
from sync.model import Change, Record
from sync.ports import Page

LONG = timedelta(days=1)
"""A window from this length on may be worth a job."""

_PAGE = 10_000
_PAUSE = 1.0
_IN_A_ROW = 5
_MOST_ASKED = 600
_CSV = {"accept": "text/csv"}
_RUNNING = frozenset({"UploadComplete", "InProgress"})


@dataclass(slots=True, kw_only=True)
class Backfill:
    """The bulk jobs of one org. A poll waits for a job a few seconds at most; the next one goes on with it."""

    client: Client
    data: str
    above: int
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def begun(
        self, entity: str, window: Window, count: Callable[[str], Awaitable[Any]], *, ends: Sequence[str]
    ) -> Page | None:
        """The page that begins a job, None where the window is not worth one."""
        if window.stamp is not None or window.end - window.start < LONG:
            return None
        answer = await count(soql.query(["COUNT()"], entity, polling.within(window), limit=self.above + 1))
        many = answer.get("totalSize") if isinstance(answer, dict) else None
        if not isinstance(many, int) or many <= self.above:
            return None
        asked = polling.query(entity, window, None, ends=ends, ordered=False)
        try:
            made = await self._client_json("POST", "", {"operation": "queryAll", "query": asked})
        except Rejected:
            return None  # an org may have no bulk jobs left for the day, or not allow them to us
        job = made.get("id")
        if not isinstance(job, str) or not soql.is_id(job):
            raise Unavailable(f"{self.client.name} began a bulk job without an id")
        return _waiting(window, {"id": job, "asked": 0, "from": ""}, more=True)

    async def page(self, entity: str, window: Window, job: Mapping[str, Any]) -> Page:
        """What the job has so far: nothing yet, a page of its results, or the window to be polled without it."""
        path = f"/{segment(str(job.get('id')))}"
        try:
            state = (await self._client_json("GET", path)).get("state")
            if state == "JobComplete":
                return await self._results(entity, window, job, path)
        except Rejected:  # its results are gone after a week
            state = "gone"
        asked = int(job.get("asked") or 0) + 1
        if state not in _RUNNING or asked > _MOST_ASKED:
            return Page(changes=(), cursor=polling.cursor_of(window) | {"paged": True}, more=True)
        await self.sleep(_PAUSE)
        return _waiting(window, {**job, "asked": asked}, more=asked % _IN_A_ROW != 0)

    async def _results(self, entity: str, window: Window, job: Mapping[str, Any], path: str) -> Page:
        start = str(job.get("from") or "")
        query = {"maxRecords": str(_PAGE), **({"locator": start} if start else {})}
        answer = await self.client.request(
            "GET", f"{self.data}/jobs/query{path}/results", query=query, headers=_CSV, idempotent=True, is_json=False
        )
        changes = tuple(_changes(entity, answer))
        onward = answer.headers.get("sforce-locator", "null")
        if onward in {"", "null"}:
            return Page(changes=changes, cursor=polling.done(window), more=False)
        if onward == start:
            raise Unavailable(f"the bulk job of {entity} gives the same page again")
        return _waiting(window, {**job, "from": onward}, changes=changes, more=True)

    async def _client_json(self, method: str, path: str, body: Record | None = None) -> Record:
        answer = await self.client.request(method, f"{self.data}/jobs/query{path}", json=body, idempotent=True)
        if not isinstance(answer.data, dict):
            raise Unavailable(f"{self.client.name} answered with something that is no bulk job")
        return answer.data


def _waiting(window: Window, job: Mapping[str, Any], *, more: bool, changes: tuple[Change, ...] = ()) -> Page:
    return Page(changes=changes, cursor=polling.cursor_of(window) | {"job": dict(job)}, more=more)


def _changes(entity: str, answer: Answer) -> Iterator[Change]:
    """The rows of a page of results. Raises Unavailable where they are fewer than was said, or are none."""
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8", "replace"), newline="")))
    said = answer.headers.get("sforce-numberofrecords", "")
    if said != str(len(rows)):
        raise Unavailable(f"a bulk job's page of {entity} has {len(rows)} rows, and {said or 'no number'} was said")
    for row in rows:
        at = moment(row.get(polling.STAMP))
        if at is None or not soql.is_id(row.get("Id") or ""):
            raise Unavailable(f"a bulk job of {entity} was answered with something that is not a record")
        yield polling.change(entity, {**row, "IsDeleted": row.get("IsDeleted") == "true"}, at.replace(microsecond=0))
