"""How calls ended: confirmed, refused or doubtful, recorded only under the lease that made the call."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Executable, TableClause, func, update

from store.given import Prepared, types
from store.sealed import Sealed, sealed_doc, sealed_text
from store.tables import writes
from sync.adopting import BOUND
from sync.errors import LeaseLost
from sync.lifecycle import WriteState, write_move
from sync.model import Delivery, Record, WriteEnd


def end(tx: Connection, ends: Iterable[tuple[Delivery, WriteEnd]]) -> dict[int, list[Record]]:
    """Record the ends inside the caller's transaction; a doubted write rests as long as its end says. What the journal has to say of
    them, by delivery. Raises LeaseLost."""
    pairs = list(ends)
    told: dict[int, list[Record]] = {}
    rows = [
        {"id": one.write_id, "lease": delivery.lease, "state": write_move(one.verb).target,
         "detail": Sealed(BOUND) if one.detail == BOUND else sealed_text(one.detail[:500], delivery.about), "target_id": one.target_id,
         "record": sealed_doc(one.record, delivery.about), "fingerprint": one.fingerprint, "rests_until": one.rests_until}
        for delivery, one in pairs
    ]  # fmt: skip
    if rows and _ENDED.changed(tx, rows) != len(rows):
        raise LeaseLost("a write is no longer ours")
    for delivery, one in pairs:
        line = {"write": one.write_id, "verb": one.verb, "target": one.target_id, "detail": one.detail[:200]}
        told.setdefault(delivery.id, []).append(line)
    return told


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
            rests_until=func.coalesce(given.c.rests_until, w.rests_until),
        )
    )


_w = writes.c
_ENDED = Prepared(
    types(_w.id, _w.lease, _w.state, _w.detail, _w.target_id, _w.record, _w.fingerprint, _w.rests_until), _ended
)
