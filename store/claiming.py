"""Claiming. A lease is a row: one running delivery per flow and subject, in sequence; whose worker died comes back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Executable, Select, String, Subquery, and_, cast, exists, func, or_, select, update

from store import rows
from store.breakers import let_through
from store.database import Database
from store.given import Prepared, types
from store.tables import deliveries, events, overlays, pauses
from sync.lifecycle import DeliveryState, delivery_move
from sync.model import Delivery, Overlay, Want

_BURIAL = timedelta(minutes=1)


class Claiming:
    """Who works on what."""

    db: Database

    async def claim(
        self,
        *,
        limit: int,
        lease_seconds: float,
        max_losses: int,
        now: datetime,
        flows: Mapping[str, Want] | None = None,
    ) -> list[Delivery]:
        """Lease due deliveries: one running per flow and subject, in sequence, none of a paused flow or connection, none that
        needs a connection whose breaker is open but one probe when that is due. `flows` says what each flow needs and how
        many it may give; without it every flow may give all. Those whose lease expired come back first, until they lost it
        `max_losses` times."""

        def work(tx: Connection) -> list[Delivery]:
            leased_until = now + timedelta(seconds=lease_seconds)
            lost = _expired(now).where(deliveries.c.losses + 1 < max_losses)
            taken = _lease(tx, lost.limit(limit), "reclaim", now, leased_until)
            for flow, most in _in_turn(tx, flows, limit, now, leased_until):
                left = min(most, limit - len(taken))
                if left > 0:
                    taken |= _lease(tx, _ready(flow, now).limit(left), "claim", now, leased_until)
            return _load(tx, taken, leased_until)

        return await self.db.write(work)

    async def poisoned(self, *, max_losses: int, now: datetime) -> list[Delivery]:
        """Lease, for burial only, deliveries whose worker died `max_losses` times."""

        def work(tx: Connection) -> list[Delivery]:
            lost = _expired(now).where(deliveries.c.losses + 1 >= max_losses)
            return _load(tx, _lease(tx, lost.limit(20), "reclaim", now, now + _BURIAL), now + _BURIAL)

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


def due(now: datetime) -> Select[int]:
    """Deliveries that may be claimed now: due, in front of their line, not paused."""
    d = deliveries.c
    return _ready_of(now).where(~_paused(d)).order_by(d.due_at, d.id)


def _ready_of(now: datetime) -> Select[int]:
    d = deliveries.c
    return select(d.id).where(d.front, d.state == DeliveryState.PENDING.value, d.due_at <= now)


def _ready(flow: str, now: datetime) -> Select[int]:
    d = deliveries.c
    stopped = exists().where(pauses.c.scope == "connection", pauses.c.name == d.connection)
    return _ready_of(now).where(d.flow == flow, ~stopped).order_by(d.due_at, d.id)


def _paused(d: Any) -> Any:
    return exists().where(
        or_(
            and_(pauses.c.scope == "flow", pauses.c.name == d.flow),
            and_(pauses.c.scope == "connection", pauses.c.name == d.connection),
        )
    )


def _in_turn(
    tx: Connection, flows: Mapping[str, Want] | None, limit: int, now: datetime, lease_until: datetime
) -> list[tuple[str, int]]:
    """The flows that may give work and how much, the one whose work waits longest first."""
    d = deliveries.c
    waiting = select(d.flow, func.min(d.due_at).label("since")).where(d.front, d.state == DeliveryState.PENDING.value)
    found = tx.execute(waiting.where(d.due_at <= now).group_by(d.flow)).all()
    stopped = {(row.scope, row.name) for row in tx.execute(select(pauses.c.scope, pauses.c.name))} if found else set()
    turns = list[tuple[str, int]]()
    for row in sorted(found, key=lambda row: row.since):
        want = Want(most=limit) if flows is None else flows.get(row.flow)
        if want is None or ("flow", row.flow) in stopped or any(("connection", each) in stopped for each in want.needs):
            continue
        turns.append((row.flow, min(want.most, let_through(tx, want.needs, now, lease_until))))
    return turns


def _expired(now: datetime) -> Select[int]:
    d = deliveries.c
    return select(d.id).where(d.state == DeliveryState.RUNNING, d.leased_until < now).order_by(d.leased_until)


def _lease(tx: Connection, which: Select[int], verb: str, now: datetime, leased_until: datetime) -> dict[int, str]:
    """Lease what the query finds, to nobody who is being served already; the leases by delivery."""
    move, token, d = delivery_move(verb), secrets.token_hex(16), deliveries.c
    found = which.with_for_update(skip_locked=True, of=deliveries).cte("found")  # PostgreSQL; SQLite has one writer
    changes: dict[str, Any] = {"number": d.number + 1, "lease": token + "-" + cast(d.id, String)}
    if verb == "reclaim":
        changes["losses"] = d.losses + 1
    changes |= {"state": move.target, "leased_until": leased_until, "updated_at": now}
    moved = update(deliveries).where(d.id.in_(select(found.c.id)), d.state.in_(move.sources)).values(changes)
    return {row.id: row.lease for row in tx.execute(moved.returning(d.id, d.lease))}


def _load(tx: Connection, leases: Mapping[int, str], leased_until: datetime) -> list[Delivery]:
    if not leases:
        return []
    found = _LEASED.run(tx, [{"id": each} for each in leases]).all()
    decided = decisions(tx, {(row.flow, row.subject) for row in found})
    return [
        rows.delivery(
            row, lease=leases[row.id], leased_until=leased_until, overlays=decided.get((row.flow, row.subject), ())
        )
        for row in found
    ]


def decisions(tx: Connection, about: set[tuple[str, str]]) -> dict[tuple[str, str], tuple[Overlay, ...]]:
    """The decisions about records, by flow and subject, oldest first; a later one about the same value wins."""
    latest: dict[tuple[str, str], dict[tuple[str, str, str], Overlay]] = {}
    for row in _DECIDED.run(tx, [{"flow": flow, "subject": subject} for flow, subject in about]):
        one = rows.overlay(row)
        latest.setdefault((row.flow, row.subject), {})[(one.path, one.found, one.action)] = one
    return {pair: tuple(found.values()) for pair, found in latest.items()}


def _leased(given: Subquery, _: str) -> Executable:
    d, e = deliveries.c, events.c
    return (
        select(d.id, d.flow, d.number, d.retries, d.subject, e.id.label("event_id"), e.connection, e.entity, e.record_id,
               e.kind, e.occurred_at, e.received_at, e.trace, e.payload)
        .select_from(given.join(deliveries, d.id == given.c.id).join(events, d.event_id == e.id))
        .order_by(d.due_at, d.id)
    )  # fmt: skip


def _decided(given: Subquery, _: str) -> Executable:
    o = overlays.c
    same = and_(o.flow == given.c.flow, o.subject == given.c.subject)
    return select(overlays).select_from(given.join(overlays, same)).order_by(o.id)


_LEASED = Prepared(types(deliveries.c.id), _leased)
_DECIDED = Prepared(types(overlays.c.flow, overlays.c.subject), _decided)
