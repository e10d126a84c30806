"""What changed in the checks of a flow. Kinds of checks are told apart by their keys alone, so a kind that is new to the
product is compared like any other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sync.workspace.diff.change import APPROVAL, BREAKING, PROOF, SAFE, About, Category, Change
from sync.workspace.diff.leaves import same
from sync.workspace.diff.limits import Way, of_limit, of_values
from sync.workspace.flow import Check

_TEXTS = frozenset(("label", "expected", "title", "candidates", "task"))
_ROUTING = frozenset(("reason", "negative"))
_ANYTHING = re.compile(r"\(?(\.|\[\\s\\S\]|\[\\S\\s\]|\[\\w\\W\])[*+]\??\)?")
_CONSTANT = re.compile(r"\(*\s*(true|1\s*==\s*1|0\s*==\s*0|!false|\d+\s*[<>]=?\s*\d+)\s*\)*")
_RULES = frozenset(("expr", "rule", "when", "cel", "expression"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A check with its place in the flow, as plain values."""

    at: int
    plain: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.plain.get("check", "check"))

    @property
    def path(self) -> str:
        return str(self.plain.get("path", ""))

    @property
    def name(self) -> str:
        return f"{self.kind} on {self.path}"


def check_changes(
    about: About, old: Sequence[Check], new: Sequence[Check], implied: tuple[frozenset[int], frozenset[int]]
) -> Iterator[Change]:
    """Everything that changed in the checks. `implied` are the places of those that the contract alone asks for: their coming
    and going is told of the contract's field."""
    before, after = _placed(old), _placed(new)
    pairs, removed, added = _matched(before, after)
    for was, now in pairs:
        yield from _changed(about, was, now, written=now.at not in implied[1])
    for was in removed:
        if was.at not in implied[0]:
            words = f"the check {was.name} is removed: what it stopped is written from now on"
            yield about.change(
                PROOF, "check_removed", _path(was), words, old=_told(was), place=("checks", was.at), gone=True
            )
    for now in added:
        if now.at not in implied[1]:
            words = f"the check {now.name} is new: what it finds is stopped from now on"
            yield about.change(PROOF, "check_added", _path(now), words, new=_told(now), place=("checks", now.at))
    order = [now.at for was, now in pairs if was.at not in implied[0] and now.at not in implied[1]]
    if order != sorted(order):
        words = "the checks stand in another order: of two that fail on one field, the first is heard"
        yield about.change(PROOF, "checks_reordered", "checks", words, place=("checks",))


def _placed(checks: Sequence[Check]) -> list[Placed]:
    plain = (each.model_dump(by_alias=True, exclude_none=True) for each in checks)
    return [Placed(at=at, plain=each | _percentages(each)) for at, each in enumerate(plain)]


def _percentages(plain: dict[str, Any]) -> dict[str, Any]:
    return {"tolerance": f"{(plain['tolerance'] * 100).normalize():f}%"} if "tolerance" in plain else {}


Pairs = list[tuple[Placed, Placed]]


def _matched(before: list[Placed], after: list[Placed]) -> tuple[Pairs, list[Placed], list[Placed]]:
    """Pairs in the old order, and what has no partner. One check becomes another of the same kind: at the same path, else
    with the same words at another path."""
    found: dict[int, Placed] = {}
    for key in (_same, _at_path, _moved):
        free: dict[Any, list[Placed]] = defaultdict(list)
        taken = {each.at for each in found.values()}
        for now in after:
            if now.at not in taken:
                free[key(now)].append(now)
        for was in before:
            if was.at not in found and free[key(was)]:
                found[was.at] = free[key(was)].pop(0)
    taken = {each.at for each in found.values()}
    pairs = [(was, found[was.at]) for was in before if was.at in found]
    return pairs, [each for each in before if each.at not in found], [each for each in after if each.at not in taken]


def _same(check: Placed) -> str:
    return repr(sorted(check.plain.items(), key=lambda item: item[0]))


def _at_path(check: Placed) -> tuple[str, str]:
    return check.kind, check.path


def _moved(check: Placed) -> str:
    return repr(sorted((key, value) for key, value in check.plain.items() if key != "path"))


def _changed(about: About, was: Placed, now: Placed, *, written: bool) -> Iterator[Change]:
    for key in sorted({*was.plain, *now.plain}):
        old, new = was.plain.get(key), now.plain.get(key)
        if same(old, new):
            continue
        category, kind, words, hint = _judged(key, old, new, now.name)
        place = ("checks", now.at, *((key,) if key in now.plain else ())) if written else ("checks",)
        yield about.change(category, kind, f"{_path(now)}.{key}", words, old=old, new=new, hint=hint, place=place)


def _judged(key: str, old: Any, new: Any, name: str) -> tuple[Category, str, str, str]:
    if key in _TEXTS:
        return SAFE, "words_changed", f"the check {name} is worded anew: {key}", ""
    if key in _ROUTING:
        return APPROVAL, "reason_changed", f"the check {name} raises {new} instead of {old}", "other people are asked"
    if key == "path":
        return PROOF, "check_moved", f"the check {name} looks at {new} instead of {old}", ""
    if _lets_all(key, new) and not _lets_all(key, old):
        hint = "write what it must find, or remove the check openly"
        return BREAKING, "check_constant", f"the check {name} became a constant: it can never fail", hint
    way = _way(key, old, new)
    verb = "loosened" if way is Way.WIDER else way.value
    return PROOF, f"check_{verb}", f"the check {name} is {verb}: {key}", ""


def _way(key: str, old: Any, new: Any) -> Way:
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return of_values(old, new)
    if key == "whole":
        return Way.TIGHTER if new else Way.WIDER
    return of_limit(key, old, new)


def _lets_all(key: str, value: Any) -> bool:
    if isinstance(value, dict):
        return any(_lets_all(inner, each) for inner, each in value.items())
    if not isinstance(value, str):
        return False
    return (
        bool(_ANYTHING.fullmatch(value))
        if key == "pattern"
        else key in _RULES and bool(_CONSTANT.fullmatch(value.strip()))
    )


def _path(check: Placed) -> str:
    return f"checks.{check.kind} {check.path}"


def _told(check: Placed) -> str:
    rest = {key: value for key, value in check.plain.items() if key not in ("check", "path", *_TEXTS)}
    return f"{check.name}, {check.plain.get('reason', '')}" + (f", {len(rest) - 1} more keys" if len(rest) > 1 else "")
