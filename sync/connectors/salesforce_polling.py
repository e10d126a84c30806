"""Polling Salesforce without gaps: a fixed window of SystemModstamp, walked by (SystemModstamp, Id), continued from its cursor
after any crash. Deleted and merged records are seen, too.

Salesforce compares the stamp by the second, and a change that is saved late carries the stamp of when it began: the next window
begins `overlap` before the last one ended, and what is seen again carries the same key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.circles import Walk
from sync.connectors import salesforce_soql as soql
from sync.connectors.salesforce_records import moment
from sync.errors import Unavailable
from sync.model import Change, Record
from sync.ports import Page

STAMP, DELETED, MASTER = "SystemModstamp", "IsDeleted", "MasterRecordId"
BEGINNING = datetime(1999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` to `end`, both included. Done is everything up to the record `after`, whose stamp is `stamp`. `steps` and
    `mark` notice pages that go in a circle."""

    start: datetime
    end: datetime
    stamp: datetime | None = None
    after: str = ""
    steps: int = 0
    mark: str | None = None


def start_at(since: datetime) -> Record:
    """The cursor of a window that begins there."""
    return {"since": soql.moment(max(since, BEGINNING)), "until": None, "after": None}


def window(cursor: Record | None, *, overlap: float, lag: float, now: datetime) -> Window:
    """The window that a cursor is in, or the one that follows it. A clock that went back widens the window."""
    cursor = cursor or {}
    done = _read(cursor.get("since"))
    if cursor.get("until") is not None and done is not None:
        end, after = _read(cursor["until"]), cursor.get("after")
        stamp = _read(after[0]) if after else None
        last, steps, mark = str(after[1]) if after and stamp else "", int(cursor.get("steps") or 0), cursor.get("mark")
        return Window(start=done, end=end or now, stamp=stamp, after=last, steps=steps, mark=mark)
    until = now.replace(microsecond=0) - timedelta(seconds=lag)
    if done is None:
        return Window(start=BEGINNING, end=until)
    return Window(start=max(min(done, until) - timedelta(seconds=overlap), BEGINNING), end=max(done, until))


def ends_of(columns: Collection[str]) -> tuple[str, ...]:
    """The fields by which an object tells that a record is gone; not every object has both, or one."""
    return tuple(each for each in (DELETED, MASTER) if each in columns)


def query(entity: str, window: Window, size: int | None, *, ends: Sequence[str], ordered: bool = True) -> str:
    """The query for the next page of a window; `ends` are the fields that tell that a record is gone."""
    return soql.query(["Id", STAMP, *ends], entity, within(window), order=f"{STAMP}, Id" if ordered else "", limit=size)


def within(window: Window) -> list[str]:
    """The conditions of what is left of a window."""
    begins = f"{STAMP} >= {soql.moment(window.start)}"
    if window.stamp is not None:
        at = soql.moment(window.stamp)
        begins = f"({STAMP} > {at} OR ({STAMP} = {at} AND Id > {soql.text(window.after)}))"
    return [begins, f"{STAMP} <= {soql.moment(window.end)}"]


def page(entity: str, window: Window, answer: Any, size: int) -> Page:
    """The changes in an answer and the cursor behind them. Raises Unavailable for an answer that would lose records."""
    rows = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise Unavailable(f"the query of {entity} was answered without records")
    stamps = _in_order(entity, window, rows)
    found = tuple(change(entity, row, at) for row, at in zip(rows, stamps, strict=True))
    if len(rows) >= size or answer.get("done") is False:
        if not rows:
            raise Unavailable(f"the query of {entity} says that there is more and shows none")
        walk, after = Walk(window.steps, window.mark), str(rows[-1]["Id"])
        if walk.circles(f"{stamps[-1]} {after}"):
            raise Unavailable(f"the query of {entity} goes in a circle")
        last = replace(window, stamp=stamps[-1], after=after, steps=walk.steps, mark=walk.mark)
        return Page(changes=found, cursor=cursor_of(last), more=True)
    return Page(changes=found, cursor=done(window), more=False)


def cursor_of(window: Window) -> Record:
    """The cursor of a window that is not done yet."""
    after = [soql.moment(window.stamp), window.after] if window.stamp is not None else None
    walk = {"steps": window.steps, "mark": window.mark} if window.steps else {}
    return {"since": soql.moment(window.start), "until": soql.moment(window.end), "after": after, **walk}


def done(window: Window) -> Record:
    """The cursor behind a window."""
    return {"since": soql.moment(window.end), "until": None, "after": None}


def change(entity: str, row: Mapping[str, Any], at: datetime) -> Change:
    """A record that changed, was deleted, or was merged: then the one that it is from now on has changed."""
    record_id, key = str(row["Id"]), f"poll:{entity}:{row['Id']}:{int(at.timestamp())}"
    if row.get(DELETED) is not True:
        return Change(entity=entity, record_id=record_id, key=key, kind="polled", occurred_at=at)
    master = row.get(MASTER)
    if isinstance(master, str) and soql.is_id(master) and master != record_id:
        return Change(
            entity=entity, record_id=master, key=f"{key}:merged", kind="merged", occurred_at=at,
            merged=(record_id,), survivor=master,
        )  # fmt: skip
    return Change(entity=entity, record_id=record_id, key=f"{key}:deleted", kind="deleted", occurred_at=at)


def _in_order(entity: str, window: Window, rows: Sequence[Any]) -> list[datetime]:
    """The stamps of the rows. They never go back, and no record stands there twice or once more than it should."""
    stamps = []
    seen = {window.after}
    before = window.stamp or window.start
    for row in rows:
        record_id = str(row.get("Id")) if isinstance(row, dict) else ""
        at = moment(row.get(STAMP)) if isinstance(row, dict) else None
        if at is None or not soql.is_id(record_id):
            raise Unavailable(f"the query of {entity} was answered with something that is not a record")
        if at.replace(microsecond=0) < before or record_id in seen:
            raise Unavailable(f"the query of {entity} was answered out of order")
        before = at.replace(microsecond=0)
        stamps.append(before)
        seen.add(record_id)
    return stamps


def _read(value: Any) -> datetime | None:
    return moment(value) if isinstance(value, str) else None
