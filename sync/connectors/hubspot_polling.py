"""Polling HubSpot without gaps: a fixed window of time, walked by object id, continued from its cursor after any crash.

Within the window the walk never uses an offset, so ten thousand records with one time stamp, records that vanish and
records that change meanwhile neither hide nor repeat a page. The next window begins `overlap` before the last one
ended, because the search index lags; what is seen again carries the same key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.connectors.failures import understood
from sync.errors import Unavailable
from sync.model import Change, Record
from sync.ports import Page

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MODIFIED = {"contacts": "lastmodifieddate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` to `end` in epoch milliseconds, both included; records up to the id `after` are done."""

    start: int
    end: int
    after: int | None = None


def modified_property(entity: str) -> str:
    """The property that says when a record last changed."""
    return _MODIFIED.get(entity, "hs_lastmodifieddate")


def window(cursor: Record | None, *, overlap: float, lag: float, now: datetime) -> Window:
    """The window that a cursor is in, or the one that follows it. A clock that went back widens the window."""
    cursor = cursor or {}
    if cursor.get("until") is not None:
        after = cursor.get("after")
        return Window(start=int(cursor["since"]), end=int(cursor["until"]), after=None if after is None else int(after))
    until = milliseconds(now) - round(lag * 1000)
    done = cursor.get("since")
    if done is None:
        return Window(start=0, end=until)
    return Window(start=max(min(int(done), until) - round(overlap * 1000), 0), end=max(int(done), until))


def ending(window: Window, cursor: Record | None, *, lag: float, now: datetime) -> Window:
    """The window, which when it is new ends no later than `now` by the clock that stamps the records."""
    if cursor is not None and cursor.get("until") is not None:
        return window
    return replace(window, end=min(window.end, milliseconds(now) - round(lag * 1000)))


def query(entity: str, window: Window, size: int) -> Record:
    """The search that shows the next page of a window."""
    modified = modified_property(entity)
    filters = [
        {
            "propertyName": modified,
            "operator": "BETWEEN",
            "value": str(window.start),
            "highValue": str(window.end),
        }
    ]
    if window.after is not None:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": str(window.after)})
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": [modified, "hs_object_id"],
        "limit": size,
    }


def page(entity: str, window: Window, answer: Any, size: int) -> Page:
    """The changes in an answer and the cursor behind them. Raises Unavailable for an answer that would lose records."""
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise Unavailable(f"the search of {entity} was answered without results")
    ids = _ascending(entity, window, results)
    with understood(f"the search of {entity}"):
        changes = tuple(_change(entity, window, result) for result in results)
    total = answer.get("total")
    if len(results) >= size or (isinstance(total, int) and total > len(results)):
        if not ids:
            raise Unavailable(f"the search of {entity} counts {total} records and shows none")
        cursor: Record = {"since": window.start, "until": window.end, "after": str(ids[-1])}
        return Page(changes=changes, cursor=cursor, more=True)
    return Page(changes=changes, cursor={"since": window.end, "until": None, "after": None}, more=False)


def milliseconds(moment: datetime) -> int:
    """Epoch milliseconds, without a float in between."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment(value: Any) -> datetime | None:
    """A HubSpot time, ISO 8601 or epoch milliseconds as text."""
    text = str(value or "")
    if text.isascii() and text.isdecimal() and len(text) < 15:
        return _EPOCH + timedelta(milliseconds=int(text))
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _ascending(entity: str, window: Window, results: Sequence[Any]) -> list[int]:
    texts = [str(result.get("id")) if isinstance(result, dict) else "" for result in results]
    if not all(text.isascii() and text.isdecimal() for text in texts):
        raise Unavailable(f"the search of {entity} was answered with records without an id")
    ids = [int(text) for text in texts]
    before = [-1 if window.after is None else window.after, *ids]
    if any(later <= earlier for earlier, later in zip(before, ids, strict=False)):
        raise Unavailable(f"the search of {entity} was answered out of order")
    return ids


def _change(entity: str, window: Window, result: Mapping[str, Any]) -> Change:
    properties = result.get("properties") or {}
    seen = moment(properties.get(modified_property(entity))) or moment(result.get("updatedAt"))
    at = seen or _EPOCH + timedelta(milliseconds=window.end)
    return Change(
        entity=entity,
        record_id=str(result["id"]),
        key=f"poll:{entity}:{result['id']}:{milliseconds(at)}",
        kind="polled",
        occurred_at=at,
    )
