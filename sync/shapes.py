"""Whether a value is of a type, as contracts name types. Sources write numbers, dates and flags as text; that counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync.money import NotMoney, decimal
from sync.transforms import Unreadable, utc_date, whole


def _reads(read: Callable[[Any], object]) -> Callable[[Any], bool]:
    def is_read(value: Any) -> bool:
        try:
            read(value)
        except (NotMoney, Unreadable):
            return False
        return not isinstance(value, bool)

    return is_read


IS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": _reads(whole),
    "number": _reads(decimal),
    "boolean": lambda value: isinstance(value, bool) or value in ("true", "false"),
    "date": _reads(utc_date),
    "timestamp": _reads(utc_date),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
