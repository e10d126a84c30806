"""Deliveries. Each public method is one transaction; each move is one UPDATE guarded by the state it leaves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, or_, select, tuple_, update

from store import rows
from store.database import Database, insert_or_nothing
from store.journal import append
from store.tables import cursors, deliveries, events, overlays, pauses
from sync.lifecycle import DeliveryState, delivery_move
from sync.model import Change, Delivery, Overlay, Received, Record

_LEASED = {"lease": None, "leased_until": None}
_POLLED = "polled"


class Deliveries:
    """Receiving, leasing and the poll cursor."""

    db: Database

    async def receive(
        self,
        connection: str,
        changes: Sequence[Change],
        flows: Mapping[str, Sequence[str]],
        *,
        now: datetime,
        cursor: tuple[str, Record] | None = None,
    ) -> Received:
        """Remember changes once and queue a delivery for every flow of their entity (`flows`: entity → flow names).
        `cursor` = (entity, cursor) is moved in the same transaction."""

        def work(tx: Connection) -> Received:
            new = 0
            for change in changes:
                new += _receive_one(tx, connection, change, flows.get(change.entity, ()), now)
            if cursor is not None:
                _move_cursor(tx, connection, cursor, now)
            return Received(received=new, duplicates=len(changes) - new)

        return await self.db.write(work)

    async def cursor(self, connection: str, entity: str) -> Record | None:
        """Where polling stands."""
        query = select(cursors.c.cursor).where(cursors.c.connection == connection, cursors.c.entity == entity)

        def work(tx: Connection) -> Record | None:
            found: Record | None = tx.execute(query).scalar_one_or_none()
            return found

        return await self.db.read(work)

    async def claim(self, *, limit: int, lease_seconds: float, max_losses: int, now: datetime) -> list[Delivery]:
        """Lease due deliveries: one running per flow and subject, in sequence, none of a paused flow or connection.
        Those whose lease expired come back, until they lost it `max_losses` times."""

        def work(tx: Connection) -> list[Delivery]:
            expired = _expired(now).where(deliveries.c.losses + 1 < max_losses)
            lost = tx.execute(expired.limit(limit)).scalars().all()
            ready = tx.execute(due(now).limit(limit - len(lost))).scalars().all()
            leased_until = now + timedelta(seconds=lease_seconds)
            taken = [_lease(tx, one, "reclaim", now, leased_until) for one in lost]
            taken += [_lease(tx, one, "claim", now, leased_until) for one in ready]
            return [one for one in taken if one is not None]

        return await self.db.write(work)

    async def poisoned(self, *, max_losses: int, now: datetime) -> list[Delivery]:
        """Lease, for burial only, deliveries whose worker died `max_losses` times."""

        def work(tx: Connection) -> list[Delivery]:
            expired = _expired(now).where(deliveries.c.losses + 1 >= max_losses)
            lost = tx.execute(expired.limit(20)).scalars().all()
            taken = [_lease(tx, one, "reclaim", now, now + timedelta(minutes=1)) for one in lost]
            return [one for one in taken if one is not None]

        return await self.db.write(work)

    async def next_due(self, *, now: datetime) -> datetime | None:
        """When the earliest pending delivery or expiring lease wants attention; None when nothing waits."""
        pending = select(deliveries.c.due_at.label("at")).where(deliveries.c.state == DeliveryState.PENDING)
        leased = select(deliveries.c.leased_until.label("at")).where(deliveries.c.state == DeliveryState.RUNNING)
        waiting = pending.where(deliveries.c.due_at > now).union_all(leased).subquery()

        def work(tx: Connection) -> datetime | None:
            found: datetime | None = (
                tx.execute(select(waiting.c.at).order_by(waiting.c.at).limit(1))
            ).scalar_one_or_none()
            return found

        return await self.db.read(work)


def _receive_one(tx: Connection, connection: str, change: Change, flows: Sequence[str], now: datetime) -> int:
    if change.kind == _POLLED and _heard_of(tx, connection, change):
        return 0
    values = {
        "connection": connection,
        "entity": change.entity,
        "record_id": change.record_id,
        "key": change.key,
        "kind": change.kind,
        "occurred_at": change.occurred_at,
        "sequence": change.sequence,
        "received_at": now,
        "trace": secrets.token_hex(8),
        "payload": change.payload,
    }
    row = tx.execute(insert_or_nothing(tx, events).values(**values).returning(events.c.id)).one_or_none()
    if row is None:
        return 0
    for flow in flows:
        tx.execute(
            deliveries.insert().values(
                event_id=row.id,
                flow=flow,
                subject=f"{change.entity}:{change.record_id}",
                connection=connection,
                occurred_at=change.occurred_at,
                sequence=change.sequence,
                state=DeliveryState.PENDING,
                due_at=now,
                updated_at=now,
            )
        )
    append(
        tx, actor=connection, verb="receive", noun="event", noun_id=row.id, now=now,
        data={"kind": change.kind, "subject": f"{change.entity}:{change.record_id}", "trace": values["trace"], "flows": list(flows)},
    )  # fmt: skip
    return 1


def _heard_of(tx: Connection, connection: str, change: Change) -> bool:
    """Whether we were told already: polling sees the same change under another key. What we were told at or after the moment
    of the change is read after it."""
    same = (events.c.connection == connection, events.c.entity == change.entity, events.c.record_id == change.record_id)
    at = change.occurred_at
    newer = exists().where(*same, events.c.occurred_at >= at, events.c.received_at >= at)
    return bool(tx.execute(select(newer)).scalar_one())


def _move_cursor(tx: Connection, connection: str, cursor: tuple[str, Record], now: datetime) -> None:
    entity, position = cursor
    where = (cursors.c.connection == connection, cursors.c.entity == entity)
    moved = tx.execute(update(cursors).where(*where).values(cursor=position, moved_at=now))
    if moved.rowcount == 0:
        tx.execute(cursors.insert().values(connection=connection, entity=entity, cursor=position, moved_at=now))


def due(now: datetime) -> Select[int]:
    """Deliveries that may be claimed now: due, first in their subject's line, neither paused nor beside a running one."""
    d, earlier, running = deliveries.c, deliveries.alias("earlier").c, deliveries.alias("running").c
    in_front = exists().where(
        earlier.flow == d.flow,
        earlier.subject == d.subject,
        earlier.state.in_((DeliveryState.PENDING, DeliveryState.HELD)),
        tuple_(earlier.occurred_at, earlier.sequence, earlier.id) < tuple_(d.occurred_at, d.sequence, d.id),
    )
    busy = exists().where(running.flow == d.flow, running.subject == d.subject, running.state == DeliveryState.RUNNING)
    paused = exists().where(
        or_(
            and_(pauses.c.scope == "flow", pauses.c.name == d.flow),
            and_(pauses.c.scope == "connection", pauses.c.name == d.connection),
        )
    )
    return (
        select(d.id)
        .where(d.state == DeliveryState.PENDING, d.due_at <= now, ~in_front, ~busy, ~paused)
        .order_by(d.due_at, d.id)
    )


