"""Opportunities of a Tryton that is the CRM. An opportunity is read with its party and with the lines of the sales that it became;
before it became any, with its own, which have no prices. What Meshline has to say of one stands in a note of ours beside it:
a note is open when the record is closed, and is no change of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sync.connectors.tryton_codes import Codes
from sync.connectors.tryton_customers import Customers
from sync.connectors.tryton_notes import read_ours
from sync.connectors.tryton_values import read_notes, shown_quantity
from sync.errors import Rejected
from sync.model import Found, Record
from sync.money import decimal

_GONE = {"cancelled"}
_SALES = ("sales.state", "sales.untaxed_amount", "sales.lines.type", "sales.lines.taxes.description")
_LINES = ("product.code", "description", "quantity")


class Opportunities:
    """The shelf of opportunities: read, and noted upon."""

    model = "sale.opportunity"
    head: Sequence[str] = (
        "number", "reference", "state", "description", "amount", "currency.code", "start_date", "end_date", "comment",
        "payment_term.name", "employee.rec_name", "lost_reason", "conversion_probability", "notes.message", "write_date",
        "create_date", *(f"party.{each}" for each in Customers.fields),
    )  # fmt: skip
    fields: Sequence[str] = (
        *head, *_SALES, "sales.lines.unit_price", *(f"sales.lines.{each}" for each in _LINES), *(f"lines.{each}" for each in _LINES),
    )  # fmt: skip

    def __init__(self, codes: Codes, parties: Customers) -> None:
        self._codes, self._parties = codes, parties

    def called(self, reference: str) -> list[Any]:
        """How those with a reference are found."""
        return [["reference", "=", reference]]

    def within(self, company: int) -> list[Any]:
        """Those of one company."""
        return [["company", "=", company]]

    def shown(self, found: Record) -> Found:
        """An opportunity in a flow's words. `lines` have a `price`, and a `tax_code` where it is one, as
        they were sold; `sold` is what its sales come to."""
        codes, party = self._codes, found.get("party.")
        sales = [each for each in found.get("sales.") or [] if each.get("state") not in _GONE]
        state = str(found.get("state"))
        record = {
            **read_notes(found.get("comment")),
            **read_ours(found.get("notes.")),
            "id": str(found["id"]),
            "number": found.get("number"),
            "reference": found.get("reference"),
            "state": state,
            "description": found.get("description"),
            "amount": found.get("amount"),
            "currency": (found.get("currency.") or {}).get("code"),
            "payment_terms": codes.ours("payment_term", (found.get("payment_term.") or {}).get("name")),
            "starts_on": found.get("start_date"),
            "ends_on": found.get("end_date"),
            "salesperson": (found.get("employee.") or {}).get("rec_name"),
            "lost_reason": found.get("lost_reason"),
            "party": self._parties.shown(party).record if party else None,
            "changed_at": found.get("write_date") or found.get("create_date"),
        }
        if "lines." in found:
            record["sold"] = _added(sales)
            record["lines"] = [self._line(each) for each in _rows(sales) or found["lines."]]
        return Found(id=str(found["id"]), record=record, status=state)

    async def new(self, reference: str, body: Record) -> Record:
        """Opportunities are for salespeople to make."""
        raise Rejected("opportunities are not created in Tryton by Meshline", reason="crm_rejected", code="unsupported")

    async def changed(self, stands: Record, body: Record) -> Record:
        """Nothing: what there is to say goes into the note."""
        return {}

    def _line(self, row: Mapping[str, Any]) -> Record:
        line = {
            "product_code": self._codes.ours("product", (row.get("product.") or {}).get("code")),
            "name": row.get("description"),
            "quantity": shown_quantity(row.get("quantity") or 0),
        }
        taxes = [each.get("description") for each in row.get("taxes.") or []]
        if len(taxes) == 1:
            line["tax_code"] = self._codes.ours("tax", taxes[0])
        price = row.get("unit_price")
        return line if price is None else {**line, "price": format(decimal(price).normalize(), "f")}


def _rows(sales: Sequence[Record]) -> list[Record]:
    return [row for sale in sales for row in sale.get("lines.") or [] if row.get("type") == "line"]


def _added(sales: Sequence[Record]) -> str | None:
    worth = [decimal(each["untaxed_amount"]) for each in sales if each.get("untaxed_amount") is not None]
    return format(sum(worth, Decimal()), "f") if worth else None
