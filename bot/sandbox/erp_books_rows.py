"""What the ERP's books are made of: customers, and invoices with the credit notes that take them back."""

from dataclasses import dataclass
from dataclasses import fields as fields_of
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

    @property
    def total_minor(self) -> int:
        return sum(line["quantity"] * line["unit_price_minor"] for line in self.lines)

    def document(self) -> Json:
        return values_of(self) | {"lines": [dict(line) for line in self.lines], "total_minor": self.total_minor}


def values_of(record: Any) -> Json:
    """The fields of a record by name."""
    return {field.name: getattr(record, field.name) for field in fields_of(record)}
