"""Customers as NetSuite keeps them, by our reference as external id. What a customer has no field for stands in its comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors.netsuite_codes import Codes
from sync.connectors.netsuite_values import memo, read_memo, reference_of
from sync.model import Found, Record

_PLAIN = {"name": "companyName", "email": "email", "phone": "phone", "website": "url"}
_ADDRESS = {"street": "addr1", "postcode": "zip", "city": "city"}
_OWN = {*_PLAIN, *_ADDRESS, "country", "vat_id", "currency", "payment_terms"}


class Customers:
    """The shelf of customers."""

    kind = "customer"
    table = "customer"
    only = ""
    columns: Mapping[str, str] = {
        "name": "companyname", "email": "email", "phone": "phone", "website": "url", "currency": "currency",
        "vat_id": "vatregnumber", "status": "isinactive",
    }  # fmt: skip

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._fields = dict(codes.options.fields.get("customer", {}))
        if codes.options.vat_field is not None:
            self._fields.setdefault("vat_id", codes.options.vat_field)

    async def shown(self, customer: Mapping[str, Any]) -> Found:
        """A customer in a flow's words. One that is not active is `closed`."""
        codes, status = self._codes, "closed" if customer.get("isInactive") else "open"
        address = _first_address(customer)
        record = {
            **read_memo(customer.get("comments")),
            "id": str(customer["id"]),
            "reference": reference_of(customer.get("externalId")),
            **{ours: customer.get(theirs) for ours, theirs in (*_PLAIN.items(), *self._fields.items())},
            **{ours: address.get(theirs) for ours, theirs in _ADDRESS.items()},
            "country": (address.get("country") or {}).get("id"),
            "status": status,
            "changed_at": customer.get("lastModifiedDate"),
        }
        for name, table, theirs in (("currency", "currency", "currency"), ("payment_terms", "payment_term", "terms")):
            reference = customer.get(theirs)
            record[name] = await codes.name(table, reference["id"]) if reference else None
        return Found(id=str(customer["id"]), record=record, status=status)

    async def new(self, body: Record) -> Record:
        """What NetSuite is told of a new customer. Raises Rejected for a code that it does not know."""
        told = {"isPerson": False, **await self._values(body, {})}
        subsidiary = self._codes.options.subsidiary
        if subsidiary is not None:
            told["subsidiary"] = {"id": (await self._codes.one("subsidiary", subsidiary, "subsidiary"))["id"]}
        return told

    async def changed(self, stands: Record, body: Record) -> Record:
        """What NetSuite is told of a change."""
        return await self._values(body, stands)

    async def _values(self, body: Mapping[str, Any], of: Mapping[str, Any]) -> Record:
        told: Record = {theirs: body[ours] for ours, theirs in _PLAIN.items() if ours in body}
        told |= {theirs: body[ours] for ours, theirs in self._fields.items() if ours in body}
        for name, table, theirs in (("currency", "currency", "currency"), ("payment_terms", "payment_term", "terms")):
            if body.get(name) is not None:
                told[theirs] = {"id": (await self._codes.one(table, body[name], name))["id"]}
        address = {theirs: body[ours] for ours, theirs in _ADDRESS.items() if body.get(ours) is not None}
        if body.get("country"):
            address["country"] = {"id": body["country"]}
        if address:
            whole = {**_plain_address(_first_address(of)), **address}
            told["addressBook"] = {"items": [{"defaultBilling": True, "addressBookAddress": whole}]}
        noted = {name: value for name, value in body.items() if name not in _OWN and name not in self._fields}
        if noted:
            told["comments"] = memo({**read_memo(of.get("comments")), **noted})
        return told


def _first_address(customer: Mapping[str, Any]) -> Mapping[str, Any]:
    entries = (customer.get("addressBook") or {}).get("items") or []
    found: Mapping[str, Any] = next((each for each in entries if each.get("defaultBilling")), next(iter(entries), {}))
    address: Mapping[str, Any] = found.get("addressBookAddress") or {}
    return address


def _plain_address(address: Mapping[str, Any]) -> Record:
    kept = {name: address[name] for name in _ADDRESS.values() if address.get(name) is not None}
    return kept | ({"country": {"id": address["country"]["id"]}} if address.get("country") else {})
