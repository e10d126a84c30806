"""Polling a table without gaps: a fixed window of moments, walked by (moment, key). The next window begins a little before the last
one ended, for what was committed late; what is seen again carries the same key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, String, and_, cast, or_, select

from sync.connectors.sql_tables import Known
from sync.model import Change, Record
from sync.ports import Page

PAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCKS_BACK = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `since` to `until`, both inclusive; `after` is the last row that was seen: its moment as compared, and its key."""

    since: datetime
    until: datetime
    after: tuple[str, str] | None

    @property
    def cursor(self) -> Record:
        after = list(self.after) if self.after else None
        return {"since": self.since.isoformat(), "until": self.until.isoformat(), "after": after}


def start_at(since: datetime) -> Record:
    """The cursor from which a round gives what changed at or after this moment."""
    return {"since": since.isoformat(), "until": None, "after": None}


def window(cursor: Record | None, until: datetime) -> Window:
    """The window that the cursor is in, or the next one, which ends at `until`."""
    cursor = cursor or start_at(_EPOCH)
    since, ends, after = datetime.fromisoformat(str(cursor["since"])), cursor.get("until"), cursor.get("after")
    return Window(
        since=since,
        until=datetime.fromisoformat(str(ends)) if ends is not None else until,
        after=(str(after[0]), str(after[1])) if after else None,
    )


def asked(known: Known, window: Window) -> Select[Any]:
    """The rows of the next page, in the order of their moments and then of their keys: key, moment, moment as text."""
    stamp, key = known.stamp(), known.key
    low, high = _bounds(known, window)
    wanted: list[ColumnElement[bool]] = [stamp >= low, stamp <= high]
    if window.after is not None:
        at, last = _compared(known, window.after[0]), known.bound(known.options.key, window.after[1])
        wanted.append(or_(stamp > at, and_(stamp == at, key > last)))
    exact = cast(known.column(known.options.changed or ""), String())
    return select(key, stamp, exact).where(*wanted).order_by(stamp, key).limit(PAGE)


def page(known: Known, window: Window, rows: Sequence[Any], overlap: timedelta) -> Page:
    """The changes of a page and the cursor behind it."""
    changes = tuple(_change(known, str(key), stamp, str(exact)) for key, stamp, exact in rows)
    if len(rows) == PAGE:
        last = (_text(rows[-1][1]), str(rows[-1][0]))
        onward = Window(since=window.since, until=window.until, after=last)
        return Page(changes=changes, cursor=onward.cursor, more=True)
    return Page(changes=changes, cursor=start_at(max(window.since, window.until - overlap)), more=False)


def _change(known: Known, record_id: str, stamp: Any, exact: str) -> Change:
    entity = known.name
    at = stamp if isinstance(stamp, datetime) else datetime.fromisoformat(str(stamp))
    at = at if at.tzinfo else at.replace(tzinfo=known.zone or UTC)
    key = f"poll:{entity}:{record_id}:{exact}"
    return Change(entity=entity, record_id=record_id, key=key, kind="polled", occurred_at=at.astimezone(UTC))


def moment(known: Known, at: datetime) -> Any:
    """A moment as the table's moments are compared."""
    if known.sqlite:
        local = at.astimezone(known.zone or UTC).replace(tzinfo=None)
        return local.isoformat(sep=" ", timespec="milliseconds")
    timed = getattr(known.column(known.options.changed or "").type, "timezone", False)
    return at if timed or known.zone is None else at.astimezone(known.zone).replace(tzinfo=None)


def _bounds(known: Known, window: Window) -> tuple[Any, Any]:
    back = _turned_back(known.zone, window)
    return moment(known, window.since - back), moment(known, window.until + back)


def _turned_back(zone: ZoneInfo | None, window: Window) -> timedelta:
    """By how much clocks were put back within or shortly before the window: an hour then has two meanings in a table without
    zones, and both are read."""
    if zone is None:
        return timedelta()
    before, after = (each.astimezone(zone).utcoffset() for each in (window.since - _CLOCKS_BACK, window.until))
    return max(timedelta(), (before or timedelta()) - (after or timedelta()))


def _compared(known: Known, text: str) -> Any:
    return text if known.sqlite else datetime.fromisoformat(text)


def _text(stamp: Any) -> str:
    return stamp.isoformat() if isinstance(stamp, datetime) else str(stamp)
