"""Which state of a source's record a write is made of, so that an older one never overwrites a newer one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.mapping import SelectorFailed, missing, select, text
from sync.model import Event, Record, Version
from sync.transforms import Unreadable, whole
from sync.workspace.flow import Flow

COUNTED, TIMED = "counted", "timed"
_READ = 2**62  # what was read at a moment is later than everything that happened at it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def version_of(event: Event, record: Record, flow: Flow, read_at: datetime) -> Version:
    """The version of a record that the event carried, or that was read at that moment. What the record says of itself, where
    the flow names the place and something readable stands there, goes before the time."""
    own = _own(record, flow.record.changed)
    if own is not None:
        return own
    if event.payload is not None:
        return Version(by=TIMED, at=_micros(event.occurred_at), sequence=event.sequence)
    return Version(by=TIMED, at=_micros(read_at), sequence=_READ)


def _own(record: Record, selector: str | None) -> Version | None:
    if selector is None:
        return None
    try:
        value = select(selector, record)
    except SelectorFailed:
        return None
    if missing(value):
        return None
    try:
        return Version(by=COUNTED, at=whole(value))
    except Unreadable:
        return _moment(text(value))


def _moment(words: str) -> Version | None:
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        return None
    return Version(by=TIMED, at=_micros(moment), sequence=_READ) if moment.tzinfo is not None else None


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
