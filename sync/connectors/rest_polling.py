"""Polling a described REST system without gaps: what changed since, page by page, continued from the cursor after any crash. The
next round begins a little before the last one began, for clocks differ; what is seen again carries the same key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.listing import Entry, Listed
from sync.model import Change, Record
from sync.ports import Page

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OVERLAP = timedelta(minutes=2)


def start_at(since: datetime) -> Record:
    """The cursor from which a round gives what changed at or after this moment."""
    return {"since": since.isoformat(), "until": None, "after": None}


def where(cursor: Record | None, now: datetime) -> tuple[datetime, datetime, str | None]:
    """Since when the round that the cursor is in asks, when it began, and behind which record it goes on."""
    cursor = cursor or start_at(_EPOCH)
    until = cursor.get("until")
    began = datetime.fromisoformat(str(until)) if until is not None else now
    return datetime.fromisoformat(str(cursor["since"])), began, cursor.get("after") if until is not None else None


def page(entity: str, listed: Listed, since: datetime, began: datetime) -> Page:
    """The changes of a page and the cursor behind it."""
    changes = tuple(_change(entity, each, began) for each in listed.entries)
    if listed.after is not None:
        cursor: Record = {"since": since.isoformat(), "until": began.isoformat(), "after": listed.after}
        return Page(changes=changes, cursor=cursor, more=True)
    return Page(changes=changes, cursor=start_at(max(since, began - _OVERLAP)), more=False)


def _change(entity: str, entry: Entry, began: datetime) -> Change:
    at = entry.changed or began
    stamp = (at - _EPOCH) // timedelta(milliseconds=1)
    return Change(
        entity=entity, record_id=entry.id, key=f"poll:{entity}:{entry.id}:{stamp}", kind="polled", occurred_at=at
    )
