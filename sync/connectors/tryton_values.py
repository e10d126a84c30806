"""Values as Tryton writes them: money and dates are tagged objects, so that no digit is lost on the way. Ours are plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sync.connectors.documents import beyond as beyond
from sync.connectors.documents import discount_of as discount_of
from sync.connectors.documents import minor as minor
from sync.connectors.documents import note_text as note_text
from sync.connectors.documents import of_minor as of_minor
from sync.connectors.documents import quantity_of as quantity_of
from sync.connectors.documents import read_note as read_note
from sync.connectors.documents import shown_price as shown_price
from sync.connectors.documents import shown_quantity as shown_quantity
from sync.errors import Rejected
from sync.model import Record
from sync.money import NotMoney, decimal, exponent

PRICE_PLACES = 4
"""So many decimals Tryton keeps of a price."""
_OF_DAY = ("hour", "minute", "second", "microsecond")
_NOTE = re.compile(r"([A-Za-z][A-Za-z0-9_]*): (.*)")


def plain(value: Any) -> Any:
    """A value without tags: decimals and dates as text, moments as ISO 8601 in UTC; `lines.` holds what was read along a line."""
    match value:
        case {"__class__": "Decimal", "decimal": str(text)}:
            return text
        case {"__class__": "date", "year": int(year), "month": int(month), "day": int(day)}:
            return date(year, month, day).isoformat()
        case {"__class__": "datetime"}:
            begins = datetime(value["year"], value["month"], value["day"], tzinfo=UTC)
            return begins.replace(**{name: value[name] for name in _OF_DAY}).isoformat()
        case dict():
            return {name: plain(each) for name, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


def tagged_decimal(exact: Decimal) -> Record:
    """A decimal for Tryton, digit by digit."""
    return {"__class__": "Decimal", "decimal": format(exact, "f")}


def tagged_day(text: Any, path: str) -> Record:
    """A day for Tryton. Raises Rejected for a text that is none."""
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        raise Rejected(f"{path} is not a date such as 2026-11-30", reason="invalid_value", path=path) from None
    return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}


def tagged_moment(moment: datetime) -> Record:
    """A moment for Tryton, which keeps UTC."""
    at = moment.astimezone(UTC)
    return {"__class__": "datetime", **{name: getattr(at, name) for name in ("year", "month", "day", *_OF_DAY)}}


def price_of(line: Mapping[str, Any], currency: str, path: str) -> Decimal:
    """The unit price of a line before tax, from `unit_price_minor` or the text `unit_price`. Raises Rejected."""
    name = "unit_price" if "unit_price" in line else "unit_price_minor"
    try:
        given = decimal(line.get(name))
    except NotMoney as error:
        raise Rejected(str(error), reason="invalid_amount", path=f"{path}.{name}") from None
    price = given if name == "unit_price" else given.scaleb(-exponent(currency))
    if price != round(price, PRICE_PLACES):
        words = f"Tryton keeps {PRICE_PLACES} decimals of a price, not {price}"
        raise Rejected(words, reason="invalid_amount", path=f"{path}.{name}")
    return price


def notes(values: Mapping[str, Any]) -> str:
    """What Tryton has no field for, one line each: `billing_code: BC-1`."""
    return "\n".join(f"{name}: {note_text(value)}" for name, value in sorted(values.items()) if value is not None)


def read_notes(text: Any) -> dict[str, Any]:
    """The values of such lines; other lines are people's own."""
    matches = (_NOTE.fullmatch(line) for line in str(text or "").split("\n"))
    return {matched[1]: read_note(matched[2]) for matched in matches if matched}


def number(target_id: str, path: str) -> int:
    """An id as Tryton counts. Raises Rejected."""
    if not (target_id.isascii() and target_id.isdecimal() and len(target_id) < 16):
        raise Rejected(f"{target_id[:60]!r} is not an id of Tryton", reason="not_in_erp", path=path)
    return int(target_id)
