"""The books of the fake NetSuite: external ids that are taken once, references that must exist, approval before an invoice counts,
periods that close, and what transactions add up to."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.sync.fakes.netsuite_tables import NAMES, READ_ONLY

PENDING, APPROVED, REJECTED = "1", "2", "3"
TRANSACTIONS = ("invoice", "creditMemo", "customerPayment")
_STATUS = {PENDING: "Pending Approval", APPROVED: "Open", REJECTED: "Rejected"}
Record = dict[str, Any]


class Refused(Exception):
    """What the account says instead."""

    def __init__(
        self, detail: str, code: str = "USER_ERROR", *, status: int = 400, path: str = "", headers: Any = None
    ):
        super().__init__(detail)
        self.detail, self.code, self.status, self.path, self.headers = detail, code, status, path, headers or {}


def _lists() -> dict[str, dict[int, Record]]:
    return {
        "currency": {1: {"name": "US Dollar", "symbol": "USD"}, 2: {"name": "Euro", "symbol": "EUR"},
                     3: {"name": "Yen", "symbol": "JPY"}, 4: {"name": "Dinar", "symbol": "KWD"}},
        "term": {10: {"name": "Net 30"}, 11: {"name": "Twice"}, 12: {"name": "Twice"}},
        "account": {99: {"acctnumber": "4000", "name": "Sales"}, 98: {"acctnumber": "4100", "name": "Services"}},
        "item": {5: {"itemid": "Atlas Pro", "incomeaccount": 99, "taxed": True},
                 6: {"itemid": "No Tax", "incomeaccount": 99, "taxed": False},
                 7: {"itemid": "Discount", "incomeaccount": 99, "taxed": True}},
        "salestaxitem": {20: {"name": "VAT 20"}},
        "department": {30: {"name": "Sales"}},
        "classification": {40: {"name": "Hardware"}},
        "subsidiary": {1: {"name": "Northwind Trading"}},
    }  # fmt: skip


@dataclass
class Books:
    """`routing` is whether invoices wait for approval; `approves` what comes of ours: yes, locked by a workflow, or ignored, as a form
    does without the field. `closed` are months, `locked` subsidiaries; without `coded` a taken external id has no code of its own."""

    now: Callable[[], datetime] = lambda: datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    zone: str = "America/Los_Angeles"
    records: dict[str, dict[int, Record]] = field(
        default_factory=lambda: {"customer": {}, **{t: {} for t in TRANSACTIONS}}
    )
    lists: dict[str, dict[int, Record]] = field(default_factory=_lists)
    routing: bool = True
    approves: str = "yes"
    coded: bool = True
    closed: set[str] = field(default_factory=set)
    locked: set[int] = field(default_factory=set)
    ids: Any = field(default_factory=lambda: itertools.count(900))

    def create(self, kind: str, body: Record, *, strict: bool = True) -> int:
        """A new record. Raises Refused."""
        self.named(kind, body, strict=strict)
        self.free(kind, body.get("externalId"))
        if kind == "customer" and not body.get("companyName"):
            raise Refused("Please enter value(s) for: Company Name", path="companyName")
        record = {name: value for name, value in body.items() if name in NAMES[kind] or name.startswith("cust")}
        if kind in TRANSACTIONS:
            record = self.booked(kind, record)
        number = next(self.ids)
        self.records[kind][number] = record | {
            "id": str(number),
            "createdDate": self.now(),
            "lastModifiedDate": self.now(),
        }
        if kind in TRANSACTIONS:
            self.records[kind][number]["tranId"] = f"{kind[:3].upper()}{number}"
        return number

    def booked(self, kind: str, record: Record) -> Record:
        """A transaction with what NetSuite works out. Raises Refused."""
        customer = self.records["customer"].get(int((record.get("entity") or {}).get("id") or 0))
        if customer is None or customer.get("isInactive"):
            raise Refused("Invalid reference key or value for field: entity.", "INVALID_CONTENT", path="entity")
        if int((record.get("subsidiary") or {"id": 1})["id"]) in self.locked:
            raise Refused("The subsidiary is locked.", path="subsidiary")
        self.open_on(record.setdefault("tranDate", self.now().date().isoformat()))
        if kind == "customerPayment":
            return record
        for name in ("currency", "terms"):
            self.known({"terms": "term"}.get(name, name), record.get(name), name)
        lines = (record.get("item") or {}).get("items") or []
        if not lines:
            raise Refused("Please enter value(s) for: Items", path="item")
        record["item"] = {"items": [self.line(at, each, record) for at, each in enumerate(lines)]}
        if kind == "invoice" and self.routing:
            record.setdefault("approvalStatus", {"id": PENDING})
        elif kind == "invoice":
            record.pop("approvalStatus", None)
        return record

    def line(self, at: int, line: Record, record: Record) -> Record:
        """A line with its amount. Raises Refused."""
        path = f"item.items[{at}]"
        for name in line.keys() - NAMES["line"]:
            if not name.startswith("custcol"):
                raise Refused(f"Unknown property {name}.", "INVALID_CONTENT", path=f"{path}.{name}")
        item = self.known("item", line.get("item"), f"{path}.item")
        self.known("salestaxitem", line.get("taxCode"), f"{path}.taxCode")
        if not item["taxed"] and not line.get("taxCode"):
            raise Refused("Please enter value(s) for: Tax Code", path=f"{path}.taxCode")
        quantity, rate = Decimal(str(line.get("quantity", 1))), Decimal(str(line.get("rate", 0)))
        return {**line, "line": at + 1, "amount": self.rounded(quantity * rate, record)}

    def rounded(self, amount: Decimal, record: Record) -> Decimal:
        symbol = self.lists["currency"][int((record.get("currency") or {"id": 1})["id"])]["symbol"]
        return amount.quantize(Decimal(1).scaleb({"JPY": 0, "KWD": -3}.get(symbol, -2)), ROUND_HALF_UP)

    def known(self, table: str, reference: Any, path: str) -> Record:
        if reference is None:
            return {}
        found = self.lists[table].get(int(reference["id"]) if str(reference.get("id", "")).lstrip("-").isdigit() else 0)
        if found is None or found.get("isinactive"):
            words = f"Invalid Field Value {reference.get('id')} for the following field: {path.rpartition('.')[2]}"
            raise Refused(
                f"Error while accessing a resource. You have entered an {words}", "INVALID_CONTENT", path=path
            )
        return found

    def open_on(self, day: str) -> None:
        if day[:7] in self.closed:
            raise Refused("You cannot use a date in a period that is closed.")

    def named(self, kind: str, body: Record, *, strict: bool) -> None:
        for name in body:
            unknown = name not in NAMES[kind] and not name.startswith(("custbody_", "custentity_"))
            if strict and (unknown or name in READ_ONLY):
                raise Refused(f"Unknown property {name} in record {kind}.", "INVALID_CONTENT", path=name)

    def free(self, kind: str, external: str | None, but: int | None = None) -> None:
        """External ids are taken once among transactions, and once among customers. Raises Refused."""
        group = TRANSACTIONS if kind in TRANSACTIONS else (kind,)
        for other in group:
            for number, each in self.records[other].items():
                if external and each.get("externalId") == external and number != but:
                    code, path = ("DUP_RCRD", "externalId") if self.coded else ("USER_ERROR", "")
                    raise Refused("This record already exists", code, path=path)

    def shown(self, kind: str, number: int, *, whole: bool) -> Record:
        """A record as it is read."""
        record = dict(self.records[kind][number])
        record |= {"links": [], **self.totals(kind, number)}
        for name in ("currency", "terms", "entity", "subsidiary", "department", "class"):
            if record.get(name):
                record[name] = {"links": [], "id": str(record[name]["id"]), "refName": self.name_of(name, record[name])}
        for name in ("createdDate", "lastModifiedDate"):
            record[name] = record[name].strftime("%Y-%m-%dT%H:%M:%SZ")
        if kind == "invoice":
            approval = (record.get("approvalStatus") or {}).get("id")
            word = (
                "Paid In Full"
                if approval in (None, APPROVED) and not record["amountRemaining"]
                else _STATUS[approval or APPROVED]
            )
            record["status"] = {"id": word, "refName": word}
            if approval:
                record["approvalStatus"] = {"id": approval, "refName": _STATUS[approval]}
        if "item" in record:
            lines = [each | {"item": {"links": [], "id": str(each["item"]["id"]), "refName": self.lists["item"][int(each["item"]["id"])]["itemid"]}}
                     for each in record["item"]["items"]]  # fmt: skip
            record["item"] = {"links": [], "items": lines, "totalResults": len(lines)} if whole else {"links": []}
        if kind == "customer" and not whole and "addressBook" in record:
            record["addressBook"] = {"links": []}
        return record

    def totals(self, kind: str, number: int) -> Record:
        """What a transaction adds up to."""
        record = self.records[kind][number]
        if kind == "customerPayment":
            applied = sum((Decimal(str(each["amount"])) for each in record["apply"]["items"]), Decimal())
            return {"payment": applied, "total": applied}
        if kind not in TRANSACTIONS:
            return {}
        net = sum((each["amount"] for each in record["item"]["items"]), Decimal())
        tax = self.rounded(net / 5, record)
        told = {"subtotal": net, "taxTotal": tax, "total": net + tax}
        if kind == "invoice":
            told["amountRemaining"] = net + tax - self.applied(number)
        return told

    def applied(self, invoice: int) -> Decimal:
        paid = [
            Decimal(str(each["amount"]))
            for payment in self.records["customerPayment"].values()
            for each in payment["apply"]["items"]
            if int(each["doc"]["id"]) == invoice and each.get("apply")
        ]
        credited = [
            self.totals("creditMemo", n)["total"]
            for n, memo in self.records["creditMemo"].items()
            if int(memo["createdFrom"]["id"]) == invoice
        ]
        return sum([*paid, *credited], Decimal())

    def name_of(self, name: str, reference: Record) -> str:
        if name == "entity":
            return str(self.records["customer"][int(reference["id"])]["companyName"])
        table = {"terms": "term", "class": "classification"}.get(name, name)
        return str(self.lists[table][int(reference["id"])]["name"])

    def change(self, kind: str, number: int, body: Record, replaced: list[str]) -> None:
        """Raises Refused."""
        record = self.records[kind][number]
        self.free(kind, body.get("externalId"), but=number)
        approval = (body.get("approvalStatus") or {}).get("id")
        if approval in (APPROVED, REJECTED) and self.approves == "locked":
            raise Refused("The record has been locked by a user defined workflow.", "RCRD_LOCKED_BY_WF")
        if approval and self.approves == "ignored":
            body = {name: value for name, value in body.items() if name != "approvalStatus"}
        if kind in TRANSACTIONS:
            self.open_on(body.get("tranDate") or record["tranDate"])
        changed = {**record, **body}
        if "item" in body:
            kept = [] if "item" in replaced else record["item"]["items"]
            lines = [*kept, *body["item"]["items"]]
            changed["item"] = {"items": [self.line(at, given(each), changed) for at, each in enumerate(lines)]}
        record.clear()
        record.update(changed, lastModifiedDate=self.now())

    def local(self, at: datetime) -> str:
        """A moment by the account's clock."""
        return at.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M:%S")


def given(line: Record) -> Record:
    """A line without what NetSuite works out, or is asked by nobody to keep."""
    return {name: value for name, value in line.items() if name not in ("amount", "line")}
