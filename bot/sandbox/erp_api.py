"""The ERP over HTTP. Whatever it answers, loses or refuses, the log says what truly happened."""

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from aiohttp import web

from bot.sandbox.erp import PREFIX, Erp
from bot.sandbox.erp_books import Books, Customer, Invoice
from bot.sandbox.erp_changes import Shelf
from bot.sandbox.erp_contracts import Contract
from bot.sandbox.erp_rules import Json, Refused, invalid
from bot.sandbox.erp_weather import document, set_faults

MOST_PER_PAGE: Final = 1000
_FILTERS: Final = {
    "customers": ("reference", "vat_id", "name"),
    "contracts": ("reference", "customer_id"),
    "invoices": (
        *("reference", "contract_reference", "sync_reference", "customer_id", "status", "number", "kind", "credits"),
    ),
}


@dataclass(slots=True, kw_only=True)
class _Call:
    """One request under way, and what becomes known of it."""

    request: web.Request
    body: object = None
    reference: str | None = None
    committed: bool = False
    cut: bool = False


_Handler: TypeAlias = Callable[[_Call], tuple[int, Json]]
_Record: TypeAlias = Customer | Contract | Invoice
_Write: TypeAlias = Callable[[Books], _Record]


def mount_erp(erp: Erp, app: web.Application) -> None:
    """Serve the ERP under /erp-api of the app."""
    app.add_subapp(PREFIX, ErpApi(erp).app())


