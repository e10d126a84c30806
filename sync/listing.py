"""Listing: the records of one kind, all of them or those that changed, page by page in a stable order. An ability of its own,
because not every system has it: a flow that is reconciled needs it on both of its sides."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from sync.model import Record


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a list: the target's or source's own `id`, the fields that were asked for, when it `changed` last as far
    as the system says so, its `status`, and the reference that it carries; empty where it has none."""

    id: str
    record: Record
    changed: datetime | None = None
    status: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page. `after` continues behind it, and is None behind the last one."""

    entries: tuple[Entry, ...]
    after: str | None


@runtime_checkable
class Listing(Protocol):
    """A system whose records can be listed."""

    def lists(self, entity: str) -> bool:
        """Whether records of this entity can be listed at all."""
        ...

    def lists_changes(self, entity: str) -> bool:
        """Whether `since` is understood for this entity."""
        ...

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind `after`; None begins. Only records that changed at or after `since`; deleted ones are in no list. The
        order is a keyset that no change to a record moves, so a walk neither skips nor repeats what stays. `fields` are
        paths such as `amount` or `company.id`; a page holds at most `limit` entries, or fewer. Raises ConnectorError."""
        ...
