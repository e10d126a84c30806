"""What can be sent to a target: JSON without floats, bounded in every direction, in characters that every system keeps."""

from __future__ import annotations

from typing import Any

from sync.mapping import MOST_ITEMS, sound
from sync.transforms import LONGEST_TEXT, Unreadable

DEEPEST = 50
_MOST_NUMBER = 10**300


def sendable(value: Any, depth: int = 0) -> Any:
    """The value as it is sent. A fraction that came in as a number goes on as its text. Raises Unreadable for what is too long,
    too deep or no number at all."""
    kind = type(value)
    if kind is str and len(value) <= LONGEST_TEXT:
        return value if value.isprintable() else sound(value)
    if value is None or kind is bool:
        return value
    if kind is dict and depth < DEEPEST and len(value) <= MOST_ITEMS:
        return {
            name if name.isprintable() else sound(name): inner
            if type(inner) is str and inner.isprintable() and len(inner) <= LONGEST_TEXT
            else sendable(inner, depth + 1)
            for name, inner in value.items()
        }
    if kind is list and depth < DEEPEST and len(value) <= MOST_ITEMS:
        return [sendable(inner, depth + 1) for inner in value]
    if kind is int:
        return _number(value)
    if kind is float and value - value == 0:
        return repr(value)
    raise Unreadable(_words(value))


def _number(value: int) -> int:
    if not -_MOST_NUMBER < value < _MOST_NUMBER:
        raise Unreadable("a number of at most 300 digits")
    return value


def _words(value: object) -> str:
    if isinstance(value, str):
        return f"a text of at most {LONGEST_TEXT:,} characters"
    if isinstance(value, float):
        return "a number that can be written out"
    if isinstance(value, dict | list):
        return f"at most {MOST_ITEMS:,} items, nested at most {DEEPEST} deep"
    return "JSON"
