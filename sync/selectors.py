"""Selectors as plain functions. The everyday nodes of JMESPath become closures that find exactly what the library finds;
every other node stays the library's own work. What goes through lists counts its steps, and gives up before it takes long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from numbers import Number
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

Finder = Callable[[Any], Any]
Node = Any
"""A node of the library's parsed tree: `type`, `value` and `children`."""

MOST_STEPS = 50_000
_CHARACTERS = 32  # so many of a text that is made count as one step
_AWAY = (KeyError, TypeError, AttributeError)
_IN_TURN = ("subexpression", "pipe", "index_expression")


class TooManySteps(JMESPathError):
    """The selector goes through too much of this record."""


class _Meter:
    """Counts the steps of one evaluation. A selector has one, so that parts that repeat each other count together."""

    def __init__(self) -> None:
        self.left, self.counts = MOST_STEPS, False

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooManySteps(f"the selector goes through more than {MOST_STEPS:,} values")


class _Library(TreeInterpreter):
    """The library's interpreter, with every node it visits and everything it makes counted."""

    def __init__(self, meter: _Meter) -> None:
        super().__init__()
        self._meter = meter

    def visit(self, node: Node, *args: Any, **kwargs: Any) -> Any:
        self._meter.spend(1)
        made = super().visit(node, *args, **kwargs)
        if isinstance(made, list | dict | str):
            self._meter.spend(len(made) // _CHARACTERS if isinstance(made, str) else len(made))
        return made


def finder(selector: str) -> Finder:
    """The selector as a function of a record. Raises JMESPathError when it does not parse; the function raises what the
    library raises, and TooManySteps."""
    meter = _Meter()
    find = _find(jmespath.compile(selector).parsed, meter)
    if not meter.counts:
        return find

    def counted(value: Any) -> Any:
        meter.left = MOST_STEPS
        return find(value)

    return counted


def named(names: Sequence[str]) -> Finder:
    """What stands under names inside each other; None when any of the way is missing or no object."""
    match names:
        case [name]:
            return _one(name)
        case [first, name]:
            return _two(first, name)
        case [first, second, name]:
            return _three(first, second, name)
    return _in_turn([_three(*names[:3]), named(names[3:])])


def _one(name: str) -> Finder:
    def find(value: Any) -> Any:
        try:
            return value.get(name)
        except _AWAY:
            return None

    return find


def _two(first: str, name: str) -> Finder:
    def find(value: Any) -> Any:
        try:
            return value[first].get(name)
        except _AWAY:
            return None

    return find


def _three(first: str, second: str, name: str) -> Finder:
    def find(value: Any) -> Any:
        try:
            return value[first][second].get(name)
        except _AWAY:
            return None

    return find


def _in_turn(finders: Sequence[Finder]) -> Finder:
    if len(finders) == 1:
        return finders[0]
    before, last = _in_turn(finders[:-1]), finders[-1]
    return lambda value: last(before(value))


def _find(node: Node, meter: _Meter) -> Finder:
    made = _NODES.get(node["type"])
    if made is not None:
        return made(node, meter)
    meter.counts = True
    return partial(_Library(meter).visit, node)


def _chain(node: Node, meter: _Meter) -> Finder:
    finders: list[Finder] = []
    names: list[str] = []
    for each in _steps(node):
        if each["type"] == "field":
            names.append(each["value"])
            continue
        if names:
            finders.append(named(names))
            names = []
        finders.append(_find(each, meter))
    return _in_turn([*finders, named(names)] if names else finders)


def _steps(node: Node) -> list[Node]:
    if node["type"] not in _IN_TURN:
        return [node]
    return [step for child in node["children"] for step in _steps(child)]


def _itself(node: Node, meter: _Meter) -> Finder:
    return lambda value: value


def _literal(node: Node, meter: _Meter) -> Finder:
    literal = node["value"]
    return lambda value: literal


def _index(node: Node, meter: _Meter) -> Finder:
    index: int = node["value"]

    def find(value: Any) -> Any:
        if not isinstance(value, list):
            return None
        return value[index] if -len(value) <= index < len(value) else None

    return find


def _object(node: Node, meter: _Meter) -> Finder:
    fields = [(child["value"], _find(child["children"][0], meter)) for child in node["children"]]

    def find(value: Any) -> Any:
        return None if value is None else {name: of(value) for name, of in fields}

    return find


def _list(node: Node, meter: _Meter) -> Finder:
    items = [_find(child, meter) for child in node["children"]]

    def find(value: Any) -> Any:
        return None if value is None else [of(value) for of in items]

    return find


def _each(node: Node, meter: _Meter) -> Finder:
    base, inside = (_find(child, meter) for child in node["children"])
    meter.counts = True

    def find(value: Any) -> Any:
        items = base(value)
        if not isinstance(items, list):
            return None
        meter.spend(len(items))
        return [found for item in items if (found := inside(item)) is not None]

    return find


def _or(node: Node, meter: _Meter) -> Finder:
    left, right = (_find(child, meter) for child in node["children"])

    def find(value: Any) -> Any:
        found = left(value)
        return right(value) if _false(found) else found

    return find


def _and(node: Node, meter: _Meter) -> Finder:
    left, right = (_find(child, meter) for child in node["children"])

    def find(value: Any) -> Any:
        found = left(value)
        return found if _false(found) else right(value)

    return find


def _false(value: Any) -> bool:
    """JMESPath counts 0 as true."""
    return not value and (isinstance(value, bool) or not isinstance(value, Number))


def _not(node: Node, meter: _Meter) -> Finder:
    inner = _find(node["children"][0], meter)
    return lambda value: _false(inner(value))


_NODES: dict[str, Callable[[Node, _Meter], Finder]] = {
    **dict.fromkeys(("field", *_IN_TURN), _chain),
    **dict.fromkeys(("identity", "current"), _itself),
    "literal": _literal,
    "index": _index,
    "multi_select_dict": _object,
    "multi_select_list": _list,
    "projection": _each,
    "or_expression": _or,
    "and_expression": _and,
    "not_expression": _not,
}
