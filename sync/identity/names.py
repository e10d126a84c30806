"""How alike two names of companies are: word by word, with so many slips of the pen as the length of a word forgives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from sync.identity.forms import without_asian_form, without_form
from sync.identity.letters import LONGEST, folded, sound

_AND = frozenset(
    {"und", "u", "and", "et", "y", "e", "og", "och", "en", "i", "the", "der", "die", "das", "le", "la", "les"}
)
_SPLIT = re.compile(r"[\W_]+")
_INITIALS = re.compile(r"\b(?:\w[./])+\w?(?=\W|$)")
_ABBREVIATED, _LEAST_PREFIX = 0.9, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A company's name as it is compared: its words by their sound without the legal form, and the kind of that form."""

    words: tuple[str, ...]
    kind: str

    @property
    def joined(self) -> str:
        return "".join(self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike two names are, from 0 to 1. `opposed`: each has a word of its own, as sister companies have."""

    share: float
    opposed: bool = False


@lru_cache(maxsize=20_000)
def name_of(text: str) -> Name:
    """The name as it is compared."""
    plain = folded(without_asian_form(text[:LONGEST]).replace("&", " ").replace("+", " "))
    plain = _INITIALS.sub(lambda found: re.sub(r"[./]", "", found[0]), plain)
    every = [word for word in _SPLIT.split(plain) if word]
    if not every:
        return Name(words=(), kind="")
    words, kind = without_form([word for word in every[:-1] if word not in _AND] + every[-1:])
    return Name(words=tuple(map(sound, words)), kind=kind)


def forgiven(length: int) -> int:
    """How many slips a word of so many letters may have and still be the same word."""
    return 0 if length < 4 else 1 if length < 7 else 2 if length < 12 else 3


@lru_cache(maxsize=20_000)
def likeness(left: Name, right: Name) -> Likeness:
    """How alike two names are; nothing where one of them is empty."""
    if not left.words or not right.words:
        return Likeness(share=0)
    if left.joined == right.joined or sorted(left.words) == sorted(right.words):
        return Likeness(share=1)
    few, many = sorted((left.words, right.words), key=len)
    rest, met, letters = list(many), 0.0, sum(map(len, few + many))
    alone: list[str] = []
    for word in few:
        best = max(rest, key=lambda other: alike(word, other), default="")
        close = alike(word, best) if best else 0
        if close:
            rest.remove(best)
            met += close * (len(word) + len(best))
        else:
            alone.append(word)
    opposed = any(len(each) > 2 for each in alone) and any(len(each) > 2 for each in rest)
    whole = _as_one(left.joined, right.joined)
    share = max(met / letters, whole)
    return Likeness(share=share, opposed=opposed and whole < met / letters)


def alike(word: str, other: str) -> float:
    """How alike two words are: 1 for the same, 0 for others; a word may be cut short."""
    if word == other:
        return 1
    short, long = sorted((word, other), key=len)
    slips = forgiven(len(short))
    apart = OSA.distance(word, other, score_cutoff=slips)
    if apart <= slips:
        return 1 - apart / len(long)
    return _ABBREVIATED if len(short) >= _LEAST_PREFIX and long.startswith(short) else 0


def _as_one(left: str, right: str) -> float:
    """The two names written without gaps: what was written apart in one and as one in the other."""
    longest = max(len(left), len(right))
    slips = forgiven(min(len(left), len(right)))
    apart = OSA.distance(left, right, score_cutoff=slips)
    return 1 - apart / longest if apart <= slips else 0
