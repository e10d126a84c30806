"""Cells between a file and a record. What a spreadsheet would take for a formula is written with an apostrophe before it, and read
without; numbers have one form on our side whatever their decimal sign in the file."""

from __future__ import annotations

import re
from typing import Any

from sync.errors import Rejected

_FORMULA = "=+-@\t\r"
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")
_GROUPS = "'’   "  # as people write 1'234 or 1 234
_PLAIN = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,12})?")


def guarded(text: str) -> str:
    """The cell as a spreadsheet shows it and never executes it."""
    begins = text.lstrip("'")[:1]
    harmless = not begins or begins not in _FORMULA or _NUMBER.fullmatch(text)
    return text if harmless else f"'{text}"


def unguarded(text: str) -> str:
    """The cell as it was meant."""
    return text[1:] if text.startswith("'") and guarded(text[1:]) == text else text


def number_read(text: str, decimal: str) -> str:
    """The number in plain digits; what is none stays as it is, for the checks of the contract to say."""
    found = text.strip()
    if found.endswith("-"):  # as some ERPs write it
        found = f"-{found[:-1].strip()}"
    for group in (*_GROUPS, "." if decimal == "," else ","):
        found = _without(found, group)
    found = found.replace(decimal, ".", 1)
    return found if _PLAIN.fullmatch(found) else text


def _without(text: str, group: str) -> str:
    """The text without a sign between groups of three digits."""
    whole = re.compile(rf"([+-]?[0-9]{{1,3}})((?:{re.escape(group)}[0-9]{{3}})+)((?:[.,][0-9]+)?)")
    found = whole.fullmatch(text)
    return f"{found[1]}{found[2].replace(group, '')}{found[3]}" if found else text


def written(field: str, value: Any, *, number: bool, decimal: str, encoding: str) -> str:
    """A value of a record as a cell. Raises Rejected for what no cell holds."""
    if isinstance(value, dict | list):
        raise Rejected(f"{field} is a list or an object, which no cell holds", code="value", path=field)
    text = "" if value is None else str(value)
    if number and decimal == "," and _PLAIN.fullmatch(text):
        text = text.replace(".", ",")
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        wrong = text[error.start : error.end][:10]
        raise Rejected(f"{field} holds {wrong!r}, which {encoding} cannot write", code="value", path=field) from None
    if "\0" in text:
        raise Rejected(f"{field} holds the character NUL", code="value", path=field)
    return guarded(text)
