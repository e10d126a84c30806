"""The canonical customer as the ledger keeps it: one for each that is billed, with the number reserved for it once, the records of
other systems that are it, and what was merged into it. Values only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sync.records import Record

ENTITY, KIND = "customer", "customer.merged"
"""What tells that two customers of the target became one is an event of this entity and kind."""
QUESTION = "customer"
"""The kind of a question that asks who a customer is; `expected` is a whole sentence then."""
MAYBE, TWICE, GONE, CIRCLE = "maybe_duplicate", "customer_twice_in_erp", "customer_gone", "circular_merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A record of a source that is a customer of a target connection."""

    connection: str
    entity: str
    id: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whose customer write a plan carries: the record of the source, what it says of the company by the names of a profile's
    fields, and the ids that the source says were merged into it."""

    write: str
    known: Known
    says: Mapping[str, str]
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A canonical customer. `reference` is the key under which the target has it, `number` its own in that target, `says` what
    was known when it was made. `same` are the records that are it; what the `voices` among them say is written to the target. `former` are
    the references of the customers that were merged into it."""

    id: int
    target: str
    number: int
    reference: str
    flow: str
    says: Mapping[str, str]
    same: tuple[Known, ...] = ()
    voices: tuple[Known, ...] = ()
    former: tuple[str, ...] = ()
    merged_into: int | None = None

    @property
    def name(self) -> str:
        return self.says.get("name", "") or self.reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Customers that share keys with somebody, those that share the most first, as of `stand`: the newest customer there was."""

    customers: tuple[Customer, ...]
    stand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """A customer to be made: who it is, under which reference the target will have it, and the keys under which it is found,
    each with how much sharing it says."""

    known: Known
    reference: str
    flow: str
    says: Mapping[str, str]
    keys: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge in a source came to: the customers that became one, as (survivor, other), why one was `refused`, and how many
    stopped records went round again."""

    pairs: tuple[tuple[int, int], ...] = ()
    refused: tuple[str, ...] = ()
    woken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeSeen:
    """A source says that records of it were merged into one."""

    connection: str
    entity: str
    survivor: str
    merged: tuple[str, ...] = field(default=())


class CustomerLedger(Protocol):
    """Customers as the ledger keeps them. Each method is one transaction."""

    async def customer_of(self, known: Known) -> Customer | None:
        """Who this record is: of customers that were merged, the survivor. None where nobody knows."""
        ...

    async def customers_near(self, target: str, keys: Collection[str], *, most: int) -> Near:
        """Those that share keys, the survivors of those that were merged."""
        ...

    async def told_apart(self, known: Known) -> frozenset[int]:
        """The customers of which a person said that this record is another one."""
        ...

    async def reserve_customer(self, new: NewCustomer, *, stand: int, now: datetime) -> Customer | None:
        """Make a customer, with the next number of its target; the one that this record is already. None where somebody came
        in after `stand` who shares a key: look again."""
        ...

    async def link_customer(self, known: Known, customer: int, *, by: str, why: str, now: datetime) -> Customer:
        """This record is that customer. One that is known as another keeps what it is."""
        ...

    async def tell_apart(self, known: Known, customers: Collection[int], *, by: str, now: datetime) -> None:
        """This record is none of them; nobody is asked again."""
        ...

    async def merge_customers(self, survivor: int, other: int, *, by: str, why: str, now: datetime) -> Customer:
        """From now on the other one is the survivor, whose own merges count. Raises IllegalMove for a circle."""
        ...

    async def note_merges(self, seen: Sequence[MergeSeen], *, now: datetime) -> Merged:
        """Follow merges of a source: customers become one, and what waited for it goes round again."""
        ...

    async def renew_reference(self, customer: int, reference: str, *, by: str, now: datetime) -> Customer:
        """The target lost its record: from now on it is written under this reference."""
        ...


def circling(seen: MergeSeen, target: str, words: str) -> Record:
    """What the event of a merge that was refused carries."""
    return {
        "id": f"{seen.survivor}-{'-'.join(seen.merged)}"[:200],
        "target": target,
        "refused": words,
        "connection": seen.connection,
        "entity": seen.entity,
        "survivor_id": seen.survivor,
        "merged_ids": list(seen.merged),
    }


def telling(survivor: Customer, other: Customer) -> Record:
    """What the event of a merge carries."""
    return {
        "id": f"{survivor.id}-{other.id}",
        "target": survivor.target,
        "survivor": survivor.id,
        "other": other.id,
        "survivor_reference": survivor.reference,
        "other_reference": other.reference,
        "survivor_name": survivor.name,
        "other_name": other.name,
    }
