"""The one small job as the peers do it: an event validated against its contract by pydantic and mapped to the ERP's record.
Runs in the peers' own environment."""

from __future__ import annotations

import os
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

DSN = os.environ.get("BENCH_DSN", "")
TARGET = f"http://127.0.0.1:{os.environ.get('BENCH_TARGET_PORT', '')}/customers"
CONCURRENCY = 50
LEDGER = """
CREATE TABLE ledger (
  seq bigserial PRIMARY KEY, event_id text UNIQUE NOT NULL, key text NOT NULL, state smallint NOT NULL DEFAULT 0,
  raw text NOT NULL, at timestamptz DEFAULT now(), done_at timestamptz)
"""

Words = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid")
    street: Words
    city: Words
    zip: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z -]{3,10}$")]
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Contact(BaseModel):
    name: Words
    email: Email
    role: Literal["buyer", "finance", "owner", "other"]


class Customer(BaseModel):
    id: Words
    name: Words
    email: Email
    phone: str | None = None
    vat_id: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9A-Z]{2,12}$")] | None = None
    currency: Literal["EUR", "USD", "GBP", "CHF"]
    payment_terms_days: Annotated[int, Field(ge=0, le=180)]
    credit_limit: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
    active: bool
    segment: Literal["smb", "mid", "enterprise"]
    billing: Address
    shipping: Address | None = None
    contacts: list[Contact] = []
    tags: list[Words] = []


class Event(BaseModel):
    event_id: Words
    event_type: Literal["customer.updated", "customer.created"]
    contract: Literal["crm.customer"]
    contract_version: Literal[3]
    occurred_at: datetime
    source: Words
    seq: int
    key: Words
    data: Customer


validate = Event.__pydantic_validator__.validate_json


def record(event: Event) -> bytes:
    """What the ERP gets."""
    customer = event.data
    return orjson.dumps(
        {
            "externalId": customer.id,
            "idempotencyKey": event.event_id,
            "companyName": customer.name,
            "email": customer.email,
            "phone": customer.phone,
            "taxRegistration": customer.vat_id,
            "currencyCode": customer.currency,
            "terms": f"NET{customer.payment_terms_days}",
            "creditLimit": str(customer.credit_limit),
            "inactive": not customer.active,
            "category": customer.segment.upper(),
            "address": _address(customer.billing),
            "shipTo": None if customer.shipping is None else _address(customer.shipping),
            "contacts": [
                {"displayName": one.name, "mail": one.email, "function": one.role} for one in customer.contacts
            ],
            "sourceSeq": event.seq,
        }
    )


def _address(address: Address) -> dict[str, str]:
    return {
        "line1": address.street,
        "city": address.city,
        "postalCode": address.zip,
        "countryCode": address.country,
    }
