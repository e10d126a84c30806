"""Values as Tryton writes them: money and dates are tagged objects, so that no digit is lost on the way. Ours are plain text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import orjson

from sync.connectors.decode import decode
from sync.errors import Rejected
from sync.model import Record
from sync.money import NotMoney, decimal, exponent

PRICE_PLACES = 4
"""So many decimals Tryton keeps of a price."""
_OF_DAY = ("hour", "minute", "second", "microsecond")
_NOTE = re.compile(r"([A-Za-z][A-Za-z0-9_]*): (.*)")
_NOT_WORDS = frozenset('"[{-0123456789tfn')


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


def quantity_of(line: Mapping[str, Any], path: str) -> Decimal:
    """How many. Raises Rejected."""
    try:
        return decimal(line.get("quantity"))
    except NotMoney as error:
        raise Rejected(str(error), reason="invalid_value", path=f"{path}.quantity") from None


def minor(text: Any, currency: str) -> int | None:
    """Minor units of an amount that Tryton shows; None for what is not there. Tryton rounds amounts to the currency."""
    if text is None:
        return None
    return int(decimal(text).scaleb(exponent(currency)).to_integral_value(rounding=ROUND_HALF_EVEN))


def of_minor(units: int, currency: str) -> Decimal:
    """The amount that so many minor units are."""
    return Decimal(units).scaleb(-exponent(currency))


def discount_of(line: Mapping[str, Any], worth: Decimal, currency: str, path: str) -> Decimal:
    """What the `discount_percent` of a line takes off its worth, in whole minor units: what is left is rounded half to even.
    Raises Rejected."""
    told = line.get("discount_percent")
    try:
        percent = decimal(told) if told not in (None, "") else Decimal()
    except NotMoney:
        percent = Decimal(-1)
    if not 0 <= percent <= 100:
        words = "a discount is between 0 and 100 percent"
        raise Rejected(words, reason="invalid_value", path=f"{path}.discount_percent")
    places = exponent(currency)
    return round(worth, places) - round(worth * (100 - percent) / 100, places) if percent else Decimal()


def shown_price(text: Any, currency: str) -> Record:
    """A unit price as it was given: whole minor units, else the decimal text."""
    price = decimal(text)
    scaled = price.scaleb(exponent(currency))
    if scaled == scaled.to_integral_value():
        return {"unit_price_minor": int(scaled)}
    return {"unit_price": format(price.normalize(), "f")}


def shown_quantity(value: Any) -> int | str:
    """A quantity as it was given: whole where it is."""
    many = decimal(str(value))
    return int(many) if many == many.to_integral_value() else format(many.normalize(), "f")


def note_text(value: Any) -> str:
    """A value as people read it in Tryton; read back it is the same value. A text that could be taken for something else is
    quoted."""
    if isinstance(value, str) and value == value.strip() and value.isprintable() and read_note(value) == value:
        return value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def read_note(text: str) -> Any:
    """The value that such a text stands for."""
    try:
        return decode(text.encode()) if text[:1] in _NOT_WORDS else text
    except ValueError:
        return text


def notes(values: Mapping[str, Any]) -> str:
    """What Tryton has no field for, one line each: `billing_code: BC-1`."""
    return "\n".join(f"{name}: {note_text(value)}" for name, value in sorted(values.items()) if value is not None)


def read_notes(text: Any) -> dict[str, Any]:
    """The values of such lines; other lines are people's own."""
    matches = (_NOTE.fullmatch(line) for line in str(text or "").split("\n"))
    return {matched[1]: read_note(matched[2]) for matched in matches if matched}


def beyond(values: Mapping[str, Any], placed: Collection[str]) -> dict[str, Any]:
    """The values that Tryton has no field for."""
    return {name: value for name, value in values.items() if name not in placed}


def number(target_id: str, path: str) -> int:
    """An id as Tryton counts. Raises Rejected."""
    if not (target_id.isascii() and target_id.isdecimal() and len(target_id) < 16):
        raise Rejected(f"{target_id[:60]!r} is not an id of Tryton", reason="not_in_erp", path=path)
    return int(target_id)
