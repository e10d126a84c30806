"""NetSuite over SuiteTalk REST: each call ends in a plain result or in exactly one ConnectorError, with NetSuite's own words. A
created record is known by its `Location` alone; an answer without one is AnswerLost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sync.connectors.failures import Answer, clip
from sync.connectors.http import Client
from sync.connectors.netsuite_options import NetSuiteOptions, who
from sync.errors import AnswerLost, ConnectorError, Rejected, Throttled, Unavailable
from sync.model import Record

RECORD = "/services/rest/record/v1"
QUERY = "/services/rest/query/v1/suiteql"
ASYNC = "/services/rest/async/v1"
ROWS = 1000
"""So many rows SuiteQL gives at once."""
UNKNOWN = "not_in_erp"
GONE = frozenset({"NONEXISTENT_ID", "RCRD_DSNT_EXIST"})
TAKEN = frozenset({"DUP_RCRD", "DUP_ENTITY"})
_CROWDED = frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED"})
_SEEN = "IDEMPOTENCY_ERROR"
_PASSING = frozenset({"RCRD_HAS_BEEN_CHANGED"})
_REFERENCES = frozenset({"INVALID_CONTENT", "INVALID_KEY_OR_REF", "INVALID_REF_KEY", "INVALID_RCRD_REF", *GONE})
_LOCATION = re.compile(r".*/([A-Za-z]+)/(\d{1,15})", re.DOTALL)
_LINE = re.compile(r"item\.items\[(\d+)\]\.?(.*)")
_PATHS = {
    "entity": "customer_id", "terms": "payment_terms", "tranDate": "issue_date", "currency": "currency", "companyName": "name",
    "externalId": "reference", "addressBook": "country", "email": "email",
}  # fmt: skip
_LINE_PATHS = {"item": "product_code", "taxCode": "tax_code", "quantity": "quantity", "rate": "unit_price_minor"}
_APPROVAL = frozenset({"RCRD_LOCKED_BY_WF", "approvalStatus"})


class _Repeated(AnswerLost):
    """A request with this idempotency key was taken before; `location` is its job."""

    def __init__(self, words: str, location: str) -> None:
        super().__init__(words)
        self.location = location


class Suite:
    """The calls of one connection."""

    def __init__(self, options: NetSuiteOptions, name: str) -> None:
        self.name = name
        self._whole = options.discount_item is None
        self._client = Client(
            name,
            options.address,
            options,
            headers={"x-netsuite-propertynamevalidation": "error"},
            secrets=options.secrets,
            refusal=self._refusal,
            auth=who(options, name),
        )

    async def close(self) -> None:
        """Let go of sockets."""
        await self._client.close()

    async def read(self, kind: str, target: str) -> Record | None:
        """The whole record with NetSuite's id, or `eid:` and an external one; None where there is none."""
        path, query = f"{RECORD}/{kind}/{target}", {"expandSubResources": "true"}
        answer = await self._client.request("GET", path, query=query, idempotent=True, missing_ok=True)
        if answer.status == 404:
            if _details(answer) is None:  # a page of somebody else's says nothing of the record
                raise Unavailable(f"{self.name} answered the reading of a {kind} with a page that is not NetSuite's")
            return None
        record = answer.data
        if not isinstance(record, dict) or not str(record.get("id", "")).isdecimal():
            raise Unavailable(f"{self.name} answered the reading of a {kind} with something else")
        return record

    async def described(self, kind: str) -> Record | None:
        """The JSON schema of a record; None where there is no such record."""
        path, accept = f"{RECORD}/metadata-catalog/{kind}", {"accept": "application/schema+json"}
        answer = await self._client.request("GET", path, headers=accept, idempotent=True, missing_ok=True)
        if answer.status == 404:
            return None
        schema = answer.data.get("properties") if isinstance(answer.data, dict) else None
        if not isinstance(schema, dict):
            raise Unavailable(f"{self.name} answered the description of a {kind} with something else")
        return schema

    async def make(self, path: str, body: Record, *, query: Mapping[str, str] | None = None) -> str:
        """The id of what was created. Raises AnswerLost where the answer does not say it."""
        answer = await self._client.request("POST", f"{RECORD}/{path}", json=body, query=query, idempotent=False)
        located = _LOCATION.fullmatch(answer.headers.get("location", ""))
        if located is None:
            raise AnswerLost(f"{self.name} took a new {path.rpartition('/')[2]} and does not say where it is")
        return located[2]

    async def change(self, kind: str, target_id: str, body: Record, *, replace: str | None = None) -> None:
        """Set fields of a record; a list of lines that is to `replace` is replaced and not added to."""
        query = {"replace": replace} if replace else None
        await self._client.request("PATCH", f"{RECORD}/{kind}/{target_id}", json=body, query=query, idempotent=False)

    async def begin(self, path: str, body: Record, headers: Mapping[str, str]) -> str:
        """The address of the job that was begun, or that an earlier request with this idempotency key began; empty where none is
        told."""
        try:
            answer = await self._client.request("POST", path, json=body, headers=headers, idempotent=False)
        except _Repeated as repeated:
            return repeated.location
        return str(answer.headers.get("location", ""))

    async def ask(self, path: str) -> Record:
        """What is told there."""
        answer = await self._client.request("GET", path, idempotent=True)
        if not isinstance(answer.data, dict):
            raise Unavailable(f"{self.name} answered a question with something else")
        return answer.data

    def theirs(self, now: datetime) -> datetime:
        """This moment by NetSuite's clock, where that is behind ours."""
        return self._client.theirs(now)

    async def query(self, text: str, *, limit: int = ROWS) -> list[Record]:
        """The first rows of a SuiteQL query, at most `limit`."""
        answer = await self._client.request(
            "POST",
            QUERY,
            json={"q": text},
            query={"limit": str(limit)},
            headers={"prefer": "transient"},
            idempotent=True,
        )
        rows = answer.data.get("items") if isinstance(answer.data, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or len(rows) > limit:
            raise Unavailable(f"{self.name} answered a query with something else")
        return rows

    def _refusal(self, answer: Answer) -> ConnectorError | None:
        """One table: what NetSuite's codes and places stand for."""
        told = _details(answer)
        if told is None:
            return None
        words, code, path = told
        last = path.rpartition(".")[2]
        if code in _CROWDED:
            return Throttled(f"{self.name}: {words}", retry_after=answer.retry_after, sent=True)
        if code == _SEEN:
            return _Repeated(words, answer.headers.get("location", ""))
        if code in _PASSING:
            return Unavailable(f"{self.name}: {words}")
        reason = "erp_rejected"
        if code in TAKEN and last == "externalId":
            reason = "reference_taken"
        elif last.startswith("tax"):
            reason = "missing_tax_code"
        elif code in _APPROVAL or last in _APPROVAL:
            reason = "approval_needed"
        elif last == "subsidiary" and code not in _REFERENCES:
            reason = "subsidiary_locked"
        elif code in GONE or (code in _REFERENCES and _place(path, whole=True) is not None):
            reason = UNKNOWN
        return Rejected(words, reason=reason, code=code, path=_place(path, whole=self._whole))


def read_back(name: str, error: ConnectorError | None = None) -> AnswerLost:
    """A write was taken, and the record cannot be seen."""
    return AnswerLost(f"{name} took a write and does not show the record{f': {error}' if error else ''}")


def _details(answer: Answer) -> tuple[str, str, str] | None:
    """The words of an error, and the code and place of the first thing that is wrong."""
    said = answer.data.get("o:errorDetails") if isinstance(answer.data, dict) else None
    if not isinstance(said, list) or not said or not all(isinstance(each, dict) for each in said):
        return None
    words = clip("; ".join(str(each.get("detail") or "") for each in said)) or f"status {answer.status}"
    return words, clip(str(said[0].get("o:errorCode") or answer.status), 100), str(said[0].get("o:errorPath") or "")


def _place(path: str, *, whole: bool) -> str | None:
    """Where in a flow's record the place of NetSuite's is; of a line only that it is one, where lines were added to ours."""
    line = _LINE.fullmatch(path)
    if line is None:
        return _PATHS.get(path)
    if not whole or line[2] not in _LINE_PATHS:
        return "lines"
    return f"lines[{line[1]}].{_LINE_PATHS[line[2]]}"
