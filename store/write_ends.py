"""How calls ended: confirmed, refused or doubtful, recorded only under the lease that made the call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Executable, TableClause, func, select, update

from store.given import Prepared, types
from store.sealed import sealed_doc, sealed_text
from store.tables import writes
from sync.errors import LeaseLost
from sync.lifecycle import WriteState, write_move
from sync.model import Delivery, Record, WriteEnd


def end(tx: Connection, ends: Iterable[tuple[Delivery, WriteEnd]]) -> dict[int, list[Record]]:
    """Record the ends inside the caller's transaction; a doubted write rests from its end. What the journal has to say of
    them, by delivery. Raises LeaseLost."""
    pairs = list(ends)
    told: dict[int, list[Record]] = {}
    rows = [
        {"id": one.write_id, "lease": delivery.lease, "state": write_move(one.verb).target,
         "detail": sealed_text(one.detail[:500], delivery.about), "target_id": one.target_id,
         "record": sealed_doc(one.record, delivery.about), "fingerprint": one.fingerprint}
        for delivery, one in pairs
    ]  # fmt: skip
    if rows and _ENDED.changed(tx, rows) != len(rows):
        raise LeaseLost("a write is no longer ours")
    for delivery, one in pairs:
        if one.verb == "doubt":
            _rest(tx, one.write_id, one.at)
        line = {"write": one.write_id, "verb": one.verb, "target": one.target_id, "detail": one.detail[:200]}
        told.setdefault(delivery.id, []).append(line)
    return told


def _rest(tx: Connection, write_id: int, since: datetime) -> None:
    row = tx.execute(select(writes.c.sent_at, writes.c.rests_until).where(writes.c.id == write_id)).one()
    until = since + (row.rests_until - row.sent_at)
    tx.execute(update(writes).where(writes.c.id == write_id).values(rests_until=until))


def _ended(given: TableClause, _: str) -> Executable:
    w = writes.c
    ours = (w.id == given.c.id, w.lease == given.c.lease, w.state == WriteState.SENT.value)
    return (
        update(writes)
        .where(*ours)
        .values(
            state=given.c.state,
            detail=given.c.detail,
            target_id=func.coalesce(given.c.target_id, w.target_id),
            record=func.coalesce(given.c.record, w.record),
            fingerprint=func.coalesce(given.c.fingerprint, w.fingerprint),
        )
    )


_w = writes.c
_ENDED = Prepared(types(_w.id, _w.lease, _w.state, _w.detail, _w.target_id, _w.record, _w.fingerprint), _ended)
