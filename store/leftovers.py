"""What was written for a record that a person gave up. That it was is told in the transaction of the press, as a change like any
other: in its turn, leased, tried again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, select

from store.database import Database
from store.receiving import take_in
from store.tables import deliveries, events, writes
from sync.leftovers import ENTITY, KIND, Written
from sync.lifecycle import DeliveryState, WriteState
from sync.model import Change

_OPEN = (DeliveryState.PENDING, DeliveryState.RUNNING, DeliveryState.HELD, DeliveryState.DEAD)
_D, _E, _W = deliveries.c, events.c, writes.c


class Leftovers:
    """What people leave behind."""

    db: Database

    async def written_for(self, flow: str, connection: str, entity: str, record_id: str) -> Sequence[Written] | None:
        """What the flow wrote for the record, oldest first; None while a change of the record is not settled, which then decides
        about it."""
        same = (_E.connection == connection, _E.entity == entity, _E.record_id == record_id, _D.flow == flow)
        joined = events.join(deliveries, _D.event_id == _E.id)
        others = select(_D.id).select_from(joined).where(*same, _D.state.in_(_OPEN)).limit(1)
        made = (
            select(_W.connection, _W.entity, _W.operation, _W.key, _W.target_id)
            .select_from(joined.join(writes, _W.delivery_id == _D.id))
            .where(*same, _W.state != WriteState.REFUSED)
            .order_by(_W.id)
        )

        def work(tx: Connection) -> list[Written] | None:
            if tx.execute(others).first() is not None:
                return None
            return [Written(**row._mapping) for row in tx.execute(made)]

        return await self.db.read(work)


def tell(tx: Connection, given_up: Collection[tuple[int, int]], now: datetime) -> None:
    """Tell of these (case, delivery) that people discarded, in the caller's transaction, where something was created for the
    record."""
    for case_id, delivery_id in given_up:
        mine = select(_E.connection, _E.entity, _E.record_id, _D.flow).join(deliveries, _D.event_id == _E.id)
        row = tx.execute(mine.where(_D.id == delivery_id)).one_or_none()
        if row is None or not _created(tx, row.connection, row.entity, row.record_id, row.flow):
            continue
        name = f"{row.entity}/{row.record_id}#{case_id}"
        change = Change(
            entity=ENTITY, record_id=name, key=f"{KIND}/{name}/{now.isoformat()}", kind=KIND, occurred_at=now,
            payload={"id": name, "entity": row.entity, "record": row.record_id},
        )  # fmt: skip
        take_in(tx, row.connection, change, [row.flow], now)


def _created(tx: Connection, connection: str, entity: str, record_id: str, flow: str) -> bool:
    same = (_E.connection == connection, _E.entity == entity, _E.record_id == record_id, _D.flow == flow)
    made = (_D.event_id == _E.id, _W.delivery_id == _D.id, _W.operation == "create", _W.state != WriteState.REFUSED)
    return bool(tx.execute(select(exists().where(*same, *made))).scalar_one())
