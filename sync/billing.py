"""Billing holds: what a hold is on, what a plan asks about before it posts, and which of its writes a hold stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

POSTING = ("post", "credit")


class Scope(StrEnum):
    """What a hold is on: all that goes to a customer, all of one contract (a deal), or all that a flow posts."""

    CUSTOMER = "customer"
    CONTRACT = "contract"
    FLOW = "flow"


class Source(StrEnum):
    """Who found that billing has to stop: a clock that ran out, a comparison of both systems, a record that was read back and
    is not as it was written, or a person."""

    LATE = "late"
    DRIFT = "drift"
    VERIFICATION = "verification"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingHold:
    """Nothing is posted for this customer, this contract or by this flow until a person releases it. `key` is the customer's or
    contract's id in the source, or the flow's name; of one `source` there is one at a time."""

    id: int
    key: str
    case_id: int | None
    why: str
    placed_by: str
    placed_at: datetime
    scope: str = Scope.CUSTOMER.value
    source: str = Source.PERSON.value
    released_by: str | None = None
    released_at: datetime | None = None
    note: str = ""
    waiting: int = 0
    name: str = ""

    @property
    def called(self) -> str:
        """What people call it; the key when that is not known."""
        return self.name or self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Bills:
    """What a posting belongs to. A hold on any of it stops the posting."""

    flow: str
    customer: str | None = None
    contract: str | None = None

    @property
    def payer(self) -> str | None:
        """Whose postings keep their order: the customer's, the contract's where no customer is known."""
        return self.customer or self.contract

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """Every (scope, key) that a hold may be on."""
        named = ((Scope.CUSTOMER, self.customer), (Scope.CONTRACT, self.contract), (Scope.FLOW, self.flow))
        return tuple((scope.value, key) for scope, key in named if key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A hold that what happened asks for."""

    scope: str
    key: str
    name: str
    why: str
    source: str


def doubt(contract: str, name: str, why: str) -> Holding:
    """The hold on a contract of which a record was read back wrong."""
    scope, source = Scope.CONTRACT.value, Source.VERIFICATION.value
    return Holding(scope=scope, key=contract, name=name, why=why, source=source)


def held_from(operations: Sequence[str]) -> int:
    """The place of the first write of a plan that a hold stops: drafts go on up to the first posting. Where a plan posts
    nothing by itself, what it creates counts at once, so the hold stops all of it."""
    return next((place for place, each in enumerate(operations) if each in POSTING), 0)
