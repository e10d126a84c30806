"""What might have been meant: candidates with a score and a reason in words, and the normal forms that make two spellings one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from rapidfuzz import fuzz, process, utils

from sync.identity.names import name_of
from sync.model import Candidate

_LEAST = 55
SAFE, CLEAR = 95, 10
"""A candidate of at least `SAFE` that is `CLEAR` ahead of the next one may be chosen beforehand; a person still decides."""
_LONGEST = 200
MANY, _FEW = 300, 50
_SIGNS = re.compile(r"[\W_]+")


def normal(name: str) -> str:
    """The name by its sound, without signs and legal form; `Müller GmbH`, `MUELLER` and `Muller` are one."""
    return " ".join(name_of(name).words)


def compact(name: str) -> str:
    """The letters and digits alone, in lower case: what is left when only the spelling of gaps differs."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", name[:_LONGEST]).casefold())


def same_id(value: str) -> str:
    """A VAT id or another number of a register without spaces, dots and dashes, in capitals."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", value[:_LONGEST])).upper()


def candidates(found: str, values: Iterable[tuple[str, str]], limit: int = 5) -> tuple[Candidate, ...]:
    """The (value, label) pairs that come closest to what was found, best first; those too far away are left out."""
    if not found.strip():
        return ()
    pairs = dict(values)
    if len(pairs) > MANY:
        pairs = _likely(found[:_LONGEST], pairs)
    scored = (_candidate(found[:_LONGEST], value, label) for value, label in pairs.items())
    close = [candidate for candidate in scored if candidate.score >= _LEAST]
    return tuple(sorted(close, key=lambda each: (-each.score, each.label, each.value))[:limit])


def renamed(since: str) -> str:
    """That a value had this name until a day, such as 2026-03-03."""
    try:
        day = date.fromisoformat(since)
    except ValueError:
        return "called so before"
    return f"renamed on {day.day} {day:%B %Y}"


def safe(found: Sequence[Candidate]) -> Candidate | None:
    """The one candidate that may be chosen beforehand: its score is high and the next one is clearly behind. None otherwise."""
    ranked = sorted(found, key=lambda each: -each.score)
    if not ranked or ranked[0].score < SAFE:
        return None
    return ranked[0] if len(ranked) == 1 or ranked[0].score - ranked[1].score >= CLEAR else None


def affordable(many: int) -> int:
    """For how many values of one record so many others may be compared: more would take longer than it helps."""
    return max(1, min(30, (4_000 if many <= MANY else 30_000) // max(many, 1)))


def _likely(found: str, pairs: dict[str, str]) -> dict[str, str]:
    """The few of many pairs that are worth a closer look."""
    words = {
        value: f"{value} {label}"[:_LONGEST] if label != value else value[:_LONGEST] for value, label in pairs.items()
    }
    close = process.extract(found, words, scorer=fuzz.WRatio, processor=utils.default_process, limit=_FEW)
    return {value: pairs[value] for _, _, value in close}


def listed(values: Iterable[tuple[str, str]], why: str, limit: int = 20) -> tuple[Candidate, ...]:
    """All the values there are, when nothing was found that could be compared."""
    return tuple(Candidate(value=value, label=label, score=0, why=why) for value, label in list(values)[:limit])


def _candidate(found: str, value: str, label: str) -> Candidate:
    best = max((_score(found, each) for each in {value, label}), key=lambda scored: scored[0])
    return Candidate(value=value, label=label, score=best[0], why=best[1])


def _score(found: str, other: str) -> tuple[int, str]:
    if found == other:
        return 100, "the same"
    if found.casefold() == other.casefold():
        return 99, "same letters, capitals differ"
    if compact(found) and compact(found) == compact(other):
        return 98, "same letters, spacing differs"
    left, right = normal(found), normal(other)
    if left and left == right:
        return 97, "same name without accents and legal form"
    likeness = max(
        fuzz.ratio(left, right),
        fuzz.ratio(left.replace(" ", ""), right.replace(" ", "")),
        0.95 * fuzz.token_sort_ratio(left, right),
        0.92 * fuzz.token_set_ratio(left, right),
    )
    score = min(96, int(likeness))
    return score, f"name {score}%"
