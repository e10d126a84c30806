"""Suggestions as they are counted, and the rules that may follow from them. A rule is proposed for people to look at; nothing here
ever applies one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from sync.mapping import pattern
from sync.model import Candidate, Overlay, Violation

ENOUGH = 5
"""So many times a suggestion is taken, without being passed over, before a rule is proposed; the workspace may say otherwise."""
_NUMBERS = re.compile(r"\s*\d+(?:\.\d+)?\s*%|\s+on \d.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """What was suggested for `found`. `means` is what people call `value`; `matcher` is the kind of likeness that it rested on."""

    flow: str
    reason: str
    path: str
    label: str
    found: str
    value: str
    means: str
    matcher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Suggested):
    """That one suggestion was taken, or passed over for another value."""

    accepted: bool

    @property
    def key(self) -> str:
        """What tells one rule from another: in a flow, for a reason and a field, what was found means this."""
        words = [self.flow, self.reason, self.path, self.found, self.value]
        return hashlib.sha256(orjson.dumps(words)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion(Suggested):
    """How often what was suggested for `found` was taken and passed over; `streak` is how often it was taken since it was last
    passed over."""

    accepted: int
    rejected: int
    streak: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRule:
    """What might become a rule of the flow, for the governance review: `found` always means `value`. It says `accepted` of
    `accepted` times. `state` is proposed, noted or dismissed."""

    id: int
    flow: str
    reason: str
    path: str
    label: str
    found: str
    value: str
    means: str
    accepted: int
    state: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What one decision says about suggestions. A rule is proposed after `enough`, in `channels` by flow."""

    marks: tuple[Mark, ...] = ()
    enough: int = ENOUGH
    channels: Mapping[str, str] | None = None


def marks(flow: str, decided: Iterable[tuple[tuple[Violation, ...], tuple[Overlay, ...]]]) -> tuple[Mark, ...]:
    """What one decision says about the suggestions of these cases: each suggestion counts once, however many records the decision
    is for. Only values that were there are counted: of an empty field nothing follows for the next one."""
    found: dict[tuple[str, bool], Mark] = {}
    for violations, overlays in decided:
        chosen = {each.path: each for each in overlays}
        for violation in violations:
            overlay = chosen.get(violation.path)
            if overlay is not None and overlay.action == "set" and violation.found:
                for mark in _of(flow, violation, overlay.value):
                    found[mark.key, mark.accepted] = mark
    return tuple(found.values())


def _of(flow: str, violation: Violation, value: str) -> Iterable[Mark]:
    offered = [each for each in violation.candidates if each.score > 0]
    if not offered:
        return
    taken = next((each for each in offered if each.value == value), None)
    if taken is not None:
        yield _mark(flow, violation, taken, accepted=True)
    if offered[0] is not taken:
        yield _mark(flow, violation, offered[0], accepted=False)


def _mark(flow: str, violation: Violation, candidate: Candidate, *, accepted: bool) -> Mark:
    return Mark(
        flow=flow,
        reason=violation.reason,
        path=pattern(violation.path),
        label=re.sub(r" \(line \d+\)$", "", violation.label),
        found=violation.found,
        value=candidate.value,
        means=candidate.label or candidate.value,
        matcher=matcher(candidate.why),
        accepted=accepted,
    )


def matcher(why: str) -> str:
    """The kind of likeness without its figures: `name 94%` and `name 71%` are both `name`."""
    return _NUMBERS.sub("", why).strip()[:255] or "unknown"


def in_words(rule: ProposedRule | Mark) -> str:
    """The rule as a sentence; not escaped."""
    return f"{rule.label} “{rule.found}” always means “{rule.means}”"
