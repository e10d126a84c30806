"""Counting: how many records a system has and what they add up to, in its own words. An ability of its own, because not every
system has it: reconciliation holds what it listed against it, so that a list which leaves records out is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many records there are, and by currency what an amount adds up to in minor units; no totals where no amount was
    asked for."""

    records: int
    totals: dict[str, int] | None = None


@runtime_checkable
class Counting(Protocol):
    """A system that can count."""

    def counts(self, entity: str) -> bool:
        """Whether records of this entity can be counted at all."""
        ...

    async def counted(self, entity: str, *, amount: str | None = None, currency: str | None = None) -> Counted:
        """Every record that a list of the entity from its beginning would hold. `amount` is a field to add up by the field
        `currency`. Raises ConnectorError; Rejected(code="unsupported") where the system cannot add that field up."""
        ...
