"""Rules in the Common Expression Language, behind two methods. A rule is bounded before it runs: by its length and nesting, its
loops, and what it may be given (`sync.facts`); an error in it is RuleFailed and never `false`. No rule sees a clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sync.patterns import repeats

try:
    from cel_expr_python import cel as _cel
except ImportError:  # the extra `rules` is not installed
    _cel = None

LONGEST = 1000
DEEPEST = 24
MOST_LOOPS = 2
MOST_SUMS = 8
_LONGEST_PATTERN = 100
_MOST_REPEATS = 32

_TOKEN = re.compile(
    r"""(?P<text>[rRbB]{0,2}(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<float>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)|(?P<whole>0[xX][0-9a-fA-F]+|\d+)[uU]?
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<blank>\s+)|(?P<sign>.)""",
    re.VERBOSE,
)
_MACROS = ("all", "exists", "exists_one", "map", "filter")
_WORDS = frozenset(
    "true false null in int uint double bool string bytes list map type null_type dyn duration timestamp".split()
)


class RuleFailed(ValueError):
    """The rule could not be evaluated on this record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that compiles. `names` are the variables it reads, those of its loops among them; `words` is every name in it."""

    expression: str
    names: frozenset[str]
    words: frozenset[str]
    own: frozenset[str]
    compiled: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a rule is made of, as far as that is told without understanding it."""

    names: frozenset[str]
    words: frozenset[str]
    own: frozenset[str]
    loops: int
    matches: bool


@lru_cache(maxsize=1024)
def compile(expression: str) -> Rule:
    """The rule. Raises ValueError in words: too long, too deep, a fraction where amounts are whole, no CEL at all; and where
    the extra is not installed."""
    parts = _parts(expression)
    if _cel is None:
        raise ValueError("rules need an extra: install meshline[rules]")
    try:
        env = _cel.NewEnv(variables=dict.fromkeys(sorted(parts.names), _cel.Type.DYN))
        compiled = env.compile(expression)
    except RuntimeError as error:
        raise ValueError(f"the rule does not compile: {_first_line(error)}") from error
    if compiled.return_type() not in (_cel.Type.BOOL, _cel.Type.DYN):
        raise ValueError("a rule must say true or false")
    return Rule(
        expression=expression, names=parts.names - parts.own, words=parts.words, own=parts.own, compiled=compiled
    )


def evaluate(rule: Rule, facts: Mapping[str, Any]) -> bool:
    """What the rule says of the facts. Raises RuleFailed: an error, or anything but true or false."""
    try:
        value = rule.compiled.eval(data={name: fact for name, fact in facts.items() if name in rule.names})
        answer = value.value()
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise RuleFailed(_first_line(error)) from error
    if value.type() != _cel.Type.BOOL:
        raise RuleFailed(_first_line(answer) if value.type() == _cel.Type.ERROR else "it says neither true nor false")
    return bool(answer)


def _first_line(error: object) -> str:
    words = str(error).splitlines()[0].removeprefix("INVALID_ARGUMENT: ").removeprefix("ERROR: <input>:")
    return words.removeprefix("UNKNOWN: ")[:200]


def _parts(expression: str) -> _Parts:
    """What the rule is made of. Raises ValueError for one that is beyond the bounds."""
    if len(expression) > LONGEST:
        raise ValueError(f"a rule has at most {LONGEST:,} characters")
    found = [(each.lastgroup or "", each[0]) for each in _TOKEN.finditer(expression) if each.lastgroup != "blank"]
    _bounded(found)
    names, words, own = set[str](), set[str](), set[str]()
    loops, matches = 0, False
    for at, (kind, word) in enumerate(found):
        if kind != "name":
            continue
        words.add(word)
        before = found[at - 1][1] if at else ""
        called = found[at + 1][1] == "(" if at + 1 < len(found) else False
        if before == "." and called and word in _MACROS and at + 2 < len(found):
            loops += 1
            own.add(found[at + 2][1])
        if before != "." and not called and word not in _WORDS and found[at + 1 : at + 2] != [("sign", "{")]:
            names.add(word)
        if word == "matches" and called:
            matches = True
            _literal_pattern(found, at)
    if loops > MOST_LOOPS or (matches and loops > 1):
        raise ValueError(f"a rule has at most {MOST_LOOPS} loops (all, exists, map …), and one where it uses matches")
    return _Parts(names=frozenset(names), words=frozenset(words), own=frozenset(own), loops=loops, matches=matches)


def _bounded(found: list[tuple[str, str]]) -> None:
    depth = 0
    for at, (kind, word) in enumerate(found):
        depth += (word in ("(", "[", "{")) - (word in (")", "]", "}")) if kind == "sign" else 0
        if depth > DEEPEST:
            raise ValueError(f"a rule is nested at most {DEEPEST} deep")
        if kind == "float" or (word == "double" and found[at + 1 : at + 2] == [("sign", "(")]):
            raise ValueError("amounts are whole minor units: write 1050 for 10.50, and no double()")
    if sum(word == "+" for kind, word in found if kind == "sign") > MOST_SUMS:
        raise ValueError(f"a rule adds at most {MOST_SUMS} times")


def _literal_pattern(found: list[tuple[str, str]], at: int) -> None:
    """`matches` takes one text that stands in the rule: a record must not bring a pattern of its own."""
    after = found[at + 2 : at + 4]
    if not at or found[at - 1][1] != "." or len(after) < 2 or after[0][0] != "text" or after[1][1] != ")":
        raise ValueError('write `name.matches("pattern")` with the pattern as it is')
    if len(after[0][1]) > _LONGEST_PATTERN or repeats(after[0][1]) > _MOST_REPEATS:
        raise ValueError(f"a pattern in a rule has at most {_LONGEST_PATTERN} characters and counts to {_MOST_REPEATS}")
