"""What the ERP's books are made of: customers, and invoices with the credit notes that take them back."""

from dataclasses import dataclass
from dataclasses import fields as fields_of
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from bot.sandbox.erp_rules import Json

INVOICE, CREDIT_NOTE = "invoice", "credit_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    id: str
    reference: str
    name: str
    country: str
    currency: str
    vat_id: str | None
    email: str | None
    payment_terms: str | None
    blocked: bool

    def document(self) -> Json:
        return values_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice, or a credit note: then `credits` is the id of the invoice, and quantities and total are negative."""

    id: str
    reference: str
    customer_id: str
    currency: str
    issue_date: str
    payment_terms: str
    contract_reference: str
    sync_reference: str
    billing_code: str | None
    lines: tuple[Json, ...]
    status: str = "draft"
    number: str | None = None
    kind: str = INVOICE
    credits: str | None = None
    purchase_order: str | None = None
    cost_center: str | None = None
    document_url: str | None = None

    @property
    def total_minor(self) -> int:
        return sum(map(line_total_minor, self.lines))

    def document(self) -> Json:
        return values_of(self) | {"lines": [dict(line) for line in self.lines], "total_minor": self.total_minor}


def line_total_minor(line: Json) -> int:
    """Quantity × price less the discount of the line, rounded half to even."""
    worth = line["quantity"] * line["unit_price_minor"]
    if not line.get("discount_percent"):
        return int(worth)
    exact = worth * (100 - Decimal(line["discount_percent"])) / 100
    return int(exact.to_integral_value(ROUND_HALF_EVEN))


def values_of(record: Any) -> Json:
    """The fields of a record by name."""
    return {field.name: getattr(record, field.name) for field in fields_of(record)}
