"""What the ledger answers to whoever wants to write: go, or why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sync.model import BillingHold, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """The write is ours to send; the intent says `sent` already. `again` when an earlier send may have happened: find before creating.
    `changed` when that one had, or may have had, other content: what is found then may say something else."""

    write_id: int
    target_id: str | None = None
    again: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Written before with this very content."""

    write_id: int
    target_id: str
    record: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Another delivery is writing this key, or its fate is unknown and rests until `until`."""

    until: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """Written before with other content; `target_id` is what exists."""

    write_id: int
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A newer state of the source's record was written; `target_id` is what shows it. Where its fate is unknown, that many `sends`
    may have written it."""

    write_id: int
    target_id: str | None
    sends: int = 0
    record: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What it bills is on hold."""

    hold: BillingHold


Permit = Go | Done | Busy | Differs | Stale | Held
