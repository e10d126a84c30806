"""How flows send: one by one or in batches. The load is looked at by one engine of many, the mode changes by one guarded
UPDATE, and every change and every batch stands in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, update

from store.database import Database, insert_or_nothing, one_at_a_time
from store.journal import append
from store.rows import AnyRow
from store.tables import deliveries, journal, modes, writes
from sync.lifecycle import WriteState
from sync.model import Load, Mode

_MOST = 100_000  # nobody needs to count further
_CREATES = ("create", "upsert")
_LEFT_OUT = "batch_missing"


class Modes:
    """Looking at the load, switching, and what became of batches."""

    db: Database

    async def modes(self) -> list[Mode]:
        """The mode of every flow that ever left event mode or was looked at, by the flow's name."""
        query = select(modes).order_by(modes.c.flow)

        def work(tx: Connection) -> list[Mode]:
            return [Mode(flow=row.flow, mode=row.mode, since=row.since, why=row.why) for row in tx.execute(query)]

        return await self.db.read(work)

    async def look(self, flows: Sequence[str], *, every: timedelta, now: datetime) -> list[Load]:
        """What these flows have to carry since the last look, of those whose last look is `every` ago: of many engines one
        hears of it. The first look at a flow only begins to count."""

        def work(tx: Connection) -> list[Load]:
            one_at_a_time(tx, '["modes"]')
            last = tx.execute(select(func.max(deliveries.c.id))).scalar_one() or 0
            known = {row.flow: row for row in tx.execute(select(modes).where(modes.c.flow.in_(flows)))}
            for flow in sorted(set(flows) - known.keys()):
                tx.execute(modes.insert().values(_fresh(flow, last, now)))
            due = [row for row in known.values() if not timedelta() <= now - row.seen_at < every]
            found = [_load(tx, row, last, now) for row in due if row.seen_at <= now]
            if due:
                tx.execute(
                    update(modes).where(modes.c.flow.in_([row.flow for row in due])).values(seen=last, seen_at=now)
                )
            return found

        return await self.db.write(work)

    async def switch(self, flow: str, mode: str, *, why: str, now: datetime) -> bool:
        """Let the flow's records go out in this mode from now on. False when they do already."""

        def work(tx: Connection) -> bool:
            last = select(func.coalesce(func.max(deliveries.c.id), 0)).scalar_subquery()
            tx.execute(insert_or_nothing(tx, modes).values(_fresh(flow, last, now)))
            guard = (modes.c.flow == flow, modes.c.mode != mode)
            moved = tx.execute(update(modes).where(*guard).values(mode=mode, since=now, why=why[:200]))
            if moved.rowcount == 0:
                return False
            append(tx, actor="engine", verb="switch", noun="flow", noun_id=flow, now=now,
                   data={"mode": mode, "why": why[:200]})  # fmt: skip
            return True

        return await self.db.write(work)

    async def note_batch(
        self, connection: str, entity: str, *, sent: int, refused: int, missing: Sequence[str], now: datetime
    ) -> frozenset[str]:
        """Record how many records of a bulk call were sent, and which of them (by reference) its answer left out. Which of
        those an earlier call had left out too."""

        def work(tx: Connection) -> frozenset[str]:
            counts = {"entity": entity, "sent": sent, "acknowledged": sent - refused - len(missing),
                      "refused": refused, "missing": len(missing)}  # fmt: skip
            append(tx, actor="engine", verb="batch", noun="connection", noun_id=connection, now=now, data=counts)
            return _note_missing(tx, connection, entity, missing, now) if missing else frozenset()

        return await self.db.write(work)


def _fresh(flow: str, seen: object, now: datetime) -> dict[str, object]:
    return {"flow": flow, "mode": "event", "since": now, "why": "", "seen": seen, "seen_at": now}


def _load(tx: Connection, row: AnyRow, last: int, now: datetime) -> Load:
    d = deliveries.c
    new = select(d.id).where(d.id > row.seen, d.id <= last, d.flow == row.flow).limit(_MOST).subquery()
    front: tuple[ColumnElement[bool], ...] = (d.front, d.state == literal_column("'pending'"))
    ready = select(d.due_at).where(*front, d.flow == row.flow, d.due_at <= now).order_by(d.due_at).limit(1)
    return Load(
        flow=row.flow,
        arrived=tx.execute(select(func.count()).select_from(new)).scalar_one(),
        seconds=(now - row.seen_at).total_seconds(),
        oldest=tx.execute(ready).scalar_one_or_none(),
    )


def _note_missing(
    tx: Connection, connection: str, entity: str, missing: Sequence[str], now: datetime
) -> frozenset[str]:
    """Each write that was left out gets a line of its own, by which the next one knows that it was not the first."""
    w, j = writes.c, journal.c
    mine = (w.connection == connection, w.entity == entity, w.operation.in_(_CREATES), w.state == WriteState.SENT)
    ids = {str(row.id): row.key for row in tx.execute(select(w.id, w.key).where(*mine, w.key.in_(missing)))}
    told = select(j.noun_id).where(j.noun == "write", j.verb == _LEFT_OUT, j.noun_id.in_(list(ids)))
    again = frozenset(ids[row.noun_id] for row in tx.execute(told))
    for write_id, key in ids.items():
        append(tx, actor="engine", verb=_LEFT_OUT, noun="write", noun_id=write_id, now=now,
               data={"to": f"{connection}/{entity}", "key": key})  # fmt: skip
    return again
