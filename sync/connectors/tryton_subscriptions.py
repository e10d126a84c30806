"""Subscriptions in Tryton. What was consumed of a line is never rewritten: a change ends the line the day before and begins
another, so that what was billed stays as it was and what comes is billed as agreed. What a subscription has no field for
stands in its description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sync.connectors.tryton_codes import Codes
from sync.connectors.tryton_customers import Customers, bill_to
from sync.connectors.tryton_values import (
    beyond,
    minor,
    notes,
    price_of,
    quantity_of,
    read_notes,
    shown_price,
    shown_quantity,
    tagged_day,
    tagged_decimal,
)
from sync.errors import Rejected
from sync.model import Found, Record
from sync.money import decimal

STATUS = {"running": "posted", "closed": "closed", "cancelled": "void"}
_PLACED = {"customer_id", "currency", "payment_terms", "starts_on", "ends_on", "recurrence", "changes_on", "lines"}
_BETWEEN = " | "


class Subscriptions:
    """The shelf of subscriptions."""

    model = "sale.subscription"
    fields: Sequence[str] = (
        "number", "reference", "state", "currency.code", "payment_term.name", "start_date", "end_date", "next_invoice_date",
        "invoice_recurrence.name", "description", "write_date", "create_date", "lines.service.product.code", "lines.description",
        "lines.quantity", "lines.unit_price", "lines.start_date", "lines.end_date", "lines.consumed_until",
        "lines.consumption_recurrence.name", *(f"party.{each}" for each in Customers.fields),
    )  # fmt: skip
    head = fields

    def __init__(self, codes: Codes, parties: Customers) -> None:
        self._codes, self._parties = codes, parties

    def called(self, reference: str) -> list[Any]:
        """How those with our reference are found."""
        return [["reference", "=", reference]]

    def within(self, company: int) -> list[Any]:
        """Those of one company."""
        return [["company", "=", company]]

    def shown(self, found: Record) -> Found:
        """A subscription in a flow's words: its open `lines`, those that ended before the subscription as `ended_lines`, and what
        the open ones come to each time."""
        codes, currency = self._codes, (found.get("currency.") or {}).get("code") or ""
        state = str(found.get("state"))
        status = STATUS.get(state, "draft")
        party = self._parties.shown(found["party."]).record if found.get("party.") else None
        rows = sorted(found.get("lines.") or [], key=lambda each: int(each["id"]))
        current = [row for row in rows if _is_open(row, found)]
        record = {
            **read_notes(str(found.get("description") or "").replace(_BETWEEN, "\n")),
            "id": str(found["id"]),
            "reference": found.get("reference"),
            "number": found.get("number"),
            "state": state,
            "status": status,
            "customer_id": party["id"] if party else None,
            "party": party,
            "currency": currency,
            "payment_terms": codes.ours("payment_term", (found.get("payment_term.") or {}).get("name")),
            "starts_on": found.get("start_date"),
            "ends_on": found.get("end_date"),
            "recurrence": (found.get("invoice_recurrence.") or {}).get("name"),
            "lines": [self._line(row, currency) for row in current],
            "ended_lines": [self._line(row, currency) for row in rows if row not in current],
            "total_minor": sum(_worth(row, currency) for row in current),
            "changed_at": found.get("write_date") or found.get("create_date"),
        }
        return Found(id=str(found["id"]), record=record, status=status)

    async def new(self, reference: str, body: Record) -> Record:
        """What Tryton is told of a new draft. Raises Rejected with the path of what it cannot take."""
        bill = await bill_to(self._codes, body.get("customer_id"))
        told = {
            **await self._head(body), "party": bill["party"], "invoice_address": bill["invoice_address"],
            "company": self._codes.link.company, "reference": reference,
            "lines": [["create", await self._told(body.get("lines"), body)]],
        }  # fmt: skip
        return told

    async def changed(self, stands: Record, body: Record) -> Record:
        """What Tryton is told of a change. Raises Rejected for a change on a day that is consumed already."""
        told = await self._head(body, str(stands.get("description") or ""))
        if "lines" in body:
            whole = {**self.shown(stands).record, **body}
            lines = self._lines(stands, body["lines"], await self._told(body["lines"], whole), body.get("changes_on"))
            if lines:
                told["lines"] = lines
        return _differing(told, stands)

    def _lines(self, stands: Record, given: Sequence[Any], told: Sequence[Record], changes_on: Any) -> list[Any]:
        """What happens to the lines: those that say what is wanted stay, the others end, what is new begins."""
        currency = str((stands.get("currency.") or {}).get("code"))
        left = [row for row in stands.get("lines.") or [] if _is_open(row, stands)]
        made, gone = list[Record](), list[Any]()
        for line, values in zip(given, told, strict=True):
            same = next((row for row in left if _says(self._line(row, currency), line)), None)
            if same is None:
                made.append(values)
            else:
                left.remove(same)
        for row in left:
            gone.append(_ended(row, changes_on))
        if changes_on is not None and gone:
            day = tagged_day(changes_on, "changes_on")
            made = [{**values, "start_date": day} for values in made]
        return [*gone, ["create", made]] if made else gone

    async def _head(self, body: Mapping[str, Any], words: str = "") -> Record:
        codes, told = self._codes, dict[str, Any]()
        more = beyond(body, _PLACED)
        if more:
            theirs = [part for part in words.split(_BETWEEN) if part and not read_notes(part)]
            ours = {**read_notes(words.replace(_BETWEEN, "\n")), **more}
            told["description"] = _BETWEEN.join([*theirs, *notes(ours).split("\n")])
        if "currency" in body:
            told["currency"] = (await codes.one("currency", body["currency"], "currency"))["id"]
        if body.get("payment_terms") is not None:
            told["payment_term"] = (await codes.one("payment_term", body["payment_terms"], "payment_terms"))["id"]
        if "recurrence" in body:
            told["invoice_recurrence"] = (await codes.one("recurrence", body["recurrence"], "recurrence"))["id"]
        if "starts_on" in body:
            told["start_date"] = tagged_day(body["starts_on"], "starts_on")
        if "ends_on" in body:
            told["end_date"] = tagged_day(body["ends_on"], "ends_on") if body["ends_on"] else None
        return told

    async def _told(self, given: Any, body: Mapping[str, Any]) -> list[Record]:
        """The lines as Tryton is told of new ones; each begins with the subscription and recurs as it does unless it says else."""
        if not isinstance(given, list) or not given:
            raise Rejected("a subscription needs lines", reason="missing_lines", path="lines")
        codes, currency = self._codes, str(body.get("currency"))
        at = [(line, f"lines[{place}]") for place, line in enumerate(given)]
        services = await codes.several("service", [(line.get("product_code"), f"{p}.product_code") for line, p in at])
        recur = await codes.several(
            "recurrence", [(line.get("recurrence") or body.get("recurrence"), f"{p}.recurrence") for line, p in at]
        )
        return [
            {
                "service": services[str(line.get("product_code"))]["id"],
                "unit": services[str(line.get("product_code"))]["product."]["default_uom"],
                "quantity": float(quantity_of(line, path)),
                "unit_price": tagged_decimal(price_of(line, currency, path)),
                "description": line.get("description"),
                "start_date": tagged_day(line.get("starts_on") or body.get("starts_on"), f"{path}.starts_on"),
                "consumption_recurrence": recur[str(line.get("recurrence") or body.get("recurrence"))]["id"],
            }
            for line, path in at
        ]

    def _line(self, row: Mapping[str, Any], currency: str) -> Record:
        product = ((row.get("service.") or {}).get("product.") or {}).get("code")
        return {
            "product_code": self._codes.ours("product", product),
            "description": row.get("description"),
            "quantity": shown_quantity(row.get("quantity") or 0),
            **shown_price(row.get("unit_price") or 0, currency),
            "starts_on": row.get("start_date"),
            "ends_on": row.get("end_date"),
            "recurrence": (row.get("consumption_recurrence.") or {}).get("name"),
            "consumed_until": row.get("consumed_until"),
        }


def ran(stands: Record) -> bool:
    """Whether it was running once: Tryton keeps the day of its next invoice from then on."""
    return stands.get("next_invoice_date") is not None


def _is_open(row: Mapping[str, Any], of: Mapping[str, Any]) -> bool:
    return row.get("end_date") is None or row["end_date"] == of.get("end_date")


def _worth(row: Mapping[str, Any], currency: str) -> int:
    worth = decimal(str(row.get("quantity") or 0)) * decimal(row.get("unit_price") or 0)
    return minor(format(worth, "f"), currency) or 0


def _says(stands: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    """Whether a standing line says all that is wanted of a line."""
    wanted = {
        name: value for name, value in line.items() if name in stands and name != "starts_on" and value is not None
    }
    return {**wanted, "quantity": shown_quantity(line.get("quantity"))} == {
        name: stands[name] for name in {*wanted, "quantity"}
    }


def _ended(row: Mapping[str, Any], changes_on: Any) -> list[Any]:
    """The end of a line on the day before; one of which nothing was consumed, and that would not begin before, is deleted."""
    consumed, begins = row.get("consumed_until"), str(row["start_date"])
    if changes_on is None or str(changes_on) <= begins:
        if consumed is None:
            return ["delete", [row["id"]]]
        raise _consumed(consumed)
    last = (date.fromisoformat(str(changes_on)) - timedelta(days=1)).isoformat()
    if consumed is not None and str(consumed) > last:
        raise _consumed(consumed)
    return ["write", [row["id"]], {"end_date": tagged_day(last, "changes_on")}]


def _consumed(until: Any) -> Rejected:
    words = f"a line of the subscription is consumed until {until}: it can change from the day after"
    return Rejected(words, reason="changed_after_posting", code="consumed", path="changes_on")


def _differing(told: Record, stands: Record) -> Record:
    """Only what is not so already, so that a second try does nothing."""
    keyed = {"currency": "currency.", "payment_term": "payment_term.", "invoice_recurrence": "invoice_recurrence."}
    days = {"start_date", "end_date"}
    left = dict[str, Any]()
    for name, value in told.items():
        if name == "description":
            same = (stands.get(name) or "") == value
        elif name in keyed:
            same = (stands.get(keyed[name]) or {}).get("id") == value
        elif name in days:
            same = (tagged_day(stands[name], name) if stands.get(name) else None) == value
        else:
            same = False
        if not same:
            left[name] = value
    return left
