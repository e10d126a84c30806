"""Paths as functions that find every value they lead to, or pairs of values side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sync.mapping import MOST_ITEMS, Step, TooMany, compile_path, getter
from sync.model import Record
from sync.selectors import Finder

Steps = tuple[Step, ...]

_COUNTED = re.compile(r"\[\d")


def every(steps: Steps) -> Finder:
    """All the values that a path with `[*]` leads to. Raises TooMany."""
    if None not in steps:
        find = getter(steps)
        return lambda record: (find(record),)
    at = steps.index(None)
    items, inside = getter(steps[:at]), steps[at + 1 :]
    if None not in inside:
        find = getter(inside)
        return lambda record: [find(item) for item in _listed(items(record))]
    find = every(inside)

    def values(record: Any) -> list[Any]:
        found: list[Any] = []
        for item in _listed(items(record)):
            found += find(item)
            if len(found) > MOST_ITEMS:
                raise TooMany("", len(found))
        return found

    return values


def _listed(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        return ()
    if len(value) > MOST_ITEMS:
        raise TooMany("", len(value))
    return value


def beside(path: str, other: str) -> Finder:
    """Pairs: each value at a path, and what stands at `other` beside it. Raises LookupError for more items than paths count,
    and for items of a path that also picks one by its number."""
    steps = compile_path(path)
    at = len(steps) - steps[::-1].index(None) if None in steps else 0
    items, find, find_other = every(steps[:at]), getter(steps[at:]), getter(compile_path(other))
    most = 0 if at and _COUNTED.search(path) else MOST_ITEMS

    def pairs(record: Record) -> list[tuple[Any, Any]]:
        found = items(record)
        if len(found) > most:
            raise LookupError("too many items")
        return [(find(item), find_other(item)) for item in found]

    return pairs
