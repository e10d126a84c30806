"""What the ledger kept of a record: as it was read, with the decisions that were known then. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync.model import Overlay, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One record as one delivery of a flow read it last, at `at`. `overlays` are the decisions that were made by then."""

    delivery_id: int
    event_id: int
    flow: str
    connection: str
    entity: str
    subject: str
    at: datetime
    record: Record
    overlays: tuple[Overlay, ...] = ()
