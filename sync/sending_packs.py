"""A pack on its way into Slack: the message, its files, and how far each of them is. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.records import Record


class FileState(StrEnum):
    """`waiting` is not in Slack yet, as far as we know; `missing` was given up."""

    WAITING = "waiting"
    SENT = "sent"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """One file. A chart has the sentence `alt`; rows have none. With a `file_id` Slack has given it a place, and whether it is
    there has to be asked before it is sent again."""

    name: str
    alt: str
    content: bytes
    file_id: str | None = None
    state: str = FileState.WAITING

    @property
    def is_chart(self) -> bool:
        return bool(self.alt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A pack that is leased to us. `ts` is Slack's id once the message is there; `unsure` means that it may be there although
    nobody heard so."""

    id: int
    kind: str
    slot: str
    channel: str
    body: Record
    lease: str
    unsure: bool
    ts: str | None
    failures: int
    made_at: datetime
    files: tuple[SentFile, ...]
