"""What stands in a target for a record that a person gave up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

KIND = ENTITY = "given_up"
"""The kind of the change that is told when a person discards a record that something was written for, and what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A write of the record that was not refused: `target_id` is what it made, None while nobody knows."""

    connection: str
    entity: str
    operation: str
    key: str
    target_id: str | None


class LeftoverLedger(Protocol):
    """What the ledger knows of what was written for a record."""

    async def written_for(self, flow: str, connection: str, entity: str, record_id: str) -> Sequence[Written] | None:
        """What the flow wrote for the record, oldest first; None while a change of the record is not settled, which then decides
        about it."""
        ...
