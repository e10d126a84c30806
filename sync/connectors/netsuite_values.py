"""Values as NetSuite takes and shows them: external ids of few characters, numbers with all their digits, days, moments by the
account's own clock, and a memo in which what has no field of its own stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from sync.connectors.documents import note_text, read_note
from sync.errors import Rejected
from sync.money import NotMoney, decimal, exponent

_MOMENT = "%Y-%m-%d %H:%M:%S"
_LONGEST_MEMO = 999
_NOTE = re.compile(r"([A-Za-z][A-Za-z0-9_]*): (.*)", re.DOTALL)
_PARTS = re.compile(r'((?:"(?:[^"\\]|\\.)*"|[^";])*)(?:; |$)')
_KEPT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_ESCAPED = re.compile(r"_([0-9a-f]{2})")
_HOUR = timedelta(hours=1)


def external_id(reference: str) -> str:
    """Our reference as an external id, which holds only letters, digits, `_` and `-` (Oracle, "Using External IDs"). Small letters,
    digits and `-` stay, any other byte becomes `_` and two digits: no two references become one, even where case does not count."""
    return "".join(chr(byte) if chr(byte) in _KEPT else f"_{byte:02x}" for byte in reference.encode())


def reference_of(external: Any) -> str:
    """The reference that an external id stands for; one that is not ours stays as it is."""
    text = str(external or "")
    try:
        ours = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).encode("latin-1").decode()
    except ValueError:
        return text
    return ours if external_id(ours) == text else text


def exact(value: Decimal) -> orjson.Fragment:
    """A JSON number with these very digits."""
    return orjson.Fragment(format(value, "f").encode())


def price_of(line: Mapping[str, Any], currency: str, path: str) -> Decimal:
    """The unit price of a line before tax, from `unit_price_minor` or the text `unit_price`. Raises Rejected."""
    name = "unit_price" if "unit_price" in line else "unit_price_minor"
    try:
        given = decimal(line.get(name))
    except NotMoney as error:
        raise Rejected(str(error), reason="invalid_amount", path=f"{path}.{name}") from None
    return given if name == "unit_price" else given.scaleb(-exponent(currency))


def day(text: Any, path: str) -> str:
    """A day. Raises Rejected for a text that is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except (TypeError, ValueError):
        raise Rejected(f"{path} is not a date such as 2026-11-30", reason="invalid_value", path=path) from None


def memo(values: Mapping[str, Any]) -> str:
    """What has no field of its own, for people to read: `billing_code: BC-1; seats: 12`. Raises Rejected where it is too long."""
    told = "; ".join(f"{name}: {_noted(value)}" for name, value in sorted(values.items()) if value is not None)
    if len(told) > _LONGEST_MEMO:
        words = f"the memo of NetSuite holds {_LONGEST_MEMO} characters: give {', '.join(sorted(values))} fields of their own"
        raise Rejected(words, reason="invalid_value")
    return told


def read_memo(text: Any) -> dict[str, Any]:
    """The values of such a memo; other parts are people's own."""
    matches = (_NOTE.fullmatch(part) for part in _PARTS.findall(str(text or "")))
    return {matched[1]: read_note(matched[2]) for matched in matches if matched}


def _noted(value: Any) -> str:
    text = note_text(value)
    return orjson.dumps(value).decode() if isinstance(value, str) and text == value and set(';"') & set(value) else text


def moment(text: Any, zone: ZoneInfo) -> datetime | None:
    """A moment that SuiteQL told by the account's clock; of an hour that comes twice the first."""
    try:
        return datetime.strptime(str(text), _MOMENT).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def told(at: datetime, zone: ZoneInfo) -> str:
    """A moment by the account's clock."""
    return at.astimezone(zone).strftime(_MOMENT)


def span(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """From when to when on the account's clock everything between two moments stands. Where the clock is changed between them it is
    an hour more on both sides, so that an hour which comes twice hides nothing."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    plain = (first.replace(tzinfo=None), last.replace(tzinfo=None))
    more = _HOUR if first.utcoffset() != last.utcoffset() else timedelta()
    return (min(plain) - more).strftime(_MOMENT), (max(plain) + more).strftime(_MOMENT)


def number(target_id: str, path: str) -> str:
    """An id as NetSuite counts. Raises Rejected."""
    if not (target_id.isascii() and target_id.isdecimal() and len(target_id) < 16):
        raise Rejected(f"{target_id[:60]!r} is not an id of NetSuite", reason="not_in_erp", path=path)
    return target_id
