"""Claiming. A lease is a row: one running delivery per flow and subject, in sequence; whose worker died comes back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Integer,
    Select,
    String,
    TableClause,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    literal_column,
    or_,
    select,
    update,
)

from store import rows
from store.breakers import let_through
from store.columns import Moment
from store.database import Database
from store.given import Prepared, types
from store.holding import its_turn
from store.releases import running
from store.tables import deliveries, events, overlays, pauses
from sync.errors import Outdated
from sync.lifecycle import DeliveryState, delivery_move
from sync.model import Delivery, Overlay, Want
from sync.releases import Running

_BURIAL = timedelta(minutes=1)
_DONE = (DeliveryState.DELIVERED, DeliveryState.DISCARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """One engine that has free places."""

    limit: int
    lease: timedelta
    max_losses: int
    now: datetime
    flows: Mapping[str, Want] | None
    releases: Running | None


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
        releases: Running | None = None,
    ) -> list[Delivery]:
        """Lease due deliveries: one running per flow and subject, in sequence, none of a paused flow or connection, none that
        needs a connection whose breaker is open but one probe when that is due. `flows` says what each flow needs and how
        many it may give; without it every flow may give all. Those whose lease expired come back first, until they lost it
        `max_losses` times; at the last time each is tried alone. Raises Outdated where other `releases` run by now than those
        that the caller knows."""
        lease = timedelta(seconds=lease_seconds)
        ask = _Ask(limit=limit, lease=lease, max_losses=max_losses, now=now, flows=flows, releases=releases)
        return await self.db.together(_claim, ask)

    async def poisoned(self, *, max_losses: int, now: datetime) -> list[Delivery]:
        """Lease, for burial only, deliveries whose worker died `max_losses` times."""

        def work(tx: Connection) -> list[Delivery]:
            return _load(tx, _lease(tx, _POISONED, now, now + _BURIAL, enough=max_losses, most=20), now + _BURIAL)

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


def _claim(tx: Connection, asks: Sequence[_Ask]) -> list[list[Delivery]]:
    return [_claimed(tx, each) for each in asks]


def _claimed(tx: Connection, ask: _Ask) -> list[Delivery]:
    if ask.releases is not None and ask.releases != running(tx):
        raise Outdated("another release runs by now")
    now, until = ask.now, ask.now + ask.lease
    taken = _lease(tx, _LOST, now, until, enough=ask.max_losses, most=ask.limit)
    if len(taken) < ask.limit:
        taken |= _lease(tx, _SUSPECT, now, until, enough=ask.max_losses, most=1)
    for flow, want in _in_turn(tx, ask.flows, ask.limit, now):
        left = min(want.most, ask.limit - len(taken))
        if left > 0 and (left := min(left, let_through(tx, want.needs, now, until))) > 0:
            taken |= _lease(tx, _READY, now, until, of_flow=flow, most=left)
    return _load(tx, taken, until)


def due(now: datetime) -> Select[int]:
    """Deliveries that may be claimed now: due, in front of their line, not paused."""
    d, p = deliveries.c, pauses.c
    paused = or_(and_(p.scope == "flow", p.name == d.flow), and_(p.scope == "connection", p.name == d.connection))
    return select(d.id).where(*_ready(d), d.due_at <= now, ~exists().where(paused), its_turn()).order_by(d.due_at, d.id)


def _ready(d: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        d.front,
        d.state == literal_column("'pending'"),
    )  # written out: the index over them is asked for by these words


def _in_turn(tx: Connection, flows: Mapping[str, Want] | None, limit: int, now: datetime) -> list[tuple[str, Want]]:
    """The flows that may give work, the one whose work waits longest first."""
    if flows is None:
        named = select(deliveries.c.flow).where(*_ready(deliveries.c)).distinct()
        flows = {flow: Want(most=limit) for flow in tx.execute(named).scalars()}
    waiting = _WAITING.rows(tx, [{"flow": flow} for flow in flows], now=now)
    if not waiting:
        return []
    stopped = {(row.scope, row.name) for row in tx.execute(_STOPPED)}
    turns = list[tuple[str, Want]]()
    for row in sorted(waiting, key=lambda row: row.since):
        want = flows[row.flow]
        if stopped and (("flow", row.flow) in stopped or any(("connection", each) in stopped for each in want.needs)):
            continue
        turns.append((row.flow, want))
    return turns


def _lease(tx: Connection, which: Executable, now: datetime, until: datetime, **more: Any) -> dict[int, str]:
    """Lease what the statement finds and nobody else holds; the leases by delivery."""
    given = {"token": secrets.token_hex(16), "now": now, "until": until, **more}
    return {row.id: row.lease for row in tx.execute(which, given)}


def _load(tx: Connection, leases: Mapping[int, str], leased_until: datetime) -> list[Delivery]:
    if not leases:
        return []
    found = _LEASED.rows(tx, [{"id": each} for each in leases])
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
    for row in _DECIDED.rows(tx, [{"flow": flow, "subject": subject} for flow, subject in about]):
        one = rows.overlay(row)
        latest.setdefault((row.flow, row.subject), {})[(one.path, one.found, one.action)] = one
    return {pair: tuple(found.values()) for pair, found in latest.items()}


def _leased(given: TableClause, _: str) -> Executable:
    d, e = deliveries.c, events.c
    return (
        select(d.id, d.flow, d.number, d.retries, d.subject, e.id.label("event_id"), e.connection, e.entity, e.record_id,
               e.kind, e.occurred_at, e.received_at, e.trace, e.payload, e.sequence,
               case((e.payload.is_(None), false()), else_=_outdone(d, e)).label("outdone"))
        .select_from(given.join(deliveries, d.id == given.c.id).join(events, d.event_id == e.id))
        .order_by(d.due_at, d.id)
    )  # fmt: skip


def _outdone(d: Any, e: Any) -> ColumnElement[bool]:
    """Whether what happened to the record later was delivered, or had nothing to follow it."""
    newer, theirs = events.alias("newer").c, deliveries.alias("theirs").c
    later = or_(
        newer.occurred_at > e.occurred_at, and_(newer.occurred_at == e.occurred_at, newer.sequence > e.sequence)
    )
    same = (newer.connection == e.connection, newer.entity == e.entity, newer.record_id == e.record_id)
    done = (theirs.event_id == newer.id, theirs.flow == d.flow, theirs.state.in_(_DONE))
    return exists().where(*same, later, *done)


def _decided(given: TableClause, _: str) -> Executable:
    o = overlays.c
    same = and_(o.flow == given.c.flow, o.subject == given.c.subject)
    return select(overlays).select_from(given.join(overlays, same)).order_by(o.id)


def _waiting(given: TableClause, _: str) -> Executable:
    """Of each flow, since when its oldest ready delivery is due."""
    d = deliveries.c
    oldest = select(d.due_at).where(*_ready(d), d.flow == given.c.flow, d.due_at <= bindparam("now", type_=Moment()))
    since = oldest.order_by(d.due_at).limit(1).correlate(given).scalar_subquery()
    flows = select(given.c.flow, since.label("since")).subquery("flows")
    return select(flows).where(flows.c.since.is_not(None))


def _leasing(verb: str, which: Select[int], **more: Any) -> Executable:
    """Lease what the query finds and nobody else is looking at."""
    move, d = delivery_move(verb), deliveries.c
    found = which.limit(bindparam("most")).with_for_update(skip_locked=True, of=deliveries).cte("found")
    changes = {
        "state": move.target, "number": d.number + 1, "lease": bindparam("token") + "-" + cast(d.id, String),
        "leased_until": bindparam("until"), "updated_at": bindparam("now"), **more,
    }  # fmt: skip
    moved = update(deliveries).where(d.id.in_(select(found.c.id)), d.state.in_(move.sources)).values(changes)
    return moved.returning(d.id, d.lease)


def _expired(enough: Any) -> Executable:
    d = deliveries.c
    gone = (d.state == literal_column("'running'"), d.leased_until < bindparam("now", type_=Moment()))
    return _leasing("reclaim", select(d.id).where(*gone, enough).order_by(d.leased_until), losses=d.losses + 1)


def _one_suspect() -> Executable:
    """Of those that one more loss would bury one, while no other of them is tried: whoever is innocent is not buried with the
    one that takes its worker along."""
    d, other = deliveries.c, deliveries.alias("other").c
    last: ColumnElement[int] = bindparam("enough", type_=Integer()) - 1
    held = other.leased_until >= bindparam("now", type_=Moment())
    tried = exists().where(other.state == literal_column("'running'"), other.losses == last, held)
    return _expired(and_(d.losses + 1 == last, ~tried))


def _of_flow() -> Executable:
    d, p = deliveries.c, pauses.c
    stopped = exists().where(p.scope == "connection", p.name == d.connection)
    mine = (d.flow == bindparam("of_flow"), d.due_at <= bindparam("now", type_=Moment()))
    return _leasing("claim", select(d.id).where(*_ready(d), *mine, ~stopped, its_turn()).order_by(d.due_at, d.id))


_WAITING = Prepared(types(deliveries.c.flow), _waiting)
_STOPPED = select(pauses.c.scope, pauses.c.name)
_READY = _of_flow()
_LOST = _expired(deliveries.c.losses + 2 < bindparam("enough"))
_SUSPECT = _one_suspect()
_POISONED = _expired(deliveries.c.losses + 1 >= bindparam("enough"))
_LEASED = Prepared(types(deliveries.c.id), _leased)
_DECIDED = Prepared(types(overlays.c.flow, overlays.c.subject), _decided)
