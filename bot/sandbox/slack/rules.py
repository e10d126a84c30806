"""The small grammar in which Slack's limits are written down. A rule looks at one value and says what Slack would say."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

Problem: TypeAlias = tuple[str, str]
"""What is wrong, and the JSON pointer to it."""

Rule: TypeAlias = Callable[[object, str], Iterator[Problem]]


def anything(value: object, at: str) -> Iterator[Problem]:
    yield from ()


def flag(value: object, at: str) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield "must provide a boolean", at


def number(value: object, at: str) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield "must provide a number", at


def string(longest: int, shortest: int = 0) -> Rule:
    def rule(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield "must provide a string", at
        elif len(value) > longest:
            yield f"must be less than {longest + 1} characters", at
        elif len(value) < shortest:
            yield f"must be more than {shortest - 1} characters", at

    return rule


def one_of(*allowed: object) -> Rule:
    def rule(value: object, at: str) -> Iterator[Problem]:
        if value not in allowed:
            yield "must be a valid enum value", at

    return rule


def items(each: Rule, most: int, least: int = 1) -> Rule:
    def rule(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield "must provide an array", at
            return
        if len(value) > most:
            yield f"no more than {most} items allowed", at
        if len(value) < least:
            yield f"no less than {least} items allowed", at
        for place, item in enumerate(value):
            yield from each(item, f"{at}/{place}")

    return rule


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """An object with these fields and no others."""
    known = {**required, **(optional or {})}

    def rule(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield "must provide an object", at
            return
        for name in required:
            if name not in value:
                yield f"missing required field: {name}", at
        for name, inner in value.items():
            if name == "type":
                continue
            if name not in known:
                yield f"invalid additional property: {name}", at
            else:
                yield from known[name](inner, f"{at}/{name}")

    return rule


def by_type(kinds: Mapping[str, Rule]) -> Rule:
    """An object whose `type` says which rule it has to pass."""

    def rule(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield "must provide an object", at
        elif "type" not in value:
            yield "missing required field: type", at
        elif not isinstance(value["type"], str) or value["type"] not in kinds:
            yield f"unsupported type: {value['type']}", f"{at}/type"
        else:
            yield from kinds[value["type"]](value, at)

    return rule


def exactly_one(*names: str) -> Rule:
    def rule(value: object, at: str) -> Iterator[Problem]:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            yield f"must define exactly one of: {', '.join(names)}", at

    return rule


def at_least_one(*names: str) -> Rule:
    def rule(value: object, at: str) -> Iterator[Problem]:
        if isinstance(value, dict) and not any(name in value for name in names):
            yield f"must define at least one of: {', '.join(names)}", at

    return rule


def every(*rules: Rule) -> Rule:
    def rule(value: object, at: str) -> Iterator[Problem]:
        for inner in rules:
            yield from inner(value, at)

    return rule
