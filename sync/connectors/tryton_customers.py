"""Customers as Tryton keeps them: a party whose code is our reference, with its VAT id, its address and its ways of contact.
What a party has no field for is kept among these under its own name, so that nothing that a flow gives is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors.failures import understood
from sync.connectors.tryton_codes import UNKNOWN, Codes
from sync.connectors.tryton_values import note_text, number, read_note
from sync.errors import Rejected
from sync.model import Found, Record

_ADDRESS = {"street": "street", "postcode": "postal_code", "city": "city"}
_CONTACTS = ("email", "phone", "website")
_OWN = {"name", "vat_id", "country", *_ADDRESS}
_BILLED = ("active", "replaced_by", "account_receivable", "addresses")


class Customers:
    """The shelf of customers."""

    model = "party.party"
    fields: Sequence[str] = (
        "code", "name", "active", "replaced_by", "write_date", "create_date", "identifiers.type", "identifiers.code",
        "addresses.street", "addresses.postal_code", "addresses.city", "addresses.country.code", "contact_mechanisms.type",
        "contact_mechanisms.name", "contact_mechanisms.value",
    )  # fmt: skip
    head = fields

    def __init__(self, codes: Codes) -> None:
        self._codes, self._vat_id = codes, codes.options.vat_id_type

    def called(self, reference: str) -> list[Any]:
        """How those with our reference are found."""
        return [["code", "=", reference]]

    def within(self, company: int) -> list[Any]:
        """All companies share their parties."""
        return []

    def shown(self, party: Record) -> Found:
        """A party in a flow's words. One that is not active, or was merged into another, is `closed`."""
        address: Record = next(iter(party.get("addresses.") or []), {})
        contacts = party.get("contact_mechanisms.") or []
        status = "open" if party.get("active") and not party.get("replaced_by") else "closed"
        record = {
            **{
                each["name"]: read_note(each["value"])
                for each in contacts
                if each.get("type") == "other" and each.get("name")
            },
            "id": str(party["id"]),
            "reference": party.get("code"),
            "name": party.get("name"),
            "vat_id": _first(party.get("identifiers.") or [], "type", self._vat_id).get("code"),
            "country": (address.get("country.") or {}).get("code"),
            **{ours: address.get(theirs) for ours, theirs in _ADDRESS.items()},
            **{kind: _first(contacts, "type", kind).get("value") for kind in _CONTACTS},
            "status": status,
            "changed_at": party.get("write_date") or party.get("create_date"),
        }
        return Found(id=str(party["id"]), record=record, status=status)

    async def new(self, reference: str, body: Record) -> Record:
        """What Tryton is told of a new customer. Raises Rejected for a country that it does not know."""
        return {**await self._values(body, {}), "code": reference}

    async def changed(self, stands: Record, body: Record) -> Record:
        """What Tryton is told of a change."""
        return await self._values(body, stands)

    async def _values(self, body: Mapping[str, Any], of: Record) -> Record:
        told: Record = {"name": body["name"]} if "name" in body else {}
        if "vat_id" in body:
            at = _first(of.get("identifiers.") or [], "type", self._vat_id)
            told["identifiers"] = _change(
                at, {"type": self._vat_id, "code": body["vat_id"]} if body["vat_id"] else None
            )
        address = await self._address(body)
        if address or not of:  # an invoice needs one
            told["addresses"] = _change(next(iter(of.get("addresses.") or []), {}), address)
        contacts = [change for name in sorted(body.keys() - _OWN) for change in _contact(name, body[name], of)]
        return {**told, "contact_mechanisms": contacts} if contacts else told

    async def _address(self, body: Mapping[str, Any]) -> Record:
        address = {theirs: body[ours] for ours, theirs in _ADDRESS.items() if ours in body}
        if body.get("country"):
            address["country"] = (await self._codes.one("country", body["country"], "country"))["id"]
        return address


async def bill_to(codes: Codes, customer_id: Any) -> Record:
    """The party that a document goes to, its account and its address. Raises Rejected for one that cannot be billed any more."""
    found = await codes.link.read(Customers.model, [["id", "=", number(str(customer_id), "customer_id")]], _BILLED)
    party = found[0] if found else {}
    wrong = ""
    if not party:
        wrong = "is not in Tryton any more"
    elif party.get("replaced_by"):
        wrong = f"was merged into party {party['replaced_by']} in Tryton"
    elif not party.get("active"):
        wrong = "is not active in Tryton"
    elif not party.get("addresses"):
        wrong = "has no address in Tryton"
    if wrong:
        words = f"customer {customer_id} {wrong}"
        raise Rejected(words, reason=UNKNOWN, code=f"customer {customer_id}", path="customer_id")
    account = party.get("account_receivable") or await codes.receivable()
    with understood("Tryton"):
        return {"party": party["id"], "account": account, "invoice_address": party["addresses"][0]}


def _contact(name: str, value: Any, of: Record) -> list[Any]:
    standing = of.get("contact_mechanisms.") or []
    if name in _CONTACTS:
        return _change(_first(standing, "type", name), {"type": name, "value": value} if value else None)
    others = [each for each in standing if each.get("type") == "other"]
    told = None if value in (None, "") else {"type": "other", "name": name, "value": note_text(value)}
    return _change(_first(others, "name", name), told)


def _change(stands: Mapping[str, Any], becomes: Record | None) -> list[Any]:
    """The change of one record among those of a party: created, changed, deleted or nothing."""
    if becomes is None:
        return [["delete", [stands["id"]]]] if stands else []
    return [["write", [stands["id"]], becomes]] if stands else [["create", [becomes]]]


def _first(records: list[Record], field: str, value: Any) -> Record:
    return next((each for each in records if each.get(field) == value), {})
