"""A release on trial beside the active one. A canary takes its share of the records, a shadow only looks on; either way what
the record would have become under the active release is compared with what it becomes under the new one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sync.mapping import SelectorFailed, select, text
from sync.model import Record
from sync.releases import WHOLE, Compared, Deviation, Rule, Tally, Trial
from sync.replaying import Prepared, difference, ended
from sync.workspace.flow import Flow

if TYPE_CHECKING:
    from sync.line import Line

OUTCOME = "@outcome"
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A release on trial. `announced` are the places in which recorded records were seen to differ before it was agreed to."""

    release: int
    line: Line
    trial: Trial
    announced: frozenset[str] = frozenset()

    def looks_at(self, flow: str, subject: str, record: Record) -> Flow | None:
        """The flow as the candidate has it, where the record is to be looked at under it; None where it is not."""
        found = self.line.workspace.flows.get(flow)
        if found is None or not (self.trial.kind == "shadow" or self._takes(subject, record)):
            return None
        return found

    @property
    def writes(self) -> bool:
        """Whether the records that it looks at go out under it."""
        return self.trial.kind == "canary"

    def _takes(self, subject: str, record: Record) -> bool:
        value = ""
        if self.trial.selector:
            try:
                value = text(select(self.trial.selector, record))
            except SelectorFailed:
                return False
        return on_trial(self.trial, self.release, subject, value)

    def compare(self, before: Prepared, after: Prepared) -> Compared:
        """How the same record deviates."""
        found = deviations(before, after)
        return Compared(
            release=self.release,
            deviations=found[:_MOST],
            unannounced=any(each.place not in self.announced for each in found),
        )


def deviations(before: Prepared, after: Prepared) -> tuple[Deviation, ...]:
    """Everything that is not the same in what a record becomes."""
    ends = ended(before), ended(after)
    if ends[0] != ends[1]:
        return (Deviation(write="", path=OUTCOME, before=ends[0], after=ends[1]),)
    return tuple(
        Deviation(write=write, path=path, before=was, after=becomes)
        for write, path, was, becomes in difference(before, after)
    )


def announced(proof: Mapping[str, Any]) -> frozenset[str]:
    """The places that a proposal's proof names."""
    return frozenset(_places(proof.get("fields", ()), proof.get("outcomes", ())))


def _places(fields: Iterable[Mapping[str, Any]], outcomes: Iterable[object]) -> Iterable[str]:
    for each in fields:
        yield f"{each['write']} {each['path']}".strip()
    if any(True for _ in outcomes):
        yield OUTCOME


def on_trial(trial: Trial, release: int, subject: str, value: str) -> bool:
    """Whether a record goes out under the release on trial. The same subject always gets the same answer for one release;
    `value` is what stands at the trial's selector."""
    if trial.kind != "canary":
        return False
    if trial.selector:
        return value in trial.cohort
    drawn = hashlib.sha256(f"{release}/{subject}".encode()).digest()
    return int.from_bytes(drawn[:4], "big") % WHOLE < trial.share


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a rule says: `promote` or `roll_back`, and why."""

    verb: str
    why: str


def judged(rule: Rule, candidate: Tally, rest: Tally) -> Ruling | None:
    """The ruling as soon as there is one: back when a record deviates in what was not announced, or when more records stopped
    than the rule's number of records may bring; for all after that number."""
    if candidate.differing > rule.differences:
        return Ruling(
            verb="roll_back", why=f"{candidate.differing} records came out otherwise in what was not announced"
        )
    usual = Fraction(rest.stopped, rest.ended) if rest.ended else Fraction(0)
    most = (usual + Fraction(rule.errors, WHOLE)) * max(rule.events, candidate.ended)
    of = f"{candidate.stopped} of {candidate.ended} records stopped, of the rest {rest.stopped} of {rest.ended}"
    if candidate.stopped > most:
        return Ruling(verb="roll_back", why=of)
    return Ruling(verb="promote", why=of) if candidate.ended >= rule.events else None
