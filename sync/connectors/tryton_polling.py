"""Polling Tryton without gaps: a fixed window of the moments of change that it keeps, walked by id, continued from its cursor
after any crash.

The window ends by Tryton's own clock, a little before it, and the next one begins `overlap` before that end, because a change
bears the moment at which its transaction began and is seen only when that ends. A change behind the walk has a moment
behind the window. What is seen again carries the same key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.connectors.failures import understood
from sync.connectors.tryton_values import tagged_moment
from sync.errors import Unavailable
from sync.model import Change, Record
from sync.ports import Page

FIELDS = ("write_date", "create_date")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` to `end`, both included; records up to the id `after` are done."""

    start: datetime
    end: datetime
    after: int = 0


def start_at(since: datetime) -> Record:
    """The cursor of a window that begins there."""
    return {"since": since.astimezone(UTC).isoformat(), "until": None, "after": 0}


def under_way(cursor: Record | None) -> Window | None:
    """The window that the cursor is in the midst of."""
    if cursor is None or cursor.get("until") is None:
        return None
    return Window(start=_read(cursor["since"]), end=_read(cursor["until"]), after=int(cursor.get("after") or 0))


def following(cursor: Record | None, *, overlap: timedelta, lag: timedelta, now: datetime) -> Window:
    """The window after the cursor, with Tryton's clock at `now`. A clock that went back widens the window."""
    until = now - lag
    if cursor is None or cursor.get("since") is None:
        return Window(start=_EPOCH, end=until)
    done = _read(cursor["since"])
    return Window(start=max(min(done, until) - overlap, _EPOCH), end=max(done, until))


def domain(window: Window) -> list[Any]:
    """What Tryton is asked for. What was never changed has only the moment at which it was created."""
    start, end = tagged_moment(window.start), tagged_moment(window.end)
    changed = [["write_date", ">=", start], ["write_date", "<=", end]]
    created = [["write_date", "=", None], ["create_date", ">=", start], ["create_date", "<=", end]]
    return [["id", ">", window.after], ["OR", changed, created]]


def page(entity: str, window: Window, rows: Sequence[Record], size: int) -> Page:
    """The changes of an answer and the cursor behind them. Raises Unavailable for an answer that would lose records or never end."""
    with understood(f"the search of {entity}"):
        ids = [int(row["id"]) for row in rows]
        changes = tuple(_change(entity, row, window) for row in rows)
    if any(later <= earlier for earlier, later in zip([window.after, *ids], ids, strict=False)):
        raise Unavailable(f"the search of {entity} was answered out of order")
    if len(rows) >= size:
        since, until = window.start.isoformat(), window.end.isoformat()
        return Page(changes=changes, cursor={"since": since, "until": until, "after": ids[-1]}, more=True)
    return Page(changes=changes, cursor=start_at(window.end), more=False)


def _change(entity: str, row: Record, window: Window) -> Change:
    told = row.get("write_date") or row.get("create_date")
    at = _read(told) if told else window.end
    stamp = (at - _EPOCH) // timedelta(microseconds=1)
    record_id = str(row["id"])
    return Change(
        entity=entity, record_id=record_id, key=f"poll:{entity}:{record_id}:{stamp}", kind="polled", occurred_at=at
    )


def _read(text: Any) -> datetime:
    return datetime.fromisoformat(str(text)).astimezone(UTC)
