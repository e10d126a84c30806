"""Quality rules of a contract. A rule that became a constant guards nothing any more, whatever its name still says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sync.workspace.diff.change import APPROVAL, BREAKING, PROOF, SAFE, About, Category, Change
from sync.workspace.diff.leaves import leaves, same
from sync.workspace.diff.limits import Way, both, of_limit
from sync.workspace.documents import Place

_WORDS = frozenset("description name tags businessImpact dimension authoritativeDefinitions id".split())
_RUNNING = frozenset("severity schedule scheduler method".split())
_LOGIC = ("query", "rule", "metric", "implementation", "type", "engine", "arguments")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_ALWAYS = re.compile(r"\(*\s*(true|false|pass|ok|null|'?-?\d+'?(\s*(=|==|<>|!=|<|>|<=|>=)\s*'?-?\d+'?)?)\s*\)*;?")
_NEVER = re.compile(r"\bwhere\s+\(*\s*(false|1\s*=\s*0|0\s*=\s*1|1\s*<>\s*1|1\s*!=\s*1)\b")

Rules = Sequence[dict[str, Any]]


def quality_changes(about: About, path: str, old: Rules, new: Rules, place: Place) -> Iterator[Change]:
    """What became of the rules at a path; `place` is where their list stands."""
    before, after = _by_name(old), _by_name(new)
    for name in dict.fromkeys((*before, *after)):
        at = (*place, (after.get(name) or before[name])[0])
        at_path = f"{path}.quality.{name}" if path else f"quality.{name}"
        if name not in after:
            yield about.change(
                PROOF, "quality_removed", at_path, f"the quality rule {name} is removed", old=_logic(before[name][1]),
                hint="replay shows what it would have stopped", place=at, gone=True,
            )  # fmt: skip
        elif name not in before:
            words = f"the quality rule {name} is new"
            yield about.change(SAFE, "quality_added", at_path, words, new=_logic(after[name][1]), place=at)
        elif not same(before[name][1], after[name][1]):
            yield from _changed(about, at_path, name, before[name][1], after[name][1], at)


def _changed(
    about: About, path: str, name: str, old: dict[str, Any], new: dict[str, Any], place: Place
) -> Iterator[Change]:
    if _constant(new) and not _constant(old):
        yield about.change(
            BREAKING, "quality_constant", path, f"the quality rule {name} became a constant: it can never fail",
            old=_logic(old), new=_logic(new), hint="write what it must find in the data, or remove the rule openly", place=place,
        )  # fmt: skip
        return
    for leaf in leaves(old, new):
        key = str(leaf.place[0])
        category, verb = _judged(key, leaf.old, leaf.new)
        at = (*place, *(leaf.place if leaf.new is not None else ()))
        words = f"the quality rule {name} is {verb}: {leaf.path}"
        kind = f"quality_{verb}" if category is PROOF else "quality_words" if category is SAFE else "quality_severity"
        yield about.change(category, kind, path, words, old=leaf.old, new=leaf.new, place=at)


def _judged(key: str, old: Any, new: Any) -> tuple[Category, str]:
    if key in _WORDS:
        return SAFE, "described anew"
    if key in _RUNNING:
        return APPROVAL, "run otherwise"
    way = of_limit(key, old, new) if not isinstance(old, list) and not isinstance(new, list) else _between(old, new)
    return PROOF, "loosened" if way is Way.WIDER else way.value


def _between(old: Any, new: Any) -> Way:
    if not (isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 2):
        return Way.OTHER
    return both((of_limit("min", old[0], new[0]), of_limit("max", old[1], new[1])))


def _by_name(rules: Rules) -> dict[str, tuple[int, dict[str, Any]]]:
    """Each rule by what it is called: its name, else its id, else what it looks at; a second of the same name gets a number."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for at, rule in enumerate(rules):
        called = str(
            rule.get("name") or rule.get("id") or rule.get("metric") or rule.get("rule") or rule.get("type") or "rule"
        )
        name, count = called, 1
        while name in found:
            count += 1
            name = f"{called} {count}"
        found[name] = (at, rule)
    return found


def _logic(rule: dict[str, Any]) -> str:
    parts = [str(rule[key]) for key in _LOGIC[:4] if key in rule]
    parts += [f"{key} {value}" for key, value in rule.items() if key.startswith("must")]
    return " ".join(" ".join(parts).split()) or str(rule.get("description", rule.get("type", "")))


def _constant(rule: dict[str, Any]) -> bool:
    """Whether the rule looks at no data: a query without a table, a condition that is always or never met, words only."""
    query = _plain(rule.get("query"))
    if query:
        return " from " not in f" {query} " or _NEVER.search(query) is not None
    looked_at = [_plain(rule.get(key)) for key in ("rule", "metric", "implementation") if rule.get(key)]
    if not looked_at:
        return True
    least = rule.get("mustBeGreaterOrEqualTo")
    return all(_ALWAYS.fullmatch(each) for each in looked_at) or (_bounds(rule) == 1 and str(least) == "0")


def _bounds(rule: dict[str, Any]) -> int:
    return sum(key.startswith("must") for key in rule)


def _plain(value: Any) -> str:
    return (
        " ".join(_COMMENT.sub(" ", str(value)).lower().split()) if isinstance(value, str) else str(value or "").lower()
    )
