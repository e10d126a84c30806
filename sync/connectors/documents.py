"""What the documents of any ERP have in common: quantities, prices and amounts as they were given, exact to the last digit, and
values of ours that the ERP has no field for, written so that people can read them and we read them back unchanged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import orjson

from sync.connectors.decode import decode
from sync.errors import Rejected
from sync.model import Record
from sync.money import NotMoney, decimal, exponent

_NOT_WORDS = frozenset('"[{-0123456789tfn')


def quantity_of(line: Mapping[str, Any], path: str) -> Decimal:
    """How many. Raises Rejected."""
    try:
        return decimal(line.get("quantity"))
    except NotMoney as error:
        raise Rejected(str(error), reason="invalid_value", path=f"{path}.quantity") from None


def minor(text: Any, currency: str) -> int | None:
    """Minor units of an amount that an ERP shows, which rounds amounts to the currency; None for what is not there."""
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
    """A value as people read it; read back it is the same value. A text that could be taken for something else is
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


def beyond(values: Mapping[str, Any], placed: Collection[str]) -> dict[str, Any]:
    """The values that have no field of their own."""
    return {name: value for name, value in values.items() if name not in placed}
