"""Conflicts: one field with two values in two systems, and whose counts. Pure, and no guess: where nothing decides, people do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

REASON = "conflict"


class Verdict(StrEnum):
    """What becomes of the target's value."""

    SAME = "same"  # both say the same: our own write that came back, or nothing happened
    TAKE = "take"  # the source's value is written
    KEEP = "keep"  # the target's value stays
    ASK = "ask"  # people decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A value as one system shows it. `changed`: since both agreed last, or as far as nobody knows when they did; `at` is when,
    as far as the system says."""

    system: str
    value: str
    changed: bool = True
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a field is decided: `owner` is the system of record at this stage; `manual` says that people decide about this record."""

    owner: str | None = None
    strategy: str = "last_write_wins"
    precedence: tuple[str, ...] = ()
    manual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The verdict and the rule that it rests on, in words."""

    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One field that both sides changed and that a rule decided, for the record: both values, both times, who lost and why."""

    flow: str
    subject: str
    field: str
    winner: Side
    loser: Side
    why: str


class ConflictLedger(Protocol):
    """What deciding asks of the ledger."""

    async def note_contest(self, contest: Contest, *, now: datetime) -> bool:
        """Keep it on record. False when this very contest is on record already."""
        ...


def decide(source: Side, target: Side, rule: Rule) -> Decided:
    """Whose value counts."""
    if _same(source.value, target.value):
        return Decided(verdict=Verdict.SAME)
    if rule.owner is not None:
        return _of(rule.owner, source, target, f"{rule.owner} is the system of record")
    if not target.changed:
        return Decided(verdict=Verdict.TAKE, why=f"{target.system} did not change it")
    if not source.changed:
        return Decided(verdict=Verdict.KEEP, why=f"{source.system} did not change it")
    if rule.manual or rule.strategy == "manual":
        return Decided(verdict=Verdict.ASK, why="people decide about this one")
    if rule.strategy == "source_precedence":
        return _by_precedence(source, target, rule.precedence)
    return _later(source, target)


def _later(source: Side, target: Side) -> Decided:
    if source.at is None or target.at is None or source.at == target.at:
        return Decided(verdict=Verdict.ASK, why="nobody knows which change came later")
    winner = source if source.at > target.at else target
    return _of(winner.system, source, target, f"{winner.system} changed it last")


def _by_precedence(source: Side, target: Side, precedence: Sequence[str]) -> Decided:
    first = next((each for each in precedence if each in (source.system, target.system)), None)
    if first is None:
        return Decided(verdict=Verdict.ASK, why="neither system comes first")
    return _of(first, source, target, f"{first} comes first")


def _of(system: str, source: Side, target: Side, why: str) -> Decided:
    if system == source.system:
        return Decided(verdict=Verdict.TAKE, why=why)
    return Decided(verdict=Verdict.KEEP if system == target.system else Verdict.ASK, why=why)


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