def _expired(now: datetime) -> Select[int]:
    d = deliveries.c
    return select(d.id).where(d.state == DeliveryState.RUNNING, d.leased_until < now).order_by(d.leased_until)


def _lease(tx: Connection, delivery_id: int, verb: str, now: datetime, leased_until: datetime) -> Delivery | None:
    move, lease, d = delivery_move(verb), secrets.token_hex(16), deliveries.c
    guard = [d.id == delivery_id, d.state.in_(move.sources)]
    changes: dict[str, Any] = {"number": d.number + 1}
    if verb == "reclaim":
        guard.append(d.leased_until < now)
        changes["losses"] = d.losses + 1
    changes |= {"state": move.target, "lease": lease, "leased_until": leased_until, "updated_at": now}
    moved = tx.execute(update(deliveries).where(*guard).values(changes))
    if moved.rowcount == 0:
        return None
    return _load(tx, delivery_id, lease, leased_until)


def _load(tx: Connection, delivery_id: int, lease: str, leased_until: datetime) -> Delivery:
    d, e = deliveries.c, events.c
    query = (
        select(d.id, d.flow, d.number, d.retries, d.subject, e.id.label("event_id"), e.connection, e.entity, e.record_id,
               e.kind, e.occurred_at, e.received_at, e.trace, e.payload)
        .join_from(deliveries, events, d.event_id == e.id)
        .where(d.id == delivery_id)
    )  # fmt: skip
    row = tx.execute(query).one()
    decisions = overlays_of(tx, row.flow, row.subject)
    return rows.delivery(row, lease=lease, leased_until=leased_until, overlays=decisions)


def overlays_of(tx: Connection, flow: str, subject: str) -> tuple[Overlay, ...]:
    """The decisions about a record, oldest first; a later one about the same value wins."""
    query = select(overlays).where(overlays.c.flow == flow, overlays.c.subject == subject).order_by(overlays.c.id)
    latest: dict[tuple[str, str, str], Overlay] = {}
    for row in tx.execute(query):
        one = rows.overlay(row)
        latest[(one.path, one.found, one.action)] = one
    return tuple(latest.values())
