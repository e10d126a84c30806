"""Whether a flow's credit notes can be made: the connection must be able to, and that is known before anything is posted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.workspace.spots import Spot


def check_credits(flow: Spot, connections: Mapping[str, Mapping[str, Any]]) -> None:
    """Note each `credit` of an entity for which the connection describes none. `connections` are the connectors' options,
    right or wrong; a connection that is not described speaks for itself."""
    for write in flow.at("writes").items:
        if write.at("operation").value != "credit":
            continue
        name, entity = write.at("connection").word, write.at("entity").word
        described = connections.get(name or "", {}).get("describe")
        known = described.get("entities") if isinstance(described, dict) else None
        if entity is None or not isinstance(known, dict):
            continue
        one = known.get(entity)
        if not isinstance(one, dict) or one.get("credit") is None:
            right = f"describe the `credit` call of {entity}, or name an entity that has one"
            write.at("operation").wrong(f"{name} makes no credit notes of {entity}", right)
