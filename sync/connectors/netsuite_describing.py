"""NetSuite's own catalogue of a record as a contract's fields, under the names that flows use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors.netsuite_options import NetSuiteOptions
from sync.described import Described, Property
from sync.model import Record

_NAMES: Mapping[str, Mapping[str, str]] = {
    "customer": {
        "name": "companyName", "email": "email", "phone": "phone", "website": "url", "currency": "currency", "payment_terms": "terms",
        "country": "addressBook", "city": "addressBook", "street": "addressBook", "postcode": "addressBook", "status": "isInactive",
    },
    "invoice": {
        "customer_id": "entity", "currency": "currency", "issue_date": "tranDate", "payment_terms": "terms", "number": "tranId",
        "status": "approvalStatus", "net_minor": "subtotal", "tax_minor": "taxTotal", "gross_minor": "total", "total_minor": "total",
        "department": "department", "class": "class", "lines": "item",
    },
    "customerPayment": {
        "customer_id": "entity", "currency": "currency", "paid_on": "tranDate", "number": "tranId", "amount_minor": "apply",
        "invoice_id": "apply",
    },
}  # fmt: skip
_TYPES = {"lines": "array", "issue_date": "date", "paid_on": "date"}
_WHOLE = {"net_minor", "tax_minor", "gross_minor", "total_minor", "amount_minor"}


def described(entity: str, kind: str, catalogue: Record | None, options: NetSuiteOptions) -> Described | None:
    """The fields that the catalogue still has; None where it has no such record."""
    if catalogue is None:
        return None
    names = {
        "id": "id",
        "reference": "externalId",
        **_NAMES.get(kind, _NAMES["invoice"]),
        **options.fields.get(entity, {}),
    }
    if kind == "customer" and options.vat_field is not None:
        names.setdefault("vat_id", options.vat_field)
    fields = {ours: _property(ours, catalogue[theirs]) for ours, theirs in names.items() if theirs in catalogue}
    return Described(entity=entity, fields=fields)


def _property(ours: str, told: Any) -> Property:
    said = told if isinstance(told, Mapping) else {}
    kinds = {"number": "number", "integer": "integer", "boolean": "boolean"}
    type_ = "integer" if ours in _WHOLE else _TYPES.get(ours) or kinds.get(str(said.get("type")), "string")
    return Property(label=str(said.get("title") or ""), type=type_)
