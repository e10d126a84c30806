"""Values as Stripe keeps them: amounts in its own smallest units, days, and what has no field of its own as metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson

from sync.connectors.documents import note_text, read_note
from sync.errors import Rejected
from sync.model import Record
from sync.money import NotMoney, decimal, exponent

REFERENCE, LINES, CONTENT = "meshline_reference", "meshline_lines", "meshline_content"
_OURS = "meshline_"
_WHOLE = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
_THOUSANDTHS = frozenset("BHD JOD KWD OMR TND".split())
_MOST_KEYS, _LONGEST_KEY, _LONGEST = 50, 40, 500


def _places(currency: str) -> int:
    """How many decimals Stripe gives a currency (Stripe, "Supported currencies"); ISK and UGX have two there, and MGA none."""
    return 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2


def theirs(units: int, currency: str, path: str) -> int:
    """Minor units as Stripe counts them. Raises Rejected for an amount that it cannot hold, such as the last of three decimals."""
    amount = Decimal(units).scaleb(_places(currency) - exponent(currency))
    if amount != amount.to_integral_value() or (currency in _THOUSANDTHS and amount % 10):
        words = f"Stripe holds no amount of {currency} as fine as this one"
        raise Rejected(words, reason="invalid_amount", path=path)
    return int(amount)


def ours(units: Any, currency: str) -> int | None:
    """Minor units of an amount that Stripe shows; None for what is not there. Raises ValueError for what is no amount."""
    if units is None:
        return None
    amount = decimal(units).scaleb(exponent(currency) - _places(currency))
    if amount != amount.to_integral_value():
        raise ValueError("no amount of this currency")
    return int(amount)


def price_of(line: Mapping[str, Any], currency: str, path: str) -> Decimal:
    """The unit price of a line before tax, from `unit_price_minor` or the text `unit_price`. Raises Rejected."""
    name = "unit_price" if "unit_price" in line else "unit_price_minor"
    try:
        given = decimal(line.get(name))
    except NotMoney as error:
        raise Rejected(str(error), reason="invalid_amount", path=f"{path}.{name}") from None
    return given if name == "unit_price" else given.scaleb(-exponent(currency))


def moment_of(day: Any, path: str) -> int:
    """Noon of a day, which is on that day wherever the account is. Raises Rejected for a text that is no day."""
    try:
        return int(datetime.combine(date.fromisoformat(day), time(12), UTC).timestamp())
    except (TypeError, ValueError):
        raise Rejected(f"{path} is not a date such as 2026-11-30", reason="invalid_value", path=path) from None


def metadata(values: Mapping[str, Any], placed: Collection[str], path: str = "") -> dict[str, str]:
    """What has no field of its own; an empty text takes a value away. Raises Rejected for what metadata cannot hold."""
    told = {name: "" if value is None else note_text(value) for name, value in values.items() if name not in placed}
    for name, text in told.items():
        if len(name) > _LONGEST_KEY or len(text) > _LONGEST or set("[]") & set(name) or name.startswith(_OURS):
            words = f"the metadata of Stripe cannot hold {name[:60]}: a value has at most {_LONGEST} characters"
            raise Rejected(words, reason="invalid_value", path=f"{path}{name}")
    if len(told) > _MOST_KEYS - 3:
        raise Rejected(f"the metadata of Stripe holds {_MOST_KEYS - 3} values", reason="invalid_value")
    return told


def noted(record: Mapping[str, Any]) -> Record:
    """The values of such metadata; ours about ours are left out."""
    found = record.get("metadata") or {}
    return {name: read_note(text) for name, text in found.items() if not name.startswith(_OURS)}


def reference_of(record: Mapping[str, Any]) -> str:
    """Our reference on a record; empty where it has none."""
    return str((record.get("metadata") or {}).get(REFERENCE) or "")


def digest(*parts: Any) -> str:
    """A name for these values, the same for the same ones."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
