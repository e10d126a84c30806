"""Papers for which a Tryton has no module: contracts, schedules of deferred revenue, opportunities. Each is a sale that stays a draft
and bears our reference; nothing is ever invoiced from it. It shows people in the ERP what was agreed, word for word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync.connectors.tryton_codes import Codes
from sync.connectors.tryton_customers import bill_to
from sync.connectors.tryton_values import beyond, notes, read_notes
from sync.model import Found, Record

_PLACED = {"customer_id", "currency", "payment_terms"}


class Papers:
    """The shelf of such papers."""

    model = "sale.sale"
    fields: Sequence[str] = (
        "reference", "state", "party", "currency.code", "payment_term.name", "comment", "write_date", "create_date",
    )  # fmt: skip
    head = fields

    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    def called(self, reference: str) -> list[Any]:
        """How those with our reference are found."""
        return [["reference", "=", reference]]

    def within(self, company: int) -> list[Any]:
        """Those of one company."""
        return [["company", "=", company]]

    def shown(self, sale: Record) -> Found:
        """A paper in a flow's words; `total_minor` adds up its lines where they have amounts."""
        status = "void" if sale.get("state") == "cancelled" else "draft"
        record = {
            **read_notes(sale.get("comment")),
            "id": str(sale["id"]),
            "reference": sale.get("reference"),
            "customer_id": str(sale.get("party")),
            "currency": (sale.get("currency.") or {}).get("code"),
            "payment_terms": self._codes.ours("payment_term", (sale.get("payment_term.") or {}).get("name")),
            "status": status,
            "changed_at": sale.get("write_date") or sale.get("create_date"),
        }
        lines = record.get("lines")
        if isinstance(lines, list) and all(isinstance(each.get("amount_minor"), int) for each in lines):
            record["total_minor"] = sum(each["amount_minor"] for each in lines)
        return Found(id=str(sale["id"]), record=record, status=status)

    async def new(self, reference: str, body: Record) -> Record:
        """What Tryton is told of a new paper."""
        return {**await self._values(body, {}), "company": self._codes.link.company, "reference": reference}

    async def changed(self, stands: Record, body: Record) -> Record:
        """What Tryton is told of a change."""
        return await self._values(body, stands)

    async def _values(self, body: Record, stands: Record) -> Record:
        told: Record = {"comment": notes(beyond({**read_notes(stands.get("comment")), **body}, _PLACED))}
        if "customer_id" in body:
            told["party"] = (await bill_to(self._codes, body["customer_id"]))["party"]
        if body.get("currency") is not None:
            told["currency"] = (await self._codes.one("currency", body["currency"], "currency"))["id"]
        if body.get("payment_terms") is not None:
            told["payment_term"] = (await self._codes.one("payment_term", body["payment_terms"], "payment_terms"))["id"]
        return told
