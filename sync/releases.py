"""Releases: what a workspace said at one moment, kept for ever. One is active; another may be on trial beside it. Who is on
trial and when a trial has failed is decided here, by numbers alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from sync.lifecycle import ReleaseState

Files = Mapping[str, str]
_WHOLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a canary is over. It fails as soon as more than `errors` (basis points) of its records stop than do of the rest, or
    more than `differences` of its records come out otherwise than before in what the proposal did not announce; it has
    passed after `events` records."""

    events: int = 50
    errors: int = 500
    differences: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Which records a release on trial gets: `share` of all subjects in basis points, or those whose value at `selector` is one
    of `cohort`. A `shadow` gets a copy of all of them and writes nothing."""

    kind: str = "canary"
    share: int = _WHOLE
    selector: str = ""
    cohort: tuple[str, ...] = ()
    rule: Rule = Rule()

    @property
    def words(self) -> str:
        """How people read it."""
        if self.kind == "shadow":
            return "in the shadow of the active release"
        if self.selector:
            return f"for {self.selector} in {', '.join(self.cohort)}"
        return f"for {Fraction(self.share, 100).limit_denominator(100)} % of the records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release. `needs` are the teams whose approval it wants and `approved` who gave it, by team."""

    id: int
    digest: str
    state: ReleaseState
    made_by: str
    made_at: datetime
    words: str
    based_on: int | None
    changes: tuple[Mapping[str, Any], ...] = ()
    proof: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    approved: Mapping[str, str] = field(default_factory=dict)
    trial: Trial | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    why: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The teams that have not agreed yet."""
        return tuple(team for team in self.needs if team not in self.approved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Which releases run now, by their numbers: 0 and None where there is none."""

    active: int = 0
    trial: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many records ended under one release since its trial began, how many of them stopped, and how many came out otherwise
    than under the active one in what was not announced."""

    ended: int = 0
    stopped: int = 0
    differing: int = 0


def digest_of(files: Files) -> str:
    """The content of a release in 64 hexadecimal digits: the same for the same files, whatever their order."""
    whole = hashlib.sha256()
    for name in sorted(files):
        for text in (name, files[name]):
            whole.update(hashlib.sha256(text.encode()).digest())
    return whole.hexdigest()


def versions_of(files: Files, versions: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(reference, digest) of every contract: `versions` are their references, such as deal@1.0.0, by file."""
    for file, reference in sorted(versions.items()):
        yield reference, digest_of({"": files[file]})


def on_trial(trial: Trial, release: int, subject: str, value: str) -> bool:
    """Whether a record goes out under the release on trial. The same subject always gets the same answer for one release;
    `value` is what stands at the trial's selector."""
    if trial.kind != "canary":
        return False
    if trial.selector:
        return value in trial.cohort
    drawn = hashlib.sha256(f"{release}/{subject}".encode()).digest()
    return int.from_bytes(drawn[:4], "big") % _WHOLE < trial.share


def judged(rule: Rule, candidate: Tally, rest: Tally) -> tuple[str, str] | None:
    """("promote" or "roll_back", why) as soon as the rule says so; None while it does not."""
    if candidate.differing > rule.differences:
        return "roll_back", f"{candidate.differing} records came out otherwise in what was not announced"
    usual = Fraction(rest.stopped, rest.ended) if rest.ended else Fraction(0)
    most = usual + Fraction(rule.errors, _WHOLE)
    if candidate.stopped > max(Fraction(1), most * rule.events) or (
        candidate.ended >= rule.events and candidate.stopped > most * candidate.ended
    ):
        return (
            "roll_back",
            f"{candidate.stopped} of {candidate.ended} records stopped, of the rest {rest.stopped} of {rest.ended}",
        )
    if candidate.ended >= rule.events:
        return "promote", f"{candidate.ended} records went through, {candidate.stopped} stopped"
    return None
