"""Named transforms that mapping rows call. Deterministic, decimal-safe; what they cannot read they refuse in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sync import mapping
from sync.money import NotMoney, decimal, is_currency, minor_units

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})")
_AS_WRITTEN = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
_LARGEST = 10**15
LONGEST_TEXT = 100_000
_COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
        "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
        "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
        "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
        "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
        "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
        "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
    ).split()
)
_COUNTRY_NAMES = {
    "austria": "AT", "österreich": "AT", "belgium": "BE", "canada": "CA", "czech republic": "CZ", "czechia": "CZ",
    "denmark": "DK", "finland": "FI", "france": "FR", "germany": "DE", "deutschland": "DE", "india": "IN",
    "ireland": "IE", "israel": "IL", "italy": "IT", "japan": "JP", "luxembourg": "LU", "netherlands": "NL",
    "norway": "NO", "poland": "PL", "portugal": "PT", "spain": "ES", "sweden": "SE", "switzerland": "CH",
    "schweiz": "CH", "united kingdom": "GB", "uk": "GB", "united states": "US", "usa": "US",
}  # fmt: skip


class Unreadable(ValueError):
    """The value is not what the transform reads. The words say what would be."""


def utc_date(value: object) -> date:
    """The UTC day of an ISO date, or of an ISO moment with its offset. Raises Unreadable."""
    words = mapping.text(value)
    try:
        if _DATE.fullmatch(words):
            return date.fromisoformat(words)
        if _MOMENT.fullmatch(words):
            return datetime.fromisoformat(words).astimezone(UTC).date()
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"{words!r} is no day of the calendar") from error
    raise Unreadable(f"{words!r} is no date such as 2026-03-31")


def whole(value: object) -> int:
    """The integer that a plain number means. Raises Unreadable."""
    if type(value) is int and -_LARGEST < value < _LARGEST:
        return value
    try:
        number = decimal(value)
    except NotMoney as error:
        raise Unreadable(f"{mapping.text(value)!r} is no whole number") from error
    if number != number.to_integral_value():
        raise Unreadable(f"{mapping.text(value)!r} is no whole number")
    return int(number)


def amount(value: object) -> Decimal:
    """The exact number that a plain amount below 10^15 means. Raises NotMoney."""
    return decimal(value)


def currency_at(selector: str | None, record: object) -> str | None:
    """The currency that the selector finds in the record; None when it is not known."""
    try:
        code = mapping.text(mapping.select(selector, record)) if selector else ""
    except mapping.SelectorFailed:
        return None
    return code if is_currency(code) else None


def _text(value: Any, currency: str | None) -> str:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise Unreadable(f"a text of at most {LONGEST_TEXT:,} characters")
        return value.strip() if value.isprintable() else mapping.clean(value)
    return mapping.text(value)


def _clip200(value: Any, currency: str | None) -> str:
    words = _text(value, currency)
    return words if len(words) <= 200 else words[:199].rstrip() + "…"


def _upper(value: Any, currency: str | None) -> str:
    return _text(value, currency).upper()


def _lower(value: Any, currency: str | None) -> str:
    return _text(value, currency).lower()


def _decimal_text(value: Any, currency: str | None) -> str:
    if isinstance(value, str) and _AS_WRITTEN.fullmatch(value):
        return value
    return f"{amount(value):f}"


def _minor_units(value: Any, currency: str | None) -> int:
    if currency is None or not is_currency(currency):
        raise NotMoney(f"{currency or 'nothing'} is not a currency")
    return minor_units(amount(value), currency)


def _iso_date(value: Any, currency: str | None) -> str:
    return utc_date(value).isoformat()


def _integer(value: Any, currency: str | None) -> int:
    return whole(value)


def _country2(value: Any, currency: str | None) -> str:
    words = _text(value, currency)
    code = _COUNTRY_NAMES.get(words.casefold(), words.upper())
    if code not in _COUNTRIES:
        raise Unreadable(f"{words[:60]!r} is no country; write its two letters, such as DE")
    return code


Transform = Callable[[Any, str | None], Any]

TRANSFORMS: dict[str, Transform] = {
    "text": _text,
    "clip200": _clip200,
    "upper": _upper,
    "lower": _lower,
    "decimal_text": _decimal_text,
    "minor_units": _minor_units,
    "iso_date": _iso_date,
    "integer": _integer,
    "country2": _country2,
}


NONE: Mapping[str, Transform] = MappingProxyType({})


def apply(names: tuple[str, ...], value: Any, currency: str | None, own: Mapping[str, Transform] = NONE) -> Any:
    """The value after each named transform in turn; `own` are the company's. Raises NotMoney or Unreadable, or what theirs raise."""
    for name in names:
        value = (TRANSFORMS.get(name) or own[name])(value, currency)
    return value