class ErpApi:
    """The handlers of one Erp."""

    def __init__(self, erp: Erp) -> None:
        self._erp = erp

    def app(self) -> web.Application:
        app = web.Application()
        for method, path, handler in (
            ("GET", "/v1/{kind:customers|contracts|invoices}", self._list),
            ("GET", "/v1/{kind:customers|contracts|invoices}/{id}", self._get),
            ("POST", "/v1/customers", self._create_customer),
            ("PATCH", "/v1/customers/{id}", self._change_customer),
            ("POST", "/v1/contracts", self._create_contract),
            ("PATCH", "/v1/contracts/{id}", self._change_contract),
            ("POST", "/v1/invoices", self._create_invoice),
            ("PATCH", "/v1/invoices/{id}", self._change_invoice),
            ("POST", "/v1/invoices/{id}/post", self._post_invoice),
            ("POST", "/v1/invoices/{id}/void", self._void_invoice),
            ("POST", "/v1/invoices/{id}/credit", self._credit_invoice),
            ("GET", "/v1/_log", self._read_log),
            ("GET", "/v1/_faults", self._read_faults),
            ("POST", "/v1/_faults", self._set_faults),
            ("*", "/{anything:.*}", _nothing_here),
        ):
            app.router.add_route(method, path, self._served(handler))
        return app

    def _served(self, handler: _Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            call = _Call(request=request)
            headers: dict[str, str] = {}
            try:
                await self._admit(request)
                call.body = await _body(request)
                status, answer = handler(call)
            except Refused as refused:
                status, answer = refused.status, refused.document()
                headers = self._patience(status)
            if not _is_control(request):
                self._note(call, request.method, 0 if call.cut else status)
            if call.cut and request.transport is not None:
                request.transport.abort()
            return web.json_response(answer, status=status, headers=headers)

        return serve

    async def _admit(self, request: web.Request) -> None:
        """Faults strike before the token is read, but never the log and the faults themselves."""
        faults = self._erp.faults
        if not _is_control(request):
            if faults.slow:
                await asyncio.sleep(faults.slow)
            if faults.takes_outage(self._erp.clock()):
                raise Refused(503, "unavailable", "the ledger is down for maintenance")
            if faults.takes_throttle():
                raise Refused(429, "too_many_requests", "slow down")
        if request.headers.get("Authorization") != f"Bearer {self._erp.token}":
            raise Refused(401, "unauthorized", "the token is not accepted")

    def _patience(self, status: int) -> dict[str, str]:
        if status == 429:
            return {"Retry-After": "1"}
        if status == 503 and self._erp.faults.retry_after is not None:
            return {"Retry-After": str(self._erp.faults.retry_after)}
        return {}

    def _note(self, call: _Call, method: str, status: int) -> None:
        self._erp.log.add(
            at=self._erp.clock().isoformat(),
            method=method,
            path=call.request.path_qs,
            reference=call.reference,
            status=status,
            committed=call.committed,
        )

    def _write(self, call: _Call, operation: str, status: int, write: _Write) -> tuple[int, Json]:
        """Commit and answer; or commit and lose the answer; or lose the answer and commit later."""
        faults, reference = self._erp.faults, call.reference or ""
        if faults.late_commit and faults.loses_answer(reference, operation):
            record = write(copy.deepcopy(self._erp.books))
            self._commit_later(call.request, reference, write)
        else:
            record = write(self._erp.books)
            call.committed = True
        call.cut = faults.takes_answer(reference, operation)
        return status, record.document()

    def _commit_later(self, request: web.Request, reference: str, write: _Write) -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self._erp.late.add(done)

        def commit() -> None:
            call = _Call(request=request, reference=reference)
            status = 0
            try:
                write(self._erp.books)
                call.committed = True
            except Refused as refused:
                status = refused.status
            self._note(call, "LATE", status)
            self._erp.late.discard(done)
            done.set_result(None)

        loop.call_later(self._erp.faults.late_commit, commit)

    def _create_customer(self, call: _Call) -> tuple[int, Json]:
        call.reference = _reference(call.body)
        return self._write(call, "create", 201, lambda books: books.create_customer(call.body))

    def _change_customer(self, call: _Call) -> tuple[int, Json]:
        customer = self._erp.books.customer(call.request.match_info["id"])
        call.reference = customer.reference
        return self._write(call, "update", 200, lambda books: books.change_customer(customer.id, call.body))

    def _create_contract(self, call: _Call) -> tuple[int, Json]:
        call.reference = _reference(call.body)
        return self._write(call, "create", 201, lambda books: books.contracts.create(call.body))

    def _change_contract(self, call: _Call) -> tuple[int, Json]:
        contract = self._erp.books.contracts.one(call.request.match_info["id"])
        call.reference = contract.reference
        return self._write(call, "update", 200, lambda books: books.contracts.change(contract.id, call.body))

    def _create_invoice(self, call: _Call) -> tuple[int, Json]:
        call.reference = _reference(call.body)
        return self._write(call, "create", 201, lambda books: books.create_invoice(call.body))

    def _change_invoice(self, call: _Call) -> tuple[int, Json]:
        invoice = self._erp.books.invoice(call.request.match_info["id"])
        call.reference = invoice.reference
        return self._write(call, "update", 200, lambda books: books.change_invoice(invoice.id, call.body))

    def _post_invoice(self, call: _Call) -> tuple[int, Json]:
        invoice = self._erp.books.invoice(call.request.match_info["id"])
        call.reference = invoice.reference
        if call.body not in (None, {}):
            raise invalid("body", "posting takes no fields")
        return self._write(call, "post", 200, lambda books: books.post_invoice(invoice.id))

    def _void_invoice(self, call: _Call) -> tuple[int, Json]:
        invoice = self._erp.books.invoice(call.request.match_info["id"])
        call.reference = invoice.reference
        return self._write(call, "void", 200, lambda books: books.void_invoice(invoice.id))

    def _credit_invoice(self, call: _Call) -> tuple[int, Json]:
        invoice = self._erp.books.invoice(call.request.match_info["id"])
        call.reference = _reference(call.body)
        return self._write(call, "credit", 201, lambda books: books.credit_invoice(invoice.id, call.body))

    def _get(self, call: _Call) -> tuple[int, Json]:
        kind, record_id = call.request.match_info["kind"], call.request.match_info["id"]
        books = self._erp.books
        if kind == "contracts":
            record: _Record = books.contracts.one(record_id)
        else:
            record = books.customer(record_id) if kind == "customers" else books.invoice(record_id)
        call.reference = record.reference
        return 200, record.document() | {"changed_at": self._changed(kind)[record_id].isoformat()}

    def _list(self, call: _Call) -> tuple[int, Json]:
        kind, query = call.request.match_info["kind"], call.request.query
        for name in query:
            if name not in (*_FILTERS[kind], "limit", "after", "since", "fields"):
                raise invalid(name[:60], f"{kind} cannot be filtered by {name[:60]!r}")
        call.reference = query.get("reference")
        limit = _limit(query.get("limit", "100"))
        found = [each for each in self._candidates(kind, call.reference) if each.id > query.get("after", "")]
        wanted = [(name, query[name]) for name in _FILTERS[kind] if name in query]
        matching = [each for each in found if all(getattr(each, name) == value for name, value in wanted)]
        changed = self._changed(kind)
        if since := _since(query.get("since")):
            matching = [each for each in matching if changed[each.id] >= since]
        more = matching[limit - 1].id if len(matching) > limit else None
        asked = {"id", "changed_at", *query.get("fields", "").split(",")} if "fields" in query else None
        shown = [each.document() | {"changed_at": changed[each.id].isoformat()} for each in matching[:limit]]
        items = [{name: one[name] for name in one if asked is None or name in asked} for one in shown]
        return 200, {"items": items, "next": more}

    def _changed(self, kind: str) -> Mapping[str, datetime]:
        return self._all(kind).changed

    def _all(self, kind: str) -> Shelf[Any]:
        books = self._erp.books
        shelves: dict[str, Shelf[Any]] = {
            "customers": books.customers, "contracts": books.contracts.all, "invoices": books.invoices,
        }  # fmt: skip
        return shelves[kind]

    def _candidates(self, kind: str, reference: str | None) -> tuple[_Record, ...]:
        books = self._erp.books
        if reference is not None:
            return books.with_reference(kind, reference)
        return tuple(self._all(kind).values())

    def _read_log(self, call: _Call) -> tuple[int, Json]:
        after = call.request.query.get("after", "0")
        if not after.isdecimal():
            raise invalid("after", "after must be a number")
        return 200, {"items": [asdict(entry) for entry in self._erp.log.entries[int(after) :]]}

    def _read_faults(self, call: _Call) -> tuple[int, Json]:
        return 200, document(self._erp.faults)

    def _set_faults(self, call: _Call) -> tuple[int, Json]:
        set_faults(self._erp.faults, call.body)
        return 200, document(self._erp.faults)


def _nothing_here(call: _Call) -> tuple[int, Json]:
    raise Refused(404, "not_found", "there is nothing at this path")


def _is_control(request: web.Request) -> bool:
    return request.path.rpartition("/")[2].startswith("_")


def _reference(body: object) -> str | None:
    reference = body.get("reference") if isinstance(body, dict) else None
    return reference if isinstance(reference, str) else None


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise invalid("since", "since must be a moment such as 2026-03-31T00:00:00+00:00") from None


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PER_PAGE:
        raise invalid("limit", f"limit must be between 1 and {MOST_PER_PAGE}")
    return int(text)


async def _body(request: web.Request) -> object:
    raw = await request.read()
    if not raw:
        return None
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "malformed", "the body is not JSON") from error


def _no_such_number(name: str) -> Any:
    raise ValueError(name)
