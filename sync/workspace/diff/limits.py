"""Whether a limit became tighter or wider: lists of values, lengths, ranges, precision, the words of a physical type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

_LEAST = frozenset(
    "minLength minimum exclusiveMinimum minItems minProperties min mustBeGreaterThan mustBeGreaterOrEqualTo".split()
)
_MOST = frozenset(
    "maxLength maximum exclusiveMaximum maxItems maxProperties max mustBeLessThan mustBeLessOrEqualTo precision scale length "
    "tolerance".split()
)
_PHYSICAL = re.compile(r"\s*([A-Za-z][\w ]*?)\s*(?:\(\s*(\d{1,9}|max)\s*(?:,\s*(\d{1,9}))?\s*\))?\s*", re.IGNORECASE)
_WIDER_TYPES = frozenset(
    (
        ("integer", "number"),
        ("int", "bigint"),
        ("smallint", "int"),
        ("smallint", "bigint"),
        ("float", "double"),
        ("char", "varchar"),
        ("varchar", "text"),
    )
)


class Way(StrEnum):
    """How the values that may be there changed: fewer of them, more of them, others, or the same."""

    TIGHTER = "tightened"
    WIDER = "widened"
    OTHER = "changed"
    SAME = "unchanged"


def both(ways: Iterable[Way]) -> Way:
    """What several limits together did."""
    found = {each for each in ways if each is not Way.SAME}
    return found.pop() if len(found) == 1 else Way.OTHER if found else Way.SAME


def of_values(old: Iterable[Any], new: Iterable[Any]) -> Way:
    """Of two lists of what is allowed."""
    before, after = set(map(str, old)), set(map(str, new))
    if before == after:
        return Way.SAME
    return Way.WIDER if before < after else Way.TIGHTER if after < before else Way.OTHER


def of_limit(key: str, old: Any, new: Any) -> Way:
    """Of one limit by its name; a limit that is not there lets everything through."""
    if old == new:
        return Way.SAME
    if key not in _LEAST | _MOST:
        return Way.OTHER
    if old is None or new is None:
        return Way.TIGHTER if old is None else Way.WIDER
    before, after = _number(old), _number(new)
    if before is None or after is None or before == after:
        return Way.OTHER
    return Way.WIDER if (after > before) == (key in _MOST) else Way.TIGHTER


def of_type(old: str, new: str) -> Way:
    """Of two physical types such as `decimal(10,2)`, or of two logical ones."""
    before, after = _PHYSICAL.fullmatch(old), _PHYSICAL.fullmatch(new)
    if before is None or after is None:
        return Way.SAME if old == new else Way.OTHER
    name, other = before[1].lower(), after[1].lower()
    if name != other:
        pair = (name, other)
        return Way.WIDER if pair in _WIDER_TYPES else Way.TIGHTER if pair[::-1] in _WIDER_TYPES else Way.OTHER
    whole = [_whole(each) for each in (before, after)]
    scale = of_limit("scale", before[3] or 0, after[3] or 0)
    return both((of_limit("precision", *whole), scale))


def _whole(match: re.Match[str]) -> int | None:
    """The length, or the digits before the point; None without limit."""
    return None if match[2] in (None, "max", "MAX") else int(match[2]) - int(match[3] or 0)


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value).removesuffix("%"))
    except InvalidOperation:
        return None
