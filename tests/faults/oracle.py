"""The oracle. It compares, key by key, what was promised to the sender with what the target's own log says was committed, and
then asks the ledger and Slack whether they tell the same story."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.orders import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One line of the target's log, in the order in which they happened."""

    key: str
    customer: str
    sequence: int


@dataclass
class Verdict:
    """What is wrong, in words. `ledger` are contradictions inside Meshline and Slack."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.reordered, *self.ledger]


def read_log(log: Path) -> list[Commit]:
    """Everything the target committed."""
    lines = (json.loads(line) for line in log.read_bytes().splitlines())
    return [
        Commit(key=line["commit"], customer=str(line["customer"]), sequence=int(line["sequence"]))
        for line in lines
        if "commit" in line
    ]


def compare(promised: Mapping[str, Order], commits: Iterable[Commit], stale: frozenset[str] = frozenset()) -> Verdict:
    """Judge the target. `stale` are keys that the ledger says came too late: each may be missing, if its customer's newest
    state was written."""
    verdict, found = Verdict(), list(commits)
    many = Counter(commit.key for commit in found)
    verdict.doubled += [f"{key} was committed {times} times" for key, times in many.items() if times > 1]
    verdict.doubled += [f"{key} was committed and never promised or sent" for key in many.keys() - promised.keys()]
    newest: defaultdict[str, int] = defaultdict(int)
    for order in promised.values():
        if order.right:
            newest[order.customer] = max(newest[order.customer], order.sequence)
    for key, order in promised.items():
        excused = key in stale and order.sequence < newest[order.customer]
        if order.right and not many[key] and not excused:
            verdict.lost.append(f"{key} was promised and never committed")
        if not order.right and many[key]:
            verdict.doubled.append(f"{key} must not be written and was")
    _order(found, newest, verdict)
    return verdict


def _order(commits: list[Commit], newest: Mapping[str, int], verdict: Verdict) -> None:
    applied: dict[str, int] = {}
    for commit in commits:
        before = applied.get(commit.customer, 0)
        if commit.sequence < before:
            verdict.reordered.append(f"{commit.customer}: {commit.sequence} was committed after {before}")
        applied[commit.customer] = commit.sequence
    for customer, sequence in newest.items():
        if customer in applied and applied[customer] != sequence:
            verdict.reordered.append(f"{customer} was left at {applied[customer]}, its newest state is {sequence}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the ledger says at rest: deliveries by state, keys by the step that ended them, and whether the journal's chain holds."""

    states: Mapping[str, int]
    stale: frozenset[str]
    journal: int
    broken_at: int | None
    causes: tuple[int, ...]


def compare_books(books: Books, cards: Iterable[int], *, held: int, verdict: Verdict) -> None:
    """Judge the ledger and what Slack shows (`cards` are the causes of the cards in it); `held` deliveries wait for a person."""
    for state in ("pending", "running", "dead"):
        if books.states.get(state):
            verdict.ledger.append(f"{books.states[state]} deliveries are {state}")
    if books.states.get("held", 0) != held:
        verdict.ledger.append(f"{books.states.get('held', 0)} deliveries are held, expected {held}")
    if books.broken_at is not None:
        verdict.ledger.append(f"the journal is broken at line {books.broken_at}")
    shown = Counter(cards)
    for cause in books.causes:
        if shown[cause] != 1:
            verdict.ledger.append(f"cause {cause} has {shown[cause]} cards")
    verdict.ledger += [f"a card for cause {cause}, which is not open" for cause in shown.keys() - set(books.causes)]


def as_figures(verdict: Verdict) -> dict[str, Any]:
    """The three figures that every row has."""
    return {name: len(getattr(verdict, name)) for name in ("lost", "doubled", "reordered")}
