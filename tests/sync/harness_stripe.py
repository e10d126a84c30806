"""How the suite handles Stripe: its fake, and an invoice, whose lines are the write that counts."""

from __future__ import annotations

from typing import Any

from harness import Harness

from tests.sync.fakes.stripe import TOKEN, Stripe, account

STRIPE: dict[str, Any] = {
    "api_key": TOKEN,
    "amounts": "net",
    "payment_terms": {"NET30": 30},
    "taxes": {"VAT20": "txr_20"},
}
INVOICE: dict[str, Any] = {
    "customer_id": "cus_100", "currency": "EUR", "issue_date": "2026-11-20", "payment_terms": "NET30", "billing_code": "BC-1",
    "lines": [
        {"product_code": "Atlas Pro", "description": "Workstation", "quantity": 2, "unit_price_minor": 249000, "account": "4000"}
    ],
}  # fmt: skip


def written(fake: Stripe, reference: str) -> list[dict[str, Any]]:
    """The invoices with this reference that have lines."""
    invoices = fake.records["invoice"].values()
    return [
        each for each in invoices if each["metadata"].get("meshline_reference") == reference and each["lines"]["data"]
    ]


HARNESS = Harness(
    options=lambda url: {**STRIPE, "base_url": url},
    secret="api_key",
    fake=account,
    mount=Stripe.mount,
    get=("invoice", "in_100"),
    create=("invoice", "crm-deal-5", INVOICE),
    write={"method": "POST", "path": "/add_lines"},
    count=lambda fake: len(written(fake, "crm-deal-5")),
)
