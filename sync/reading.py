"""Which fields of its contract a flow reads: what its trigger, checks, rows, keys and cards are made of. Rather one too many
than one too few: words in a rule count as fields when the contract has such a field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from sync.facts import MINOR
from sync.kept import kept, kept_of
from sync.mapping import text
from sync.workspace.contract import Contract
from sync.workspace.flow import Check, Flow
from sync.workspace.rows import MapRow

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:(?:\[[*\d]*\])*\.[A-Za-z_][A-Za-z0-9_]*)*")
_BRACKETS = re.compile(r"\[[*\d]*\]")
_NO_SELECTORS = frozenset(
    "to field name connection entity operation ref reference column currency_column transform default value values equals "
    "any_of note owner label reason negative expected pattern check task poll agrees flag".split()
)
_RULES = ("rule", "expr")


@kept
def reads(flow: Flow, contract: Contract) -> frozenset[str]:
    """The paths of the contract that the flow reads, as the contract writes them."""
    return _read((flow.trigger, flow.record, *flow.checks, *flow.writes), contract)


@kept
def triggers(flow: Flow, contract: Contract) -> frozenset[str]:
    """The paths of the contract that decide whether the flow has anything to do."""
    return _read((flow.trigger,), contract)


@kept_of
def said(flow: Flow) -> frozenset[str]:
    """The paths that the flow may read, whether or not a contract has them, without the brackets of lists."""
    return frozenset(_named((flow.trigger, flow.record, flow.write_back, *flow.checks, *flow.writes)))


def _read(parts: Iterable[Any], contract: Contract) -> frozenset[str]:
    fields = {_plain(path): path for path in contract.fields}
    return frozenset(fields[each] for each in _named(parts) if each in fields)


def _named(parts: Iterable[Any]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        for names, around in _said(part, ()):
            for prefix in ("", *around, *names):
                found.update(f"{prefix}.{each}" if prefix else each for each in names)
    return found


def relied(flows: Iterable[Flow]) -> dict[str, frozenset[str]]:
    """The values of fields without which one of the flows would never be triggered, by path."""
    found: dict[str, frozenset[str]] = {}
    for when in (each.trigger.when for each in flows):
        path = when.path if when is not None else None
        if when is not None and path:
            values = when.any_of if when.any_of is not None else (when.equals,)
            found[path] = found.get(path, frozenset()) | {text(each) for each in values if text(each)}
    return found


def _plain(path: str) -> str:
    return _BRACKETS.sub("", path)


def _said(part: Any, around: tuple[str, ...]) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """The names in every text that may select something, with the paths that they may be relative to."""
    if isinstance(part, str):
        yield [_plain(each) for each in _NAME.findall(part)], around
    elif isinstance(part, BaseModel):
        inside = (*around, *_around(part, around))
        for name in type(part).model_fields:
            if name in _RULES and getattr(part, name):
                yield _named_in_rule(getattr(part, name)), inside
            elif name not in _NO_SELECTORS:
                yield from _said(getattr(part, name), inside)
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _said(value, around)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _said(value, around)


def _named_in_rule(rule: str) -> list[str]:
    """What a rule in CEL may name: `record.amount`, `amount_minor`, and the `price` of `lines.all(line, line.price …)`."""
    found: list[str] = []
    for each in _NAME.findall(rule):
        steps = [step.removesuffix(MINOR) for step in _plain(each).split(".")]
        found += [".".join(steps[a:b]) for a in range(len(steps)) for b in range(a + 1, len(steps) + 1)]
    return found


def _around(part: BaseModel, around: tuple[str, ...]) -> Iterator[str]:
    """What names inside a part may be relative to: the items of a row, what stands beside the field of a check."""
    if isinstance(part, MapRow) and part.each is not None:
        for prefix in ("", *around):
            yield f"{prefix}.{_plain(part.each)}" if prefix else _plain(part.each)
    elif isinstance(part, Check):
        if "." in part.path:
            yield _plain(part.path).rpartition(".")[0]
        of = getattr(part, "of", None)
        if isinstance(of, str):
            yield _plain(of)
