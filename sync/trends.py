"""What arrives, against its own past: a field that stops arriving, arrives empty, changes its type or leaves its usual range.
Shares are compared, never single values, and exactly: a stream that stays as it is raises no alarm. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sync.drift import Difference
from sync.mapping import compile_path, missing
from sync.model import Record
from sync.money import NotMoney, decimal
from sync.quick import every
from sync.workspace.contract import Contract, ContractField

ABSENT, EMPTY, SHAPE, RANGE = "absent", "empty", "shape", "range"
KINDS = frozenset({ABSENT, EMPTY, SHAPE, RANGE})
RECENT, PAST = 50, 200
_SIGMAS_SQUARED = 36
_LEAST_MORE = Fraction(3, 10)
_NUMBERS = ("number", "integer")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_FENCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record as it was read at this moment."""

    at: datetime
    record: Record


Values = tuple[Any, ...]
"""What one record has at a path: a value for each item, `_GONE` where not even the name is there."""
_GONE = object()
Oddity = Callable[[Values], bool]


def trends(
    seen: Sequence[Seen], contract: Contract, *, since: Mapping[str, datetime] | None = None
) -> tuple[Difference, ...]:
    """The fields of which the newest 50 records differ from the 200 before them; `seen` is in order, the oldest first. Nothing
    is said of a field with fewer records. `since` is by path: what came before it does not count."""
    found: list[Difference] = []
    for field in contract.fields.values():
        if field.type not in ("array", "object"):
            after = (since or {}).get(field.path)
            records = [each.record for each in seen if after is None or each.at > after]
            difference = _of_field(field, _observed(field.path, records))
            found += [difference] if difference is not None else []
    return tuple(found)


def _observed(path: str, records: Sequence[Record]) -> list[Values]:
    """What each record that has a place for the field has there, the last so many."""
    *way, name = compile_path(path)
    find = every(tuple(way))
    rows = (tuple(each.get(name, _GONE) for each in find(record) if isinstance(each, dict)) for record in records)
    return [row for row in rows if row][-(RECENT + PAST) :]


def _of_field(field: ContractField, observed: list[Values]) -> Difference | None:
    if len(observed) < RECENT + PAST:
        return None
    past, recent = observed[:-RECENT], observed[-RECENT:]
    whole, filled = (past, recent), (_filled(past), _filled(recent))
    tests: list[tuple[str, Oddity, str, tuple[list[Values], list[Values]]]] = [
        (ABSENT, _is_absent, "did not arrive", whole),
        (EMPTY, _is_empty, "arrived empty", whole),
        (SHAPE, _other_shape(filled[0]), "arrived as another type of value", filled),
    ]
    if field.type in _NUMBERS:
        tests.append((RANGE, _out_of_range(filled[0]), "was out of its usual range", filled))
    for kind, odd, words, (before, now) in tests:
        usual, many = sum(map(odd, before)), sum(map(odd, now))
        if len(now) >= RECENT // 2 and len(before) >= PAST // 2 and risen(usual, len(before), many, len(now)):
            shown = f"{many} of the last {len(now)} records", f"{usual} of {len(before)}"
            told = f"{field.label} ({field.path}) {words} in {shown[0]}; before, in {shown[1]}"
            return Difference(
                kind=kind, path=field.path, label=field.label, words=told, usual=shown[1], now=shown[0]
            )  # fmt: skip
    return None


def _filled(rows: list[Values]) -> list[Values]:
    return [row for row in rows if not _is_empty(row)]


def risen(usual: int, of_past: int, now: int, of_recent: int) -> bool:
    """Whether a share has risen for certain: by three in ten at least, and by six standard deviations of what chance does."""
    share, expected = Fraction(now, of_recent), Fraction(usual + 1, of_past + 2)
    more = share - expected
    chance = expected * (1 - expected) * (Fraction(1, of_recent) + Fraction(1, of_past))
    return more >= _LEAST_MORE and more * more >= _SIGMAS_SQUARED * chance


def _is_absent(values: Values) -> bool:
    return all(each is _GONE for each in values)


def _is_empty(values: Values) -> bool:
    return all(each is _GONE or missing(each) for each in values)


def _other_shape(past: list[Values]) -> Oddity:
    """Whether none of a record's values has the shape that most had."""
    shapes = Counter(shape for values in past for shape in {_shape(each) for each in values if not _is_empty((each,))})
    usual = max(sorted(shapes), key=lambda each: shapes[each], default="")
    return lambda values: all(_is_empty((each,)) or _shape(each) != usual for each in values)


def _shape(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or _number(value) is not None:
        return "number"
    if isinstance(value, str):
        return "date" if _DATE.fullmatch(value.strip()) else "text"
    return type(value).__name__


def _number(value: Any) -> Decimal | None:
    try:
        return decimal(value)
    except NotMoney:
        return None


def _out_of_range(past: list[Values]) -> Oddity:
    """Whether none of a record's numbers lies within three times the usual spread around the middle half."""
    numbers = sorted(n for values in past for each in values if each is not _GONE and (n := _number(each)) is not None)
    if not numbers:
        return lambda values: False
    low, high = numbers[len(numbers) // 4], numbers[(3 * len(numbers)) // 4]
    spread = max(high - low, abs(high) / 10)
    least, most = low - _FENCE * spread, high + _FENCE * spread

    def odd(values: Values) -> bool:
        known = [n for each in values if each is not _GONE and (n := _number(each)) is not None]
        return bool(known) and all(not least <= each <= most for each in known)

    return odd
