"""Are two profiles one company? A score out of a hundred with its parts in words, and a decision: `same` may be acted upon,
a `candidate` is put to a person, anything else is another company.

Nothing is the same by one mark alone: two independent ones must agree and none may contradict. An e-mail address never counts as
a mark of who somebody is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz.distance import OSA

from sync.identity.forms import unlike
from sync.identity.names import likeness
from sync.identity.profile import Profile

SAME, LIKELY = 72, 40
"""Scores from which two profiles are the same, and from which a person is asked. Measured: `python -m benchmarks.identity`."""
_CLOSE = 0.8  # names that one hand may have written differently
_MOVED = 0.5  # names of which half is there


class Verdict(StrEnum):
    """What is to be done with a pair."""

    SAME = "same"
    CANDIDATE = "candidate"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that speaks for or against. `marks` counts as one of the two that must agree; `denies` makes a person decide."""

    points: int
    words: str
    marks: bool = False
    denies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How two profiles compare. `parts` are in the order in which they are told."""

    verdict: Verdict
    score: int
    parts: tuple[Part, ...]

    @property
    def why(self) -> str:
        """The parts in words, such as: same VAT id · name 93% · other postcode."""
        return " · ".join(part.words for part in self.parts)


def compare(left: Profile, right: Profile) -> Match:
    """How two profiles compare. Symmetric, and the same whenever it is asked."""
    parts = tuple(part for of in (_by_number, _by_name, _by_site, _by_place, _by_phone) for part in of(left, right))
    score = max(0, min(100, sum(part.points for part in parts)))
    return Match(verdict=_verdict(score, parts), score=score, parts=parts)


def _verdict(score: int, parts: tuple[Part, ...]) -> Verdict:
    if score < LIKELY:
        return Verdict.OTHER
    agreed = sum(part.marks for part in parts)
    if score >= SAME and agreed >= 2 and not any(part.denies for part in parts):
        return Verdict.SAME
    return Verdict.CANDIDATE


def _by_number(left: Profile, right: Profile) -> Iterator[Part]:
    if left.external and left.external == right.external:
        yield Part(points=55, words="same external id", marks=True)
    one, two = left.vat, right.vat
    if one is None or two is None:
        return
    if one.text == two.text:
        points, words = (58, "same VAT id") if one.proven else (46, "same VAT id, unproven")
        yield Part(points=points, words=words, marks=True)
    elif one.country and two.country and one.country != two.country:
        yield Part(points=-25, words="VAT ids of two countries", denies=True)
    elif OSA.distance(one.text, two.text, score_cutoff=1) <= 1:
        typed = one.proven != two.proven
        yield Part(points=8 if typed else -12, words="VAT ids one sign apart", denies=True)
    else:
        yield Part(points=-35, words="other VAT id", denies=True)


def _by_name(left: Profile, right: Profile) -> Iterator[Part]:
    found = likeness(left.called, right.called)
    share = found.share
    if not left.called.words or not right.called.words:
        return
    if share == 1:
        yield Part(points=34, words="same name", marks=True)
    elif found.opposed:
        yield Part(points=-8 if share > _MOVED else -18, words=f"name {share:.0%}, with other words", denies=True)
    elif share >= _CLOSE:
        yield Part(points=round(34 * share) - 4, words=f"name {share:.0%}", marks=True)
    elif share >= _MOVED:
        yield Part(points=14, words=f"name {share:.0%}", denies=True)
    else:
        yield Part(points=-18, words="other name", denies=True)
    if unlike(left.called.kind, right.called.kind):
        yield Part(points=-10, words=f"{left.called.kind} and {right.called.kind}", denies=True)


def _by_site(left: Profile, right: Profile) -> Iterator[Part]:
    if left.site and right.site:
        if left.site == right.site:
            yield Part(points=24, words="same domain", marks=True)
        else:
            yield Part(points=-4, words="other domain")
    elif left.mailbox and left.mailbox == right.mailbox:
        yield Part(points=14, words="same mailbox")


def _by_place(left: Profile, right: Profile) -> Iterator[Part]:
    if left.land and right.land and left.land != right.land:
        yield Part(points=-15, words="other country", denies=True)
        return
    same_post = bool(left.post) and left.post == right.post
    near = bool(left.town) and _slip(left.town, right.town)
    if same_post:
        yield Part(points=16, words="same postcode", marks=True)
    elif left.post and right.post:
        yield Part(points=-4 if near else -8, words="same town, other postcode" if near else "other postcode")
    elif near:
        yield Part(points=8, words="same town")
    if left.road and right.road and (same_post or near) and _slip(left.road, right.road):
        yield Part(points=10, words="same street", marks=True)


def _by_phone(left: Profile, right: Profile) -> Iterator[Part]:
    if left.rings and left.rings == right.rings:
        yield Part(points=22, words="same phone", marks=True)


def _slip(left: str, right: str) -> bool:
    return left == right or (len(left) > 5 and OSA.distance(left, right, score_cutoff=1) <= 1)
