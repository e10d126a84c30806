"""The ERP over HTTP. Whatever it answers, loses or refuses, the log says what truly happened."""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from aiohttp import web

from bot.sandbox.erp import PREFIX, Erp
from bot.sandbox.erp_books import Books, Customer, Invoice
from bot.sandbox.erp_changes import Shelf
from bot.sandbox.erp_contracts import Contract
from bot.sandbox.erp_papers import PAPERS, Paper
from bot.sandbox.erp_request import body_of, limit, reference_of, since
from bot.sandbox.erp_rules import Json, Refused, invalid
from bot.sandbox.erp_weather import document, set_faults

_FILTERS: Final = {
    "customers": ("reference", "vat_id", "name"),
    "contracts": ("reference", "customer_id"),
    "invoices": (
        *("reference", "contract_reference", "sync_reference", "customer_id", "status", "number", "kind", "credits"),
    ),
    **dict.fromkeys(PAPERS, ("reference", "status")),
}
_KINDS: Final = "{kind:" + "|".join(_FILTERS) + "}"
_PAPERS: Final = "{kind:" + "|".join(PAPERS) + "}"


@dataclass(slots=True, kw_only=True)
class _Call:
    """One request under way, and what becomes known of it."""

    request: web.Request
    body: object = None
    reference: str | None = None
    committed: bool = False
    cut: bool = False


_Handler: TypeAlias = Callable[[_Call], tuple[int, Json]]
_Record: TypeAlias = Customer | Contract | Invoice | Paper
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
            ("GET", f"/v1/{_KINDS}", self._list),
            ("GET", f"/v1/{_KINDS}/{{id}}", self._get),
            ("POST", "/v1/customers", self._create_customer),
            ("PATCH", "/v1/customers/{id}", self._change_customer),
            ("POST", "/v1/contracts", self._create_contract),
            ("PATCH", "/v1/contracts/{id}", self._change_contract),
            ("POST", "/v1/invoices", self._create_invoice),
            ("PATCH", "/v1/invoices/{id}", self._change_invoice),
            ("POST", "/v1/invoices/{id}/post", self._post_invoice),
            ("POST", "/v1/invoices/{id}/void", self._void_invoice),
            ("POST", "/v1/invoices/{id}/credit", self._credit_invoice),
            ("POST", f"/v1/{_PAPERS}", self._create_paper),
            ("PATCH", f"/v1/{_PAPERS}/{{id}}", self._change_paper),
            ("POST", f"/v1/{_PAPERS}/{{id}}/post", self._post_paper),
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
                call.body = await body_of(request)
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
        call.reference = reference_of(call.body)
        return self._write(call, "create", 201, lambda books: books.create_customer(call.body))

    def _change_customer(self, call: _Call) -> tuple[int, Json]:
        customer = self._erp.books.customer(call.request.match_info["id"])
        call.reference = customer.reference
        return self._write(call, "update", 200, lambda books: books.change_customer(customer.id, call.body))

    def _create_contract(self, call: _Call) -> tuple[int, Json]:
        call.reference = reference_of(call.body)
        return self._write(call, "create", 201, lambda books: books.contracts.create(call.body))

    def _change_contract(self, call: _Call) -> tuple[int, Json]:
        contract = self._erp.books.contracts.one(call.request.match_info["id"])
        call.reference = contract.reference
        return self._write(call, "update", 200, lambda books: books.contracts.change(contract.id, call.body))

    def _create_invoice(self, call: _Call) -> tuple[int, Json]:
        call.reference = reference_of(call.body)
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
        call.reference = reference_of(call.body)
        return self._write(call, "credit", 201, lambda books: books.credit_invoice(invoice.id, call.body))

    def _create_paper(self, call: _Call) -> tuple[int, Json]:
        kind, call.reference = call.request.match_info["kind"], reference_of(call.body)
        return self._write(call, "create", 201, lambda books: books.papers.create(kind, call.body))

    def _change_paper(self, call: _Call) -> tuple[int, Json]:
        paper = self._paper(call)
        return self._write(call, "update", 200, lambda books: books.papers.change(paper.kind, paper.id, call.body))

    def _post_paper(self, call: _Call) -> tuple[int, Json]:
        paper = self._paper(call)
        return self._write(call, "post", 200, lambda books: books.papers.post(paper.kind, paper.id))

    def _paper(self, call: _Call) -> Paper:
        paper = self._erp.books.papers.one(call.request.match_info["kind"], call.request.match_info["id"])
        call.reference = paper.reference
        return paper

    def _get(self, call: _Call) -> tuple[int, Json]:
        kind, record_id = call.request.match_info["kind"], call.request.match_info["id"]
        books = self._erp.books
        if kind in PAPERS:
            record: _Record = books.papers.one(kind, record_id)
        elif kind == "contracts":
            record = books.contracts.one(record_id)
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
        most = limit(query.get("limit", "100"))
        found = [each for each in self._candidates(kind, call.reference) if each.id > query.get("after", "")]
        wanted = [(name, query[name]) for name in _FILTERS[kind] if name in query]
        matching = [each for each in found if all(getattr(each, name) == value for name, value in wanted)]
        changed = self._changed(kind)
        if moment := since(query.get("since")):
            matching = [each for each in matching if changed[each.id] >= moment]
        more = matching[most - 1].id if len(matching) > most else None
        asked = {"id", "changed_at", *query.get("fields", "").split(",")} if "fields" in query else None
        shown = [each.document() | {"changed_at": changed[each.id].isoformat()} for each in matching[:most]]
        items = [{name: one[name] for name in one if asked is None or name in asked} for one in shown]
        return 200, {"items": items, "next": more}

    def _changed(self, kind: str) -> Mapping[str, datetime]:
        return self._all(kind).changed

    def _all(self, kind: str) -> Shelf[Any]:
        books = self._erp.books
        shelves: dict[str, Shelf[Any]] = {
            "customers": books.customers, "contracts": books.contracts.all, "invoices": books.invoices,
            **books.papers.all,
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
