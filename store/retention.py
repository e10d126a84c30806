"""Retention: what was read is forgotten, and old deliveries leave for the archive. A night's round is a row, a thousand events are
one transaction, and whoever finds the row behind goes on with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    literal_column,
    null,
    select,
    update,
)

from store.database import Database, one_at_a_time
from store.journal import append
from store.kept import archive, retention
from store.rows import AnyRow
from store.tables import attempts, cases, comparisons, deliveries, events, writes
from sync.lifecycle import DeliveryState, WriteState
from sync.model import Record

_AT_ONCE = 1000
_DONE = (DeliveryState.DELIVERED, DeliveryState.DISCARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The events with a number above `after` and up to `until`, in which what was finished before `cutoff` is dealt with."""

    after: int
    until: int
    cutoff: datetime
    now: datetime


_Work = Callable[[Connection, _Part], tuple[Record, bool]]


class Keeping:
    """Forgetting and archiving. Nothing that is unfinished, that has an unresolved case or a write of unknown fate is touched;
    writes, bindings, cases and the journal stay, and every event's key stays known."""

    db: Database

    async def forget(self, *, before: datetime, night: str, now: datetime) -> bool:
        """Of the next thousand events, forget payloads and snapshots of what was finished before that moment. `night` names the
        round; later ones come later in the alphabet. False when this round is over."""
        return await self._go_on("snapshots", _forget, before, night, now)

    async def archive(self, *, before: datetime, night: str, now: datetime) -> bool:
        """Of the next thousand events, move deliveries that were finished before that moment into the archive. `night` names the
        round; later ones come later in the alphabet. False when this round is over."""
        return await self._go_on("events", _archive, before, night, now)

    async def _go_on(self, clock: str, work: _Work, before: datetime, night: str, now: datetime) -> bool:
        if await self.db.read(lambda tx: _is_over(tx, clock, night)):
            return False
        return await self.db.write(lambda tx: _next_part(tx, clock, work, before, night, now))


def _is_over(tx: Connection, clock: str, night: str) -> bool:
    row = tx.execute(select(retention).where(retention.c.clock == clock)).one_or_none()
    return row is not None and row.night == night and row.position >= row.until


def _next_part(tx: Connection, clock: str, work: _Work, before: datetime, night: str, now: datetime) -> bool:
    one_at_a_time(tx, '["retention"]')
    row = _row(tx, clock, before, night)
    if row.position >= row.until:
        return False
    part = _Part(after=row.position, until=min(row.position + _AT_ONCE, row.until), cutoff=before, now=now)
    did, left = work(tx, part)
    kept = part.after if left and row.kept is None else row.kept
    tx.execute(update(retention).where(retention.c.clock == clock).values(position=part.until, kept=kept))
    if any(did.values()):
        data = {"after": part.after, "until": part.until, "before": before.isoformat(), **did}
        append(tx, actor="clock", verb="retire", noun="events", noun_id=clock, now=now, data=data)
    return bool(part.until < row.until)


def _row(tx: Connection, clock: str, before: datetime, night: str) -> AnyRow:
    """How far the round came. A new one begins at the first event that the last one had to leave as it was."""
    mine = retention.c.clock == clock
    row = tx.execute(select(retention).where(mine)).one_or_none()
    if row is None:
        tx.execute(retention.insert().values(clock=clock, night="", position=0, until=0))
    if row is None or row.night < night:  # whose clock lags begins no round of yesterday's
        begin = 0 if row is None else row.position if row.kept is None else row.kept
        fresh = {
            "night": night,
            "position": begin,
            "until": last_before(tx, events.c.id, events.c.received_at, before),
            "kept": None,
        }
        tx.execute(update(retention).where(mine).values(fresh))
    return tx.execute(select(retention).where(mine)).one()


def last_before(tx: Connection, number: Column[int], at: Column[datetime], moment: datetime) -> int:
    """The number of the last row from before the moment, found by halving: numbers grow with time."""
    low, high = 0, int(tx.execute(select(func.max(number))).scalar_one() or 0)
    while low < high:
        middle = (low + high + 1) // 2
        row = tx.execute(select(number, at).where(number >= middle).order_by(number).limit(1)).one()
        low, high = (row[0], high) if row[1] < moment else (low, middle - 1)
    return low


