"""Absence: who is away from when until when, and who stands in. Nobody stands in for somebody who stands in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(days=366)
GONE = "deactivated"
"""`why` of somebody whose Slack account is switched off: away until it is switched on again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """`person` is away from `since` until `until`; `delegate` stands in, nobody when it is empty."""

    id: int
    person: str
    since: datetime
    until: datetime
    delegate: str
    set_by: str
    why: str = ""

    def covers(self, now: datetime) -> bool:
        """Whether the person is away at this moment."""
        return self.since <= now < self.until


def away(person: str, absences: Iterable[Absence], now: datetime) -> Absence | None:
    """The absence of a person who is away now."""
    return next((one for one in absences if one.person == person and one.covers(now)), None)


def stand_in(person: str, absences: Sequence[Absence], now: datetime) -> str | None:
    """Who is asked instead of a person: the person when present, the delegate when away. None when nobody is there: no delegate
    is named, or the delegate is away too."""
    absence = away(person, absences, now)
    if absence is None:
        return person
    if not absence.delegate or away(absence.delegate, absences, now) is not None:
        return None
    return absence.delegate


def present(people: Iterable[str], absences: Sequence[Absence], now: datetime) -> tuple[str, ...]:
    """Of these people those who are there, with delegates in the place of others; each once."""
    return tuple(dict.fromkeys(found for one in people if (found := stand_in(one, absences, now))))


def stands_in_for(user: str, absences: Sequence[Absence], now: datetime) -> tuple[str, ...]:
    """Whose roles a person has now beside their own. Who is away themselves stands in for nobody."""
    if away(user, absences, now) is not None:
        return ()
    return tuple(one.person for one in absences if one.delegate == user and one.covers(now))


def refusal(person: str, delegate: str, since: datetime, until: datetime, others: Iterable[Absence]) -> str:
    """Why this absence cannot be; empty when it can. `others` are absences that have not ended."""
    if until <= since:
        return "The absence has to end after it begins."
    if until - since > LONGEST:
        return "An absence lasts a year at most."
    if delegate == person:
        return "Somebody else has to stand in."
    for one in others:
        overlaps = one.since < until and since < one.until
        if overlaps and delegate and one.person == delegate:
            return f"@{{{delegate}}} is away then too. Please choose somebody who is there."
        if overlaps and delegate and one.delegate == person and one.person != person:
            return f"@{{{person}}} stands in for @{{{one.person}}} then. Please let somebody else stand in there first."
    return ""
