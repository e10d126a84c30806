"""A small Stripe: customers, invoices with lines, credit notes, lists that know everything at once and a search that is behind, idempotency
keys, and its errors. `behind` holds back what search does not know yet; `limited` answers so many requests with 429."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

TOKEN = "sk_test_a-key-for-tests"
_KINDS = {"customers": "customer", "invoices": "invoice", "credit_notes": "credit_note"}
_PREFIX = {"customer": "cus", "invoice": "in", "credit_note": "cn"}
_QUERY = re.compile(r'metadata\["(\w+)"\]:"((?:[^"\\]|\\.)*)"')
_DAY = 24 * 3600
Record = dict[str, Any]


class Refused(Exception):
    """An error in Stripe's shape."""

    def __init__(
        self, status: int, message: str, code: str = "", param: str = "", kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        told = {"type": kind, "message": message, "code": code, "param": param}
        self.status, self.body = status, {"error": {name: text for name, text in told.items() if text}}


@dataclass
class Stripe:
    """One account. `taxes` are its tax rates, in whole percent on top."""

    key: str = TOKEN
    records: dict[str, dict[str, Record]] = field(default_factory=lambda: {kind: {} for kind in _PREFIX})
    taxes: dict[str, int] = field(default_factory=lambda: {"txr_20": 20})
    keys: dict[str, tuple[float, Any, int, Record]] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    lags: bool = False
    limited: int = 0
    now: Callable[[], float] = time.time
    count: int = 0

    def mount(self, app: web.Application) -> None:
        app.router.add_route("*", "/v1/{path:.*}", self.answer)

    async def answer(self, request: web.Request) -> web.Response:
        """One request, under its key once."""
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return _error(Refused(401, "Invalid API Key provided"))
        if self.limited:
            self.limited -= 1
            return _error(Refused(429, "Too many requests", "rate_limit"))
        text = await request.text() if request.method == "POST" else request.query_string
        told, key = _form(text), request.headers.get("idempotency-key")
        asked = (request.path, told)
        known = self.keys.get(key or "")
        if key and known and self.now() - known[0] < _DAY:
            if known[1] != asked:
                words = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                return _error(Refused(400, words, kind="idempotency_error"))
            return web.json_response(known[3], status=known[2], headers={"Idempotent-Replayed": "true"})
        try:
            said = json.loads(json.dumps(self._done(request.method, request.match_info["path"].split("/"), told)))
        except Refused as refused:
            return _error(refused)
        if key and request.method == "POST":
            self.keys[key] = (self.now(), asked, 200, said)
        return web.json_response(said)

    def _done(self, method: str, path: list[str], told: Record) -> Record:
        kind = _KINDS[path[0]]
        match (method, path[1:]):
            case ("GET", []):
                return self._listed(list(self.records[kind].values()), told)
            case ("POST", []):
                return getattr(self, f"new_{kind}")(told)
            case ("GET", ["search"]):
                return self._searched(kind, told)
            case ("GET", [one, "lines"]):
                return self._listed(list(reversed(self._one(kind, one)["lines"]["data"])), told)
            case ("GET", [one]):
                return self._shown(self._one(kind, one))
            case ("POST", [one]):
                return self._changed(self._one(kind, one), told)
            case ("DELETE", [one]):
                self._draft(one)
                del self.records[kind][one]
                return {"id": one, "object": kind, "deleted": True}
            case ("POST", [one, ("add_lines" | "remove_lines" | "finalize" | "void") as what]):
                return getattr(self, what)(one, told)
        raise Refused(404, f"Unrecognized request URL ({method}: /v1/{'/'.join(path)})")

    def _one(self, kind: str, one: str) -> Record:
        found = self.records[kind].get(one)
        if found is None:
            raise Refused(404, f"No such {kind}: '{one}'", "resource_missing", "id")
        return found

    def _draft(self, one: str) -> Record:
        invoice = self._one("invoice", one)
        if invoice["status"] != "draft":
            raise Refused(400, "This invoice is no longer editable", "invoice_not_editable")
        return invoice

    def put(self, kind: str, told: Record) -> Record:
        """A new record of this kind."""
        self.count += 1
        made = {
            "id": f"{_PREFIX[kind]}_{self.count}",
            "object": kind,
            "created": int(self.now()),
            "metadata": {},
            **told,
        }
        made["metadata"] = {name: text for name, text in made["metadata"].items() if text}
        self.records[kind][made["id"]] = made
        if self.lags:
            self.behind.add(made["id"])
        return made

    def new_customer(self, told: Record) -> Record:
        return self.put("customer", told)

    def new_invoice(self, told: Record) -> Record:
        if told.get("customer") not in self.records["customer"]:
            raise Refused(400, f"No such customer: '{told.get('customer')}'", "resource_missing", "customer")
        if told.get("collection_method") == "send_invoice" and "days_until_due" not in told:
            raise Refused(400, "Missing required param: days_until_due.", "parameter_missing", "days_until_due")
        inherits = told.get("discounts") != ""
        told = {
            **told,
            "percent_off": self.records["customer"][told["customer"]].get("percent_off", 0) if inherits else 0,
            "auto_advance": told["auto_advance"] == "true",
            "status": "draft",
            "number": None,
            "amount_paid": 0,
        }
        return self._shown(self.put("invoice", {**told, "lines": {"object": "list", "data": [], "has_more": False}}))

    def add_lines(self, one: str, told: Record) -> Record:
        invoice = self._draft(one)
        rows = invoice["lines"]["data"]
        made = []
        for place, line in enumerate(told["lines"].values()):
            for rate in (line.get("tax_rates") or {}).values():
                if rate not in self.taxes:
                    raise Refused(
                        400, f"No such tax rate: '{rate}'", "resource_missing", f"lines[{place}][tax_rates][0]"
                    )
            self.count += 1
            made.append(
                {"id": f"il_{self.count}", "object": "line_item", "metadata": {}, **line, "amount": int(line["amount"])}
            )
        if len(rows) + len(made) > 250:
            raise Refused(400, "Too many lines", param="lines")
        rows += made
        return self._shown(invoice)

    def remove_lines(self, one: str, told: Record) -> Record:
        invoice, gone = self._draft(one), {line["id"] for line in told["lines"].values()}
        invoice["lines"]["data"] = [row for row in invoice["lines"]["data"] if row["id"] not in gone]
        return self._shown(invoice)

    def finalize(self, one: str, told: Record) -> Record:
        invoice = self._one("invoice", one)
        if invoice["status"] != "draft":
            raise Refused(400, "This invoice is already finalized", "invoice_already_finalized")
        numbers = sum(1 for each in self.records["invoice"].values() if each["number"])
        invoice.update(status="open", number=f"MESH-{numbers + 1:04d}")
        return self._shown(invoice)

    def void(self, one: str, told: Record) -> Record:
        self._one("invoice", one)["status"] = "void"
        return self._shown(self._one("invoice", one))

    def new_credit_note(self, told: Record) -> Record:
        invoice = self._shown(self._one("invoice", told["invoice"]))
        if invoice["status"] != "open":
            raise Refused(400, "Credit notes are for finalized invoices", param="invoice")
        rows = {row["id"]: row for row in self._one("invoice", told["invoice"])["lines"]["data"]}
        lines = []
        for line in told["lines"].values():
            of = rows.get(line.get("invoice_line_item", ""), line)
            amount = int(line["amount"] if "amount" in line else line["unit_amount"])
            self.count += 1
            lines.append({"metadata": {}, **of, "id": f"cnli_{self.count}", "amount": amount, "type": line["type"]})
        net, gross = self._sums(lines)
        before = [each for each in self.records["credit_note"].values() if each["invoice"] == invoice["id"]]
        if sum(each["total"] for each in before) + gross > invoice["total"]:
            raise Refused(400, "The sum of credit notes cannot exceed the invoice", param="amount")
        sums = {
            "subtotal": net,
            "total_excluding_tax": net,
            "total": gross,
            "status": "issued",
            "number": f"CN-{len(before)}",
        }
        head = {"currency": invoice["currency"], "customer": invoice["customer"], **told, **sums}
        return self.put("credit_note", {**head, "lines": {"object": "list", "data": lines, "has_more": False}})

    def _changed(self, record: Record, told: Record) -> Record:
        if record["object"] == "invoice":
            self._draft(record["id"])
        kept = {**record["metadata"], **told.pop("metadata", {})}
        record.update(told, metadata={name: text for name, text in kept.items() if text})
        return self._shown(record)

    def _sums(self, lines: list[Record]) -> tuple[int, int]:
        net = sum(line["amount"] for line in lines)
        tax = sum(
            line["amount"] * self.taxes[rate] // 100
            for line in lines
            for rate in (line.get("tax_rates") or {}).values()
        )
        return net, net + tax

    def _shown(self, record: Record) -> Record:
        """As Stripe shows it: an invoice holds only its first ten lines."""
        if record["object"] != "invoice":
            return record
        rows = record["lines"]["data"]
        net, gross = self._sums(rows)
        net, gross = (each - each * record.get("percent_off", 0) // 100 for each in (net, gross))
        first = {"object": "list", "data": rows[:10], "has_more": len(rows) > 10}
        return {**record, "lines": first, "subtotal": net, "total_excluding_tax": net, "total": gross}

    def _listed(self, records: list[Record], told: Record) -> Record:
        """The newest first. Behind a record that is not there is no place."""
        rows = list(reversed(records))
        since = int((told.get("created") or {}).get("gte", 0))
        rows = [row for row in rows if row.get("created", since) >= since]
        rows = [
            row for row in rows if all(row.get(name) == told[name] for name in ("customer", "invoice") if name in told)
        ]
        after, size = told.get("starting_after"), int(told.get("limit", 10))
        if after:
            places = [place for place, row in enumerate(rows) if row["id"] == after]
            if not places:
                raise Refused(400, f"No such object: '{after}'", "resource_missing", "starting_after")
            rows = rows[places[0] + 1 :]
        return {"object": "list", "data": [self._shown(row) for row in rows[:size]], "has_more": len(rows) > size}

    def _searched(self, kind: str, told: Record) -> Record:
        if kind == "credit_note":
            raise Refused(404, "Unrecognized request URL (GET: /v1/credit_notes/search)")
        asked = _QUERY.fullmatch(told["query"])
        if asked is None:
            raise Refused(400, "We were unable to parse your search query.", param="query")
        wanted = re.sub(r"\\(.)", r"\1", asked[2])
        found = [
            self._shown(each)
            for each in self.records[kind].values()
            if each["id"] not in self.behind and each["metadata"].get(asked[1]) == wanted
        ]
        return {"object": "search_result", "data": found, "has_more": False}


def _form(text: str) -> Record:
    """A form as Stripe reads it: `a[b][0]=c` is a value in a value."""
    told: Record = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        place = told
        *heads, last = re.findall(r"[^\[\]]+", name)
        for at in heads:
            place = place.setdefault(at, {})
        place[last] = value
    return told


def _error(refused: Refused) -> web.Response:
    return web.json_response(refused.body, status=refused.status, headers={"request-id": "req_1"})


def account() -> Stripe:
    """An account with one customer and one invoice in it."""
    fake = Stripe()
    fake.put("customer", {"id": "cus_100", "name": "Acme", "email": "billing@acme.example"})
    head = {"customer": "cus_100", "currency": "eur", "status": "draft", "number": None, "amount_paid": 0}
    row = {"id": "il_1", "object": "line_item", "amount": 100, "description": "Old", "metadata": {}}
    fake.put("invoice", {"id": "in_100", **head, "lines": {"object": "list", "data": [row], "has_more": False}})
    return fake
