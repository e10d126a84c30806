"""Patterns that cannot run away. Python's engine goes back and tries again; how often it can do so on the longest text that is
ever matched follows from the pattern alone, so a pattern that could take long is refused where it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

LONGEST_FOR_PATTERN = 256
_MOST_WORK = 2_000_000  # of some 20 ns each
_SCAN = 16  # so many characters are passed over in the time of one try
_UNBOUNDED = 1 << 20
_COUNT = re.compile(r"\{(\d{1,6})(?:,(\d{0,6}))?\}")
_PARSER: Any = import_module("re._parser")  # the engine's own reading of a pattern; there is no public one
_OPS: Any = import_module("re._constants")

_ELSEWHERE = "\xe9"
"""Stands for every character that is not ASCII."""
_ALPHABET = frozenset([*map(chr, range(128)), _ELSEWHERE])
_FEW = (_OPS.GROUPREF, _OPS.GROUPREF_EXISTS, _OPS.ASSERT, _OPS.ASSERT_NOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What may be known of a piece of a pattern: the characters it may begin with, whether it may match nothing, in how many
    ways it can end, and how much work one attempt is."""

    first: frozenset[str]
    empty: bool
    ways: int
    work: int


def check(pattern: str) -> None:
    """Raises ValueError where the pattern does not compile, looks around or back, or may try for too long."""
    try:
        re.compile(pattern)
        tree = _PARSER.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"the pattern does not compile: {error}") from error
    blind = bool(tree.state.flags & (re.IGNORECASE | re.LOCALE))
    if _sequence(tree, frozenset(), blind).work > _MOST_WORK:
        raise ValueError(
            "on some texts the pattern can run forever; repeat nothing that repeats inside, and let a repeat end where the next "
            "begins"
        )


def repeats(pattern: str) -> int:
    """How far the counted repeats of a pattern multiply."""
    product = 1
    for least, most in _COUNT.findall(pattern):
        product *= max(int(least), int(most or 0), 1)
    return product


def _sequence(nodes: Iterable[Any], after: frozenset[str], blind: bool) -> _Part:
    """The nodes one after the other, where `after` is what may follow them; nothing of it is the end of the text."""
    follows, parts = after, list[_Part]()
    for node in reversed(list(nodes)):
        part = _part(node, follows, blind)
        parts.append(part)
        follows = part.first | follows if part.empty else part.first
    first, empty, ways, work = frozenset[str](), True, 1, 0
    for part in reversed(parts):
        first = first | part.first if empty else first
        empty = empty and part.empty
        work = _capped(work + ways * part.work)
        ways = _capped(ways * part.ways)
    return _Part(first=first, empty=empty, ways=ways, work=max(work, 1))


def _part(node: Any, after: frozenset[str], blind: bool) -> _Part:
    op, given = node
    if op in _FEW:
        raise ValueError("a pattern looks neither around nor back: `(?=`, `(?!`, `(?<`, `\\1` are not taken")
    if op is _OPS.SUBPATTERN:
        return _sequence(given[3], after, blind or bool(given[1]))
    if op is _OPS.ATOMIC_GROUP:
        return _sequence(given, after, blind)
    if op is _OPS.BRANCH:
        return _branch([_sequence(each, after, blind) for each in given[1]])
    if op in (_OPS.MAX_REPEAT, _OPS.MIN_REPEAT, _OPS.POSSESSIVE_REPEAT):
        return _repeat(given[0], min(int(given[1]), _UNBOUNDED), list(given[2]), after, blind)
    if op is _OPS.AT:
        return _Part(first=frozenset(), empty=True, ways=1, work=1)
    return _Part(first=_ALPHABET if blind else _characters(op, given), empty=False, ways=1, work=1)


def _branch(choices: list[_Part]) -> _Part:
    apart = sum(len(each.first) for each in choices) == len(frozenset().union(*(each.first for each in choices)))
    apart = apart and not any(each.empty for each in choices)
    ways = [each.ways for each in choices]
    return _Part(
        first=frozenset().union(*(each.first for each in choices)),
        empty=any(each.empty for each in choices),
        ways=_capped(max(ways) if apart else sum(ways)),
        work=_capped(sum(each.work for each in choices)),
    )


def _repeat(least: int, most: int, body: list[Any], after: frozenset[str], blind: bool) -> _Part:
    """A repeat may end after any of its rounds, unless what follows cannot begin where another round could."""
    rounds = min(most, LONGEST_FOR_PATTERN + 1)
    inner = _sequence(body, after, blind)
    once = inner if most == 1 else _sequence(body, after | inner.first, blind)
    single = (
        len(body) == 1
        and not once.empty
        and once.ways == 1
        and body[0][0] in (_OPS.IN, _OPS.ANY, _OPS.LITERAL, _OPS.NOT_LITERAL)
    )
    stops = (
        1
        if most == least or not (once.first & after)
        else min(most, LONGEST_FOR_PATTERN) - min(least, LONGEST_FOR_PATTERN) + 1
    )
    if once.ways > 1 or (once.empty and most > 1):
        ways = _capped(max(once.ways, 2) ** min(rounds, 40) * stops)
        work = _capped(ways * once.work)
    else:
        ways, work = stops, rounds * once.work // (_SCAN if single else 1) + stops
    return _Part(first=once.first, empty=least == 0 or once.empty, ways=_capped(ways), work=max(_capped(work), 1))


def _capped(number: int) -> int:
    return min(number, 10**12)


def _characters(op: Any, given: Any) -> frozenset[str]:
    """The characters that a node of one character may match; too many rather than too few."""
    if op is _OPS.LITERAL:
        return frozenset([_seen(given)])
    if op is _OPS.NOT_LITERAL:
        return _ALPHABET - ({chr(given)} if given < 128 else frozenset())
    if op is _OPS.IN:
        return _class(given)
    return _ALPHABET


def _class(items: list[Any]) -> frozenset[str]:
    found = frozenset[str]()
    for op, given in items:
        if op is _OPS.LITERAL:
            found |= {_seen(given)}
        elif op is _OPS.RANGE:
            found |= {_seen(each) for each in range(given[0], min(given[1], 128) + 1)} | {_seen(given[1])}
        elif op is _OPS.CATEGORY:
            found |= _category(given)
    if items and items[0][0] is _OPS.NEGATE:
        return (_ALPHABET - found) | {_ELSEWHERE}
    return found


def _category(name: Any) -> frozenset[str]:
    written = _CATEGORIES.get(str(name).rpartition("CATEGORY_")[2])
    if written is None:
        return _ALPHABET
    return frozenset(each for each in _ALPHABET if re.fullmatch(written, each)) | {_ELSEWHERE}


_CATEGORIES = {"DIGIT": r"\d", "NOT_DIGIT": r"\D", "SPACE": r"\s", "NOT_SPACE": r"\S", "WORD": r"\w", "NOT_WORD": r"\W"}


def _seen(code: int) -> str:
    return chr(code) if code < 128 else _ELSEWHERE
