"""Expiry: a held record that nobody decides about in time holds up its own later changes no longer. The state is the guard, so
of many processes one moves it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, literal_column, select, update

from store.asking import about, ask
from store.causes import show_card, touch
from store.database import Database, tell_news
from store.holding import by_customer, place_late
from store.journal import append
from store.lines import line_up, lock
from store.rows import AnyRow
from store.tables import cases, deliveries
from sync.lifecycle import DeliveryState, delivery_move

EXPIRED = 3  # the last level of an escalation
_BATCH = 100
_RUNS = cases.c.paused_at.is_(None)
_OPEN = cases.c.state != literal_column("'resolved'")  # written out: the index is asked for by these words


class Expiry:
    """What waited too long."""

    db: Database

    async def expire(self, *, now: datetime) -> int:
        """Into the dead letters with held records whose case ran out of time, a hundred at most: their later changes go on,
        the case rises to the last level and is told of, and the billing of its customer is held where its route says so.
        What waits for a billing hold has no open case and does not expire. How many moved."""
        found = await self.db.read(lambda tx: tx.execute(_out_of_time(now)).all())
        return await self.db.write(lambda tx: _expire(tx, found, now)) if found else 0


def _out_of_time(now: datetime) -> Select[*tuple[Any, ...]]:
    d = deliveries.c
    stopped = d.state.in_((DeliveryState.HELD, DeliveryState.DEAD))
    return (
        select(d.id, d.flow, d.subject)
        .join_from(cases, deliveries, d.id == cases.c.delivery_id)
        .where(_OPEN, _RUNS, cases.c.expire_by <= now, stopped)
        .order_by(cases.c.expire_by)
        .limit(_BATCH)
    )


def _expire(tx: Connection, found: Sequence[AnyRow], now: datetime) -> int:
    ids, lines = [row.id for row in found], {(row.flow, row.subject) for row in found}
    lock(tx, lines)
    move, d = delivery_move("expire"), deliveries.c
    still = exists().where(_OPEN, _RUNS, cases.c.delivery_id == d.id, cases.c.expire_by <= now)
    expiring = update(deliveries).where(d.id.in_(ids), d.state.in_(move.sources), still)
    moved = set(tx.execute(expiring.values(state=move.target, front=False, updated_at=now).returning(d.id)).scalars())
    line_up(tx, lines)
    risen = _raise(tx, ids, moved)
    if moved:
        tell_news(tx)
    held = {row.id: place_late(tx, row, f"EX-{row.id} was not decided in time", now) for row in by_customer(risen)}
    for group in _by_cause(risen):
        show_card(tx, group[0].cause_id, now)
        touch(tx, group[0].cause_id, now)
        words = _words(group, sum(held.get(row.id, False) for row in group))
        ask(tx, about(group[0], words, (group[0].backup,), broadcast=True), now)
    for row in risen:
        data = {
            "flow": row.flow,
            "subject": row.subject,
            "case": row.id,
            "backup": row.backup,
            "held": held.get(row.id, False),
        }
        append(tx, actor="clock", verb="expire", noun="delivery", noun_id=row.delivery_id, now=now, data=data)
        append(tx, actor="clock", verb="expire", noun="case", noun_id=row.id, now=now, data={"level": EXPIRED})
    return len(moved)


def _raise(tx: Connection, ids: Sequence[int], moved: set[int]) -> list[AnyRow]:
    """The cases of what moved, at the last level. What was among the dead letters already has nothing left to expire."""
    d, c = deliveries.c, cases.c
    dead = select(d.id).where(d.id.in_(ids), d.state == DeliveryState.DEAD)
    done = update(cases).where(_OPEN, c.delivery_id.in_(dead)).values(expire_by=None)
    tx.execute(done.where(c.delivery_id.not_in(moved)))
    return list(tx.execute(done.where(c.delivery_id.in_(moved)).values(level=EXPIRED).returning(*cases.c)).all())


def _by_cause(rows: Sequence[AnyRow]) -> list[list[AnyRow]]:
    groups: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in rows:
        groups[row.cause_id].append(row)
    return list(groups.values())


def _words(group: Sequence[AnyRow], holds: int) -> str:
    one = len(group) == 1
    what = f"EX-{group[0].id} has" if one else f"{len(group)} exceptions of this card have"
    where = "It is among the dead letters now; its" if one else "They are among the dead letters now; their"
    tail = " Billing for this customer is held until somebody releases it." if holds == 1 else ""
    tail = f" Billing for {holds} customers is held until somebody releases it." if holds > 1 else tail
    return f"{what} waited too long for a decision. {where} later changes go on. A decision still counts.{tail}"
