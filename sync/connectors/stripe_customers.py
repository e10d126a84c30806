"""Customers as Stripe keeps them. What a customer has no field for, as the VAT id, stands in its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors.stripe_values import REFERENCE, metadata, noted, reference_of
from sync.model import Found, Record

_PLAIN = {"name": "name", "email": "email", "phone": "phone"}
_ADDRESS = {"street": "line1", "postcode": "postal_code", "city": "city", "country": "country"}
_PLACED = {*_PLAIN, *_ADDRESS}


def shown(customer: Mapping[str, Any]) -> Found:
    """A customer in a flow's words."""
    address = customer.get("address") or {}
    record = {
        **noted(customer),
        "id": customer["id"],
        "reference": reference_of(customer),
        **{ours: customer.get(theirs) for ours, theirs in _PLAIN.items()},
        **{ours: address.get(theirs) for ours, theirs in _ADDRESS.items()},
        "status": "open",
    }
    return Found(id=customer["id"], record=record, status="open")


def new(reference: str, body: Record) -> Record:
    """What Stripe is told of a new customer. Raises Rejected."""
    told = changed({name: value for name, value in body.items() if value is not None})
    return {**told, "metadata": {**told["metadata"], REFERENCE: reference}}


def changed(body: Record) -> Record:
    """What Stripe is told of a change: an empty text takes a value away. Raises Rejected."""
    told: Record = {theirs: _text(body[ours]) for ours, theirs in _PLAIN.items() if ours in body}
    address = {theirs: _text(body[ours]) for ours, theirs in _ADDRESS.items() if ours in body}
    if address:
        told["address"] = address
    return {**told, "metadata": metadata(body, _PLACED)}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
