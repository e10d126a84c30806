"""How the suite handles each kind of connector: its fake, its options, one write, one signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import harness_csv
import harness_hubspot
import harness_netsuite
import harness_salesforce
import harness_sql
import harness_stripe
import tryton_fake
from connector_fakes import ERP_DESCRIPTION, NOW, TOKEN, Erp
from harness import Harness
from harness_hubspot import sign as sign_hubspot
from standardwebhooks import Webhook as Signer

from sync.connectors import kinds
from sync.connectors.testing.harness import World as World
from sync.connectors.testing.harness import offline as offline_of
from sync.connectors.testing.harness import world_of
from sync.ports import Incoming

SIGNING_SECRET = "whsec_" + base64.b64encode(b"a signing secret of 32 bytes ...").decode()


TRYTON = {
    "database": "books", "user": "sync", "password": TOKEN, "company": tryton_fake.COMPANY, "amounts": "net",
    "payment_terms": {"NET30": "Net 30"},
}  # fmt: skip
INVOICE: dict[str, Any] = {
    "customer_id": "100", "currency": "EUR", "issue_date": "2026-11-20", "payment_terms": "NET30", "billing_code": "BC-1",
    "lines": [
        {"product_code": "Atlas Pro", "description": "Workstation", "quantity": 2, "unit_price_minor": 249000, "account": "4000"}
    ],
}  # fmt: skip


def _erp() -> Erp:
    return Erp(invoices={1: {"id": 1, "reference": "old", "status": "draft", "lines": [1]}})


def sign_standard(at: datetime, body: bytes) -> Incoming:
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Signer(SIGNING_SECRET).sign("msg_1", at, body.decode()),
    }
    return Incoming(method="POST", url="https://sync.example.com/hooks/shop", headers=headers, body=body)


HARNESSES: Mapping[str, Harness] = {
    "csv": harness_csv.HARNESS,
    "hubspot": harness_hubspot.HARNESS,
    "netsuite": harness_netsuite.HARNESS,
    "rest": Harness(
        options=lambda url: {
            "base_url": url,
            "token": TOKEN,
            "describe": ERP_DESCRIPTION,
            "webhooks": {"secrets": [SIGNING_SECRET], "entity": "invoice"},
        },
        sign=sign_standard,
        body=b'{"type": "invoice.paid", "timestamp": "2026-11-20T08:59:00Z", "data": {"id": 5}}',
        fake=_erp,
        mount=Erp.mount,
        get=("invoice", "1"),
        create=("invoice", "crm-deal-5", {"lines": [{"price": 1}]}),
        write={"method": "POST", "path": "/v1/invoices"},
        count=lambda erp: sum(i["reference"] == "crm-deal-5" for i in erp.invoices.values()),
        read="invoice",
        polled=True,
    ),
    "salesforce": harness_salesforce.HARNESS,
    "sql": harness_sql.HARNESS,
    "stripe": harness_stripe.HARNESS,
    "tryton": Harness(
        options=lambda url: {**TRYTON, "base_url": url},
        secret="password",
        fake=tryton_fake.books,
        mount=tryton_fake.Tryton.mount,
        get=("invoice", "1"),
        create=("invoice", "crm-deal-5", INVOICE),
        write={"method": "POST", "path": "account.invoice.create"},
        count=lambda erp: sum(each["reference"] == "crm-deal-5" for each in erp.invoices.values()),
        read="invoice",
        polled=True,
    ),
    "webhook": Harness(
        options=lambda url: {"secrets": [SIGNING_SECRET], "entity": "orders"},
        sign=sign_standard,
        read="orders",
        body=b'{"type": "order.paid", "timestamp": "2026-11-20T08:59:00Z", "data": {"id": 5, "total": 12.50}}',
    ),
}


def world(kind: str, **options: Any) -> Any:
    """A connection of this kind to a fresh fake."""
    return world_of(kinds()[kind], HARNESSES[kind], **options)


def offline(kind: str) -> Any:
    """A connection of this kind to an address where nobody answers."""
    return offline_of(kinds()[kind], HARNESSES[kind])


def signed_bytes(kind: str, body: bytes) -> Incoming:
    if kind == "hubspot":
        return sign_hubspot(NOW, body)
    stamp = str(int(NOW.timestamp()))
    key = base64.b64decode(SIGNING_SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, b"m." + stamp.encode() + b"." + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    headers = {"webhook-id": "m", "webhook-timestamp": stamp, "webhook-signature": signature}
    return Incoming(method="POST", url="https://sync.example.com/hooks/shop", headers=headers, body=body)
