"""Bypasses: a field that only Meshline writes was changed by somebody else. What we wrote last is compared with what stands
there now; our own writes, coming back as changes, show what we wrote and are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sync.mapping import text
from sync.model import Delivery, Found, Record, WriteSpec
from sync.money import Money

KIND = "bypass"
ENTITY = "bypass"
REASON = "bypassed"
REASONS = (REASON, "drift_bypass")
"""The reasons whose cards ask what changes in the runbook: what a delivery noticed, and what a reconciliation found."""
DECISION = "decision"
ACCEPT, PUT_BACK, DISCARDED, ELSEWHERE = "accept", "put_back", "discarded", "elsewhere"
_LONGEST = 200
_WHO = ("hs_updated_by_user_id", "updated_by", "last_modified_by")
_WHEN = ("hs_lastmodifieddate", "changed_at", "updated_at", "last_modified_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """One field: what Meshline wrote and what stands there now."""

    field: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """A record of which managed fields were changed around Meshline. `who` and `when` are as far as the system says, else empty;
    `subject` is the record in the flow, `money` what is at stake."""

    flow: str
    connection: str
    entity: str
    record_id: str
    subject: str
    changes: tuple[Around, ...]
    title: str = ""
    customer: str | None = None
    customer_name: str = ""
    money: Money | None = None
    who: str = ""
    when: str = ""

    @property
    def print(self) -> str:
        """What stays the same while the difference does."""
        return "|".join(f"{each.field}={each.theirs}" for each in self.changes)

    @property
    def words(self) -> str:
        """What happened, in one sentence."""
        told = "; ".join(
            f"{each.field} was {each.ours or 'empty'} and is {each.theirs or 'empty'}" for each in self.changes
        )
        by = f" by {self.who}" if self.who else ""
        at = f" on {self.when}" if self.when else ""
        return f"changed in {self.connection}{by}{at}, not by Meshline: {told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBypass:
    """A bypass as the ledger keeps it. `decision` is what people chose once it is closed; `lesson` is the change of the runbook
    that somebody wrote down, `postmortem` the text that it went into."""

    id: int
    what: Bypass
    opened_at: datetime
    closed_at: datetime | None = None
    decision: str = ""
    lesson: str = ""
    lesson_by: str | None = None
    lesson_at: datetime | None = None
    postmortem: str = ""

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class BypassLedger(Protocol):
    """What the watch over managed fields asks."""

    async def note_bypass(self, bypass: Bypass, *, now: datetime) -> int | None:
        """Open it, with an event and a delivery that tells of it: its number. None while the record has one open, or where people
        accepted this very difference."""
        ...

    async def bypass_told(self, event_id: int) -> KeptBypass | None:
        """The bypass that this event tells of."""
        ...

    async def close_bypass(self, number: int, *, decision: str, now: datetime) -> bool:
        """It is over. False when it was already."""
        ...


def noticed(
    delivery: Delivery, record: Record, specs: Sequence[WriteSpec], known: Mapping[str, tuple[str, Found]]
) -> tuple[Around, ...]:
    """The fields of the source's record that this plan wrote before and that show something else now. A field that was not
    read, or of which we do not know what we wrote, says nothing."""
    found = []
    for spec in specs:
        if spec.connection != delivery.event.connection or spec.operation != "update" or spec.name not in known:
            continue
        ours = known[spec.name][1].record
        for name in spec.body:
            if name in ours and name in record and not same(ours[name], record[name]):
                found.append(Around(field=name, ours=text(ours[name])[:_LONGEST], theirs=text(record[name])[:_LONGEST]))
    return tuple(found)


def still(bypass: Bypass, record: Record) -> bool:
    """Whether the record still shows something else than what Meshline wrote."""
    return any(not same(each.ours, text(record.get(each.field))[:_LONGEST]) for each in bypass.changes)


def same(ours: object, theirs: object) -> bool:
    """Whether two values read the same to people: spaces, letters' case and an empty value's kind do not count."""
    return text(ours).strip().casefold() == text(theirs).strip().casefold()


def who_and_when(record: Record) -> tuple[str, str]:
    """Who changed the record last and when, as far as the record itself says."""
    who, when = (next((text(record[name]) for name in names if record.get(name)), "") for names in (_WHO, _WHEN))
    return who[:80], when[:40]
