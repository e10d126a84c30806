"""What a flow has made of its records so far: how many of the target's records it created, and how many it found there. Only asks."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, String, func, select, type_coerce

from store import rows
from store.database import Database
from store.tables import cases, deliveries, writes
from sync.adopting import BOUND
from sync.lifecycle import DeliveryState, WriteState
from sync.model import Case

_MAKES = ("create", "upsert", "credit")


class CuttingOver:
    """Counts for the report of a cut-over."""

    db: Database

    async def made_by(self, flow: str, target: tuple[str, str]) -> Mapping[str, int]:
        """How many records of the `target`'s (connection, entity) the flow `created`, and how many it `bound` that were there."""

        def work(tx: Connection) -> dict[str, int]:
            w, d = writes.c, deliveries.c
            bound = type_coerce(w.detail, String()) == BOUND
            query = (
                select(bound.label("bound"), func.count())
                .join_from(writes, deliveries, d.id == w.delivery_id)
                .where(d.flow == flow, w.connection == target[0], w.entity == target[1], w.operation.in_(_MAKES))
                .where(w.state == WriteState.CONFIRMED.value)
                .group_by(bound)
            )
            found = {bool(is_bound): int(many) for is_bound, many in tx.execute(query)}
            return {"created": found.get(False, 0), "bound": found.get(True, 0)}

        return await self.db.read(work)

    async def discarded(self, flow: str) -> list[Case]:
        """The cases whose records people decided not to bring over."""
        query = (
            select(cases)
            .join(deliveries, deliveries.c.id == cases.c.delivery_id)
            .where(cases.c.flow == flow, cases.c.resolved_at.is_not(None))
            .where(deliveries.c.state == DeliveryState.DISCARDED.value)
            .order_by(cases.c.id)
        )
        return await self.db.read(lambda tx: [rows.case(row) for row in tx.execute(query)])
