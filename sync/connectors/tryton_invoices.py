"""Invoices and credit notes as Tryton keeps them, with our reference, whole lines and its own arithmetic of taxes. What an
invoice has no field for stands in its comment, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors import tryton_lines as lines
from sync.connectors.tryton_codes import Codes
from sync.connectors.tryton_customers import bill_to
from sync.connectors.tryton_values import beyond, minor, notes, read_notes, tagged_day
from sync.errors import Rejected
from sync.model import Found, Record

INVOICE, CREDIT_NOTE = "invoice", "credit_note"
STATUS = {"draft": "draft", "validated": "draft", "posted": "posted", "paid": "posted", "cancelled": "void"}
_PLACED = {"customer_id", "currency", "issue_date", "payment_terms", "lines"}
_HEAD = (
    "number", "reference", "state", "invoice_date", "accounting_date", "party", "currency.code", "payment_term.name", "comment",
    "total_amount", "untaxed_amount", "tax_amount", "write_date", "create_date",
)  # fmt: skip


class Invoices:
    """The shelf of invoices. A credit note is an invoice below nothing that says what it `credits`."""

    model = "account.invoice"
    fields: Sequence[str] = (*_HEAD, *lines.FIELDS)
    head: Sequence[str] = _HEAD

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    def called(self, reference: str) -> list[Any]:
        """How those with our reference are found."""
        return [["reference", "=", reference]]

    def within(self, company: int) -> list[Any]:
        """Those to customers, of one company."""
        return [["type", "=", "out"], ["company", "=", company]]

    def shown(self, invoice: Record) -> Found:
        """An invoice in a flow's words. `total_minor` is what the connection calls the total; net and gross stand beside it."""
        codes, currency = self._codes, (invoice.get("currency.") or {}).get("code") or ""
        state = str(invoice.get("state"))
        net, gross = minor(invoice.get("untaxed_amount"), currency), minor(invoice.get("total_amount"), currency)
        noted = read_notes(invoice.get("comment"))
        record = {
            **noted,
            "id": str(invoice["id"]),
            "reference": invoice.get("reference"),
            "kind": CREDIT_NOTE if "credits" in noted else INVOICE,
            "customer_id": str(invoice.get("party")),
            "currency": currency,
            "issue_date": invoice.get("accounting_date") or invoice.get("invoice_date"),
            "payment_terms": codes.ours("payment_term", (invoice.get("payment_term.") or {}).get("name")),
            "status": STATUS.get(state, state),
            "paid": state == "paid",
            "number": invoice.get("number"),
            "net_minor": net,
            "tax_minor": minor(invoice.get("tax_amount"), currency),
            "gross_minor": gross,
            "total_minor": gross if codes.options.amounts == "gross" else net,
            "changed_at": invoice.get("write_date") or invoice.get("create_date"),
        }
        if "lines." in invoice:
            record["lines"] = lines.shown(invoice["lines."], currency, codes)
        return Found(id=str(invoice["id"]), record=record, status=record["status"])

    async def new(self, reference: str, body: Record, *, credit: bool = False) -> Record:
        """What Tryton is told of a new draft. Raises Rejected with the path of what it cannot take."""
        codes, currency = self._codes, str(body.get("currency"))
        bill = await bill_to(codes, body.get("customer_id"))
        head = await self._head(body)
        told = await lines.told(body.get("lines"), currency, codes, credit=credit)
        journal = await codes.one("journal", "revenue", "lines")
        return {
            **head, **bill, "type": "out", "company": codes.link.company, "reference": reference, "journal": journal["id"],
            "comment": notes(beyond(body, _PLACED)), "lines": [["create", [{**each, "currency": head["currency"]} for each in told]]],
        }  # fmt: skip

    async def changed(self, stands: Record, body: Record) -> Record:
        """What Tryton is told of a change of a draft. Lines are taken out and written anew; what is posted is Rejected."""
        found = self.shown(stands)
        if found.status == "posted":
            words = f"invoice {found.record.get('number')} is posted and cannot change"
            raise Rejected(words, reason="changed_after_posting")
        values = await self._head(body)
        if "customer_id" in body:
            values |= await bill_to(self._codes, body["customer_id"])
        if "lines" in body or "currency" in body:
            whole = {**found.record, **body}
            currency = await self._codes.one("currency", whole["currency"], "currency")
            told = await lines.told(whole["lines"], whole["currency"], self._codes)
            gone = [["delete", [each["id"] for each in stands["lines."]]]] if stands["lines."] else []
            values["lines"] = [*gone, ["create", [{**each, "currency": currency["id"]} for each in told]]]
        kept = read_notes(stands.get("comment"))
        return {**values, "comment": notes(beyond({**kept, **body}, _PLACED))}

    async def _head(self, body: Mapping[str, Any]) -> Record:
        told: Record = {}
        if "currency" in body:
            told["currency"] = (await self._codes.one("currency", body["currency"], "currency"))["id"]
        if body.get("issue_date") is not None:
            dated = "accounting_date" if self._codes.options.dated == "when_posted" else "invoice_date"
            told[dated] = tagged_day(body["issue_date"], "issue_date")
        if body.get("payment_terms") is not None:
            told["payment_term"] = (await self._codes.one("payment_term", body["payment_terms"], "payment_terms"))["id"]
        return told
