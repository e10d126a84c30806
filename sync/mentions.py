"""Whom a card's thread asks, and what is asked only once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Words for a card's thread and whom they are for. `hours` is the calendar that was kept with the case, `team` has the card."""

    cause_id: int
    words: str
    people: tuple[str, ...]
    severity: str
    team: str
    hours: Mapping[str, Any] | None
    broadcast: bool = False


def once_each(asked: Sequence[Question]) -> list[Question]:
    """What is asked of the same people about several cards of a team at one moment rings once: the first says how many more
    there are, the others stand in their threads. Class A rings for each card."""
    alike: defaultdict[object, list[Question]] = defaultdict(list)
    for place, one in enumerate(asked):
        alone = one.severity == Severity.A or not (one.people or one.broadcast)
        alike[place if alone else (one.team, one.people, one.broadcast)].append(one)
    spoken = []
    for first, *rest in alike.values():
        more = f" The same holds for {len(rest):,} more card{'s' if len(rest) > 1 else ''} here." if rest else ""
        spoken += [
            replace(first, words=f"{first.words}{more}"),
            *(replace(one, people=(), broadcast=False) for one in rest),
        ]
    return spoken
