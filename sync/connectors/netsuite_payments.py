"""Payments of customers as NetSuite keeps them: made by transforming the invoice that is paid, wholly or in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors.documents import minor, of_minor
from sync.connectors.netsuite_codes import Codes
from sync.connectors.netsuite_values import day, exact, memo, number, read_memo, reference_of
from sync.errors import Rejected
from sync.model import Found, Record

PAYMENT = "payment"
_PLACED = {"invoice_id", "amount_minor", "currency", "paid_on"}


class Payments:
    """The shelf of payments. Each says which invoice it pays: `invoice_id`, `amount_minor`, `currency`, `paid_on`."""

    kind, table, only = "customerPayment", "transaction", "transaction.type = 'CustPymt'"
    columns: Mapping[str, str] = {
        "customer_id": "entity",
        "number": "tranid",
        "currency": "currency",
        "paid_on": "trandate",
        "gross_minor": "foreigntotal",
    }

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._fields = dict(codes.options.fields.get(PAYMENT, {}))

    async def shown(self, payment: Mapping[str, Any]) -> Found:
        """A payment in a flow's words: what of it pays the invoice."""
        currency = await self._codes.name("currency", payment["currency"]["id"]) if payment.get("currency") else ""
        applied = [each for each in (payment.get("apply") or {}).get("items") or [] if each.get("apply")]
        record = {
            **read_memo(payment.get("memo")),
            "id": str(payment["id"]),
            "reference": reference_of(payment.get("externalId")),
            "customer_id": str((payment.get("entity") or {}).get("id")),
            "invoice_id": str(applied[0]["doc"]["id"]) if applied else None,
            "amount_minor": sum(minor(each.get("amount"), currency) or 0 for each in applied),
            "currency": currency,
            "paid_on": str(payment.get("tranDate"))[:10],
            "number": payment.get("tranId"),
            "status": "posted",
            "changed_at": payment.get("lastModifiedDate"),
            **{ours: payment.get(theirs) for ours, theirs in self._fields.items()},
        }
        return Found(id=str(payment["id"]), record=record, status="posted")

    async def new(self, body: Record) -> Record:
        """What NetSuite is told of a new payment. Raises Rejected."""
        paid, units = number(str(body.get("invoice_id")), "invoice_id"), body.get("amount_minor")
        if not isinstance(units, int) or isinstance(units, bool) or units <= 0:
            raise Rejected("a payment is whole minor units above zero", reason="invalid_amount", path="amount_minor")
        amount = exact(of_minor(units, str(body.get("currency"))))
        told: Record = {theirs: body[ours] for ours, theirs in self._fields.items() if ours in body}
        told["apply"] = {"items": [{"doc": {"id": paid}, "apply": True, "amount": amount}]}
        if body.get("paid_on") is not None:
            told["tranDate"] = day(body["paid_on"], "paid_on")
        noted = {name: value for name, value in body.items() if name not in _PLACED and name not in self._fields}
        return told | ({"memo": memo(noted)} if noted else {})

    async def changed(self, stands: Record, body: Record) -> Record:
        """Money that came is not changed."""
        raise Rejected("a payment is not changed in NetSuite", code="unsupported")
