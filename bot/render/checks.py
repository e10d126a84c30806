"""Checks in words. A kind of check that has none here is told by its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync.workspace.diff.change import shown
from sync.workspace.flow import Check

_KNOWN = frozenset(
    ("check", "path", "label", "reason", "when", "flag", "task", "candidates", "title", "fill", "negative")
)
Plain = dict[str, Any]


def expectation(check: Check) -> str:
    """What the check expects, in words."""
    plain: Plain = check.model_dump(by_alias=True, exclude_none=True)
    words = plain.get("expected") or _KINDS.get(str(plain.get("check")), _by_keys)(plain)
    return words + _condition(plain)


def _by_keys(plain: Plain) -> str:
    told = ", ".join(f"{key} {shown(value)}" for key, value in plain.items() if key not in _KNOWN)
    return f"{plain.get('check')}: {told}" if told else str(plain.get("check")).replace("_", " ")


def _condition(plain: Plain) -> str:
    when = f", only when {in_words(plain['when'])}" if plain.get("when") else ""
    return when + (f", behind the flag {plain['flag']}" if plain.get("flag") else "")


def in_words(when: Plain) -> str:
    """A condition on the record."""
    given = {key: value for key, value in when.items() if value is not None}
    if "path" not in given:
        return " ".join(shown(value) for value in given.values())
    wanted = given.get("any_of") or (given.get("equals"),)
    return f"{given['path']} is {' or '.join(map(shown, wanted))}"


def _range(plain: Plain) -> str:
    noun = "a whole number" if plain.get("whole") else "a number"
    least = f", at least {shown(plain['min'])}" if "min" in plain else ""
    return noun + least + (f", at most {shown(plain['max'])}" if "max" in plain else "")


def _price(plain: Plain) -> str:
    tolerance = f"{(plain['tolerance'] * 100).normalize():f}%"
    return f"within {tolerance} of {plain['column']} in the table {plain['reference']}"


def _sum(plain: Plain) -> str:
    times = f"{plain['quantity']} × {plain['price']}" if "quantity" in plain else plain["price"]
    less = f" less {plain['discount']} percent" if "discount" in plain else ""
    return f"the sum of {times}{less} over {plain['of']}"


_KINDS: dict[str, Callable[[Plain], str]] = {
    "required": lambda plain: "a value",
    "enum": lambda plain: f"one of {', '.join(plain['values'])}",
    "in_reference": lambda plain: f"a {plain['column']} of the table {plain['reference']}",
    "range": _range,
    "regex": lambda plain: f"looks like {plain['pattern']}",
    "currency": lambda plain: "an ISO currency code",
    "amount": lambda plain: "a plain amount, not negative",
    "sum_equals": _sum,
    "same_as": lambda plain: f"the same as {plain['other']}",
    "price_within": _price,
    "date": lambda plain: "a date",
    "date_order": lambda plain: f"not after {plain['before']}",
    "unique": lambda plain: f"a value that one record of {plain['entity']} has only",
}
