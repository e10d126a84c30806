"""How the suite handles NetSuite: its fake, entered by OAuth 1, which needs no key to be made."""

from __future__ import annotations

from typing import Any

from connector_fakes import TOKEN
from harness import Harness

from tests.sync.fakes.netsuite import RECORD, NetSuite, acme

NETSUITE: dict[str, Any] = {
    "account": "1234567_SB1",
    "consumer_key": "consumer-key-1", "consumer_secret": "consumer-secret-2", "token_id": "token-id-3", "token_secret": TOKEN,
    "amounts": "net", "timezone": "America/Los_Angeles", "payment_terms": {"NET30": "Net 30"},
}  # fmt: skip
INVOICE: dict[str, Any] = {
    "customer_id": "100", "currency": "EUR", "issue_date": "2026-11-20", "payment_terms": "NET30", "billing_code": "BC-1",
    "lines": [
        {"product_code": "Atlas Pro", "description": "Workstation", "quantity": 2, "unit_price_minor": 249000, "account": "4000"}
    ],
}  # fmt: skip
HARNESS = Harness(
    options=lambda url: {**NETSUITE, "base_url": url},
    secret="token_secret",
    fake=acme,
    mount=NetSuite.mount,
    get=("invoice", "1"),
    create=("invoice", "crm-deal-5", INVOICE),
    write={"method": "POST", "path": f"{RECORD}/invoice"},
    count=lambda erp: sum(each.get("externalId") == "crm-deal-5" for each in erp.records["invoice"].values()),
    read="invoice",
    polled=True,
)
