"""What a flow asks of the ledger's bindings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Which record of a target is a source's record. Without a `target_entity` it may be of any."""

    source_connection: str
    source_entity: str
    source_id: str
    target_connection: str
    target_entity: str = ""
