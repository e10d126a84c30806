"""Invoices and credit notes as NetSuite keeps them, with our reference as external id, whole lines and its own arithmetic of taxes. An
invoice that waits for approval is a draft, an approved one is posted, a rejected one is void. What has no field stands in the memo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors import netsuite_lines as lines
from sync.connectors.documents import minor
from sync.connectors.netsuite_codes import Codes
from sync.connectors.netsuite_values import day, memo, number, read_memo, reference_of
from sync.errors import Rejected
from sync.model import Found, Record

INVOICE, CREDIT_NOTE = "invoice", "credit_note"
PENDING, APPROVED, REFUSED = "1", "2", "3"
STATUS = {PENDING: "draft", APPROVED: "posted", REFUSED: "void"}
_PLACED = {"customer_id", "currency", "issue_date", "payment_terms", "lines", "department", "class"}


class Invoices:
    """The shelf of invoices."""

    entity, kind, table, only = INVOICE, "invoice", "transaction", "transaction.type = 'CustInvc'"
    sign = 1
    columns: Mapping[str, str] = {
        "customer_id": "entity", "number": "tranid", "currency": "currency", "issue_date": "trandate", "payment_terms": "terms",
        "gross_minor": "foreigntotal", "status": "approvalstatus",
    }  # fmt: skip

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._fields = dict(codes.options.fields.get(self.entity, {}))

    async def shown(self, document: Mapping[str, Any]) -> Found:
        """A document in a flow's words. `total_minor` is what the connection calls the total; net and gross stand beside it."""
        codes, sign = self._codes, self.sign
        currency = await codes.name("currency", document["currency"]["id"]) if document.get("currency") else ""
        net, gross = (_signed(minor(document.get(each), currency), sign) for each in ("subtotal", "total"))
        status = _status(document)
        record = {
            **read_memo(document.get("memo")),
            "id": str(document["id"]),
            "reference": reference_of(document.get("externalId")),
            "kind": self.entity,
            "customer_id": str((document.get("entity") or {}).get("id")),
            "currency": currency,
            "issue_date": str(document.get("tranDate"))[:10],
            "status": status,
            "paid": _word(document) == "paidinfull",
            "number": document.get("tranId"),
            "net_minor": net,
            "tax_minor": _signed(minor(document.get("taxTotal"), currency), sign),
            "gross_minor": gross,
            "total_minor": gross if codes.options.amounts == "gross" else net,
            "changed_at": document.get("lastModifiedDate"),
            **{ours: document.get(theirs) for ours, theirs in self._fields.items()},
        }
        for name, table, theirs in (("payment_terms", "payment_term", "terms"), *_DIMENSIONS):
            if document.get(theirs):
                record[name] = await codes.name(table, document[theirs]["id"])
        if self.sign < 0:
            record["credits"] = str((document.get("createdFrom") or {}).get("id"))
        record["lines"] = await lines.shown((document.get("item") or {}).get("items") or [], currency, codes)
        return Found(id=str(document["id"]), record=record, status=status)

    async def new(self, body: Record) -> Record:
        """What NetSuite is told of a new draft. Raises Rejected with the path of what it cannot take."""
        codes = self._codes
        told = await self.head(body, {})
        told["item"] = {"items": (await lines.told(body.get("lines"), str(body.get("currency")), codes)).rows}
        if codes.options.subsidiary is not None:
            told["subsidiary"] = {"id": (await codes.one("subsidiary", codes.options.subsidiary, "subsidiary"))["id"]}
        return {**told, "approvalStatus": {"id": PENDING}}

    async def changed(self, stands: Record, body: Record) -> Record:
        """What NetSuite is told of a change of a draft. What is posted or void is Rejected."""
        if _status(stands) != "draft":
            words = f"invoice {stands.get('tranId')} is {_status(stands)} and cannot change"
            raise Rejected(words, reason="changed_after_posting")
        told = await self.head(body, stands)
        if "lines" in body or "currency" in body:
            found = await self.shown(stands)
            whole = {**found.record, **body}
            told["item"] = {"items": (await lines.told(whole["lines"], whole["currency"], self._codes)).rows}
        return told

    async def head(self, body: Mapping[str, Any], of: Mapping[str, Any]) -> Record:
        """What stands above the lines. Raises Rejected."""
        told: Record = {theirs: body[ours] for ours, theirs in self._fields.items() if ours in body}
        if "customer_id" in body:
            told["entity"] = {"id": number(str(body["customer_id"]), "customer_id")}
        if body.get("issue_date") is not None:
            told["tranDate"] = day(body["issue_date"], "issue_date")
        known = (("currency", "currency", "currency"), ("payment_terms", "payment_term", "terms"), *_DIMENSIONS)
        for name, table, theirs in known:
            if body.get(name) is not None:
                told[theirs] = {"id": (await self._codes.one(table, body[name], name))["id"]}
        noted = {name: value for name, value in body.items() if name not in _PLACED and name not in self._fields}
        if noted:
            told["memo"] = memo({**read_memo(of.get("memo")), **noted})
        return told


class CreditNotes(Invoices):
    """The shelf of credit notes: made by transforming what they credit, posted at once, their amounts below nothing."""

    entity, kind, only = CREDIT_NOTE, "creditMemo", "transaction.type = 'CustCred'"
    sign = -1


_DIMENSIONS = (("department", "department", "department"), ("class", "class", "class"))


def _status(document: Mapping[str, Any]) -> str:
    """Where approval is not asked for, and of credit memos, NetSuite tells no approval: they are posted."""
    approval = str((document.get("approvalStatus") or {}).get("id") or APPROVED)
    return "void" if _word(document) == "voided" else STATUS.get(approval, approval)


def _word(document: Mapping[str, Any]) -> str:
    return str((document.get("status") or {}).get("id") or "").replace(" ", "").lower()


def _signed(units: int | None, sign: int) -> int | None:
    return None if units is None else sign * units
