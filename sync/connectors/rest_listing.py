"""Listing the records of a described REST system, page by page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sync.connectors.rest_description import Entity as Known
from sync.connectors.rest_description import List, fill
from sync.connectors.rest_record import read_record
from sync.connectors.selector import select
from sync.errors import Unavailable
from sync.listing import Entry, Listed


def query(
    call: List, *, fields: Collection[str], after: str | None, since: datetime | None, limit: int
) -> dict[str, str]:
    """The query of one page: parts whose placeholder has no value now are left out."""
    values = {
        "after": after or "",
        "since": since.astimezone(UTC).isoformat() if since else "",
        "limit": str(min(limit, call.most)),
        "fields": ",".join(sorted(fields)),
    }
    return {
        name: fill(text, values)
        for name, text in call.query.items()
        if all(value for place, value in values.items() if f"{{{place}}}" in text)
    }


def page(name: str, known: Known, call: List, data: Any, after: str | None, onward: Any) -> Listed:
    """What an answer shows; `onward` is what continues behind it. Raises Unavailable for one that would lose records."""
    items = select(call.items, data)
    if not isinstance(items, list):
        raise Unavailable(f"{name} answered a list without {call.items}")
    behind = None if onward is None or onward == "" else str(onward)
    if behind is not None and (behind == after or not items):
        raise Unavailable(f"{name} answered a list that does not go on")
    return Listed(entries=tuple(_entry(name, known, call, item) for item in items), after=behind)


def _entry(name: str, known: Known, call: List, item: Any) -> Entry:
    found = read_record(known, item)
    if found is None:
        raise Unavailable(f"{name} listed a record that has no {known.id}")
    reference = found.record.get(known.create.reference) if known.create else None
    changed = _moment(select(call.changed, found.record)) if call.changed else None
    return Entry(found.id, found.record, changed, found.status, "" if reference is None else str(reference))


def _moment(value: Any) -> datetime | None:
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
