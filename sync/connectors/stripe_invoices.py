"""Invoices and credit notes as Stripe keeps them, with our reference in their metadata. An invoice is made by two calls, its head and
then all its lines; what its lines have to be is marked on the head, so that one without them is known and never finalized short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.connectors import stripe_lines as lines
from sync.connectors.stripe_calls import UNKNOWN, known
from sync.connectors.stripe_options import StripeOptions
from sync.connectors.stripe_values import (
    CONTENT,
    LINES,
    REFERENCE,
    digest,
    metadata,
    moment_of,
    noted,
    ours,
    reference_of,
)
from sync.errors import Rejected
from sync.model import Found, Record

INVOICE, CREDIT_NOTE = "invoice", "credit_note"
_STATUS = {
    "draft": "draft",
    "open": "posted",
    "paid": "posted",
    "uncollectible": "posted",
    "issued": "posted",
    "void": "void",
}
_PLACED = {"customer_id", "currency", "lines"}
_FIXED = ("customer_id", "currency")


@dataclass(frozen=True, slots=True)
class Told:
    """An invoice as Stripe is told it: its head, and then its lines."""

    head: Record
    lines: lines.Told
    content: str


def new(reference: str, body: Record, options: StripeOptions) -> Told:
    """What Stripe is told of a new draft. Raises Rejected with the path of what it cannot take."""
    given = {name: value for name, value in body.items() if value is not None}
    rows = lines.told(given.get("lines"), given.get("currency"), options.taxes)
    told = {
        **head({"payment_terms": None, **given}, options),
        "customer": known(given.get("customer_id"), "customer_id"),
        "currency": given["currency"].lower(),
        "auto_advance": False,
        "collection_method": "send_invoice",
        "pending_invoice_items_behavior": "exclude",
        "discounts": "",  # not those of the customer: what was sold is what is billed
    }
    content = digest(told, rows.rows)
    marks = {REFERENCE: reference, LINES: rows.mark, CONTENT: content}
    return Told({**told, "metadata": {**told["metadata"], **marks}}, rows, content)


def head(body: Mapping[str, Any], options: StripeOptions) -> Record:
    """What stands above the lines. Raises Rejected."""
    told: Record = {"metadata": metadata(body, _PLACED)}
    if body.get("issue_date") is not None:
        told["effective_at"] = moment_of(body["issue_date"], "issue_date")
    if "payment_terms" in body:
        told["days_until_due"] = _days(body["payment_terms"], options.payment_terms)
    return told


def kept(stands: Record, body: Mapping[str, Any]) -> None:
    """Raises Rejected where a change is of what Stripe never changes on an invoice."""
    shows = {"customer_id": stands["customer"], "currency": stands["currency"].upper()}
    for name in _FIXED:
        if name in body and body[name] != shows[name]:
            words = f"Stripe changes no {name} of an invoice: take the draft back, then replay"
            raise Rejected(words, code="unsupported", path=name)


def status_of(document: Mapping[str, Any]) -> str:
    """The status in a flow's words."""
    return _STATUS.get(str(document.get("status")), str(document.get("status")))


def headless(invoice: Mapping[str, Any]) -> bool:
    """Whether it is a draft of ours that never got its lines: nothing that a flow made is there yet."""
    marked = (invoice.get("metadata") or {}).get(LINES)
    return status_of(invoice) == "draft" and bool(marked) and not invoice["lines"]["data"]


def whole(invoice: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether its lines are those that it was made with, and nothing was put on top of them or taken off."""
    marked = (invoice.get("metadata") or {}).get(LINES)
    return marked == lines.mark(rows) == f"{len(rows)}/{_net(invoice)}"


def shown(document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], options: StripeOptions) -> Found:
    """A document in a flow's words. `total_minor` is what the connection calls the total; net and gross stand beside it, those of a
    credit note below nothing."""
    kind, currency, status = document["object"], document["currency"].upper(), status_of(document)
    sign = -1 if kind == CREDIT_NOTE else 1
    net, gross = (sign * int(ours(each, currency) or 0) for each in (_net(document), document["total"]))
    record = {
        **noted(document),
        "id": document["id"],
        "reference": reference_of(document),
        "kind": kind,
        "customer_id": document["customer"],
        "currency": currency,
        "status": status,
        "paid": document.get("status") == "paid",
        "number": document.get("number"),
        "net_minor": net,
        "tax_minor": gross - net,
        "gross_minor": gross,
        "total_minor": gross if options.amounts == "gross" else net,
        "lines": lines.shown(rows, currency),
    }
    if kind == CREDIT_NOTE:
        record["credits"] = document["invoice"]
    return Found(id=document["id"], record=record, status=status)


def _net(document: Mapping[str, Any]) -> int:
    """What it adds up to before tax, as Stripe counts."""
    before = document.get("total_excluding_tax")
    return int(document["subtotal"] if before is None else before)


def _days(terms: Any, days: Mapping[str, int]) -> int:
    if not terms:
        words = "Stripe sends an invoice only with the days until it is due"
        raise Rejected(words, reason="missing_payment_terms", path="payment_terms")
    if str(terms) not in days:
        words = f"no days are named for {terms}: name them in payment_terms of the connection"
        raise Rejected(words, reason=UNKNOWN, code=f"payment_terms {terms}"[:100], path="payment_terms")
    return days[str(terms)]