def _within(column: Any, part: _Part) -> ColumnElement[bool]:
    return and_(column > part.after, column <= part.until)


def _ripe(d: Any, part: _Part) -> ColumnElement[bool]:
    """Whether a delivery is over for good."""
    asked = exists().where(cases.c.delivery_id == d.id, cases.c.state != literal_column("'resolved'"))
    unsettled = exists().where(writes.c.delivery_id == d.id, writes.c.state.in_((WriteState.SENT, WriteState.UNKNOWN)))
    return and_(d.state.in_(_DONE), d.updated_at < part.cutoff, ~asked, ~unsettled)


def _forget(tx: Connection, part: _Part) -> tuple[Record, bool]:
    d, a = deliveries.c, attempts.c
    ripe = select(d.id).where(_within(d.event_id, part), _ripe(d, part))
    read = update(attempts).where(a.delivery_id.in_(ripe), a.snapshot.is_not(null())).values(snapshot=null())
    snapshots = tx.execute(read).rowcount
    tx.execute(delete(comparisons).where(comparisons.c.delivery_id.in_(ripe)))
    payloads = _empty(tx, part, exists().where(d.event_id == events.c.id, ~_ripe(d, part)))
    there = select(a.id).join_from(attempts, deliveries, a.delivery_id == d.id)
    left = _any(tx, there.where(_within(d.event_id, part), a.snapshot.is_not(null()))) or _any(tx, _full(part))
    return {"payloads": payloads, "snapshots": snapshots}, left


def _full(part: _Part) -> Any:
    return select(events.c.id).where(_within(events.c.id, part), events.c.payload.is_not(null()))


def _empty(tx: Connection, part: _Part, needed: ColumnElement[bool]) -> int:
    """Forget the payloads of these events; how many."""
    old = (events.c.received_at < part.cutoff, events.c.payload.is_not(null()))
    forget = update(events).where(_within(events.c.id, part), *old, ~needed).values(payload=null())
    return int(tx.execute(forget).rowcount)


def _any(tx: Connection, query: Any) -> bool:
    return tx.execute(query.limit(1)).first() is not None


def _archive(tx: Connection, part: _Part) -> tuple[Record, bool]:
    d = deliveries.c
    last = select(func.max(d.id)).scalar_subquery()  # it stays, or SQLite would give its number away again
    which = (_within(d.event_id, part), _ripe(d, part), d.id < last)
    found = tx.execute(_story().where(*which).with_for_update(skip_locked=True, of=deliveries)).all()
    if found:
        tx.execute(archive.insert(), [_archived(row, part.now) for row in found])
        moved = select(archive.c.delivery_id).where(_within(archive.c.event_id, part))
        tx.execute(delete(attempts).where(attempts.c.delivery_id.in_(moved)))
        tx.execute(delete(deliveries).where(d.id.in_(moved)))
    payloads = _empty(tx, part, exists().where(d.event_id == events.c.id))
    left = _any(tx, select(d.id).where(_within(d.event_id, part)))
    return {"archived": len(found), "payloads": payloads}, left


def _story() -> Any:
    d = deliveries.c
    counts = [_count(table).label(table.name) for table in (attempts, writes, cases)]
    return select(d.id, d.event_id, d.flow, d.subject, d.state, d.occurred_at, d.updated_at, *counts)


def _count(table: Any) -> Any:
    return select(func.count()).select_from(table).where(table.c.delivery_id == deliveries.c.id).scalar_subquery()


def _archived(row: AnyRow, now: datetime) -> Record:
    return {
        "delivery_id": row.id, "event_id": row.event_id, "flow": row.flow, "subject": row.subject, "state": row.state,
        "occurred_at": row.occurred_at, "finished_at": row.updated_at, "archived_at": now,
        "counts": {"attempts": row.attempts, "writes": row.writes, "cases": row.cases},
    }  # fmt: skip


def archived(tx: Connection, event_id: int) -> Sequence[AnyRow]:
    """What became of an event's old deliveries."""
    return tx.execute(select(archive).where(archive.c.event_id == event_id).order_by(archive.c.delivery_id)).all()
