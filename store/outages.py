"""Outages: what a connection that does not answer holds back. It is read from its breaker, and the cards that tell of it are
drawn again while it lasts, never more than once a minute."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, String, and_, cast, func, literal, literal_column, or_, select

from store.causes import touch
from store.database import Database, insert, one_at_a_time
from store.standing import flows_in_line
from store.tables import breakers, cases, causes, deliveries, ticks
from store.waiting import COUNTED, IN_LINE
from sync.lifecycle import BreakerState, DeliveryState
from sync.model import Downtime

TOLD = "outage:"
"""So begins the tick that says when a card of an outage was drawn last."""

_EVERY = timedelta(minutes=1)
_LAST = "last"


class Outages:
    """Telling of them."""

    db: Database

    async def redraw_outages(self, reasons: Collection[str], *, now: datetime) -> int:
        """Let the open cards of these reasons whose connection is down, or answers again, be drawn anew: at most once a minute
        each, and when it begins to answer. How many."""
        found = await self.db.read(lambda tx: _due(tx, reasons, now))
        return await self.db.write(lambda tx: _redraw(tx, reasons, now)) if found else 0


def _due(tx: Connection, reasons: Collection[str], now: datetime) -> list[int]:
    last = func.coalesce(ticks.c.claimed_at, causes.c.opened_at)
    drawn = and_(ticks.c.name == literal(TOLD) + cast(causes.c.id, String), ticks.c.slot == _LAST)
    query = (
        select(causes.c.id)
        .join(breakers, _concerned())
        .outerjoin(ticks, drawn)
        .where(causes.c.closed_at.is_(None), causes.c.reason.in_(reasons))
        .where(or_(last <= now - _EVERY, breakers.c.closed_at > last))
    )
    return list(tx.execute(query.order_by(causes.c.id)).scalars().all())


def _redraw(tx: Connection, reasons: Collection[str], now: datetime) -> int:
    one_at_a_time(tx, '["outages"]')
    found = _due(tx, reasons, now)
    for cause_id in found:
        row = insert(tx, ticks).values(name=f"{TOLD}{cause_id}", slot=_LAST, claimed_at=now)
        tx.execute(row.on_conflict_do_update(index_elements=["name", "slot"], set_={"claimed_at": now}))
        touch(tx, cause_id, now)
    return len(found)


def _concerned() -> Any:
    """The breaker of the connection that a cause is about, if it was broken while the cause was open."""
    b, c = breakers.c, causes.c
    began = or_(c.closed_at.is_(None), b.opened_at <= c.closed_at)
    return and_(b.connection == c.value, began, or_(b.closed_at.is_(None), b.closed_at >= c.opened_at))


def downtime(tx: Connection, cause_id: int) -> Downtime | None:
    """How the connection is that a cause is about, if it was broken while the cause was open."""
    query = select(breakers).join_from(causes, breakers, _concerned()).where(causes.c.id == cause_id)
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return Downtime(
        connection=row.connection,
        since=row.opened_at,
        next_try=row.until,
        answers_since=row.closed_at if row.state == BreakerState.CLOSED else None,
        waiting={flow: _waiting(tx, flow) for flow in flows_in_line(tx)},
        stopped=_stopped(tx, cause_id),
    )


def _waiting(tx: Connection, flow: str) -> int:
    d = deliveries.c
    few = select(d.id).where(d.flow == flow, d.state.op("IN")(IN_LINE), d.state == DeliveryState.PENDING)
    return int(tx.execute(select(func.count()).select_from(few.limit(COUNTED).subquery())).scalar_one())


def _stopped(tx: Connection, cause_id: int) -> int:
    """How many records of the cause do not go on by themselves."""
    unresolved = and_(cases.c.cause_id == cause_id, cases.c.state != literal_column("'resolved'"))
    still = deliveries.c.state.in_((DeliveryState.HELD, DeliveryState.DEAD))
    query: Select[int] = select(func.count()).join_from(cases, deliveries, deliveries.c.id == cases.c.delivery_id)
    return int(tx.execute(query.where(unresolved, still)).scalar_one())
