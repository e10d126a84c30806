"""Drift: of many processes one asks a source, one opens what all of them notice, and one sets going again what waited."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, select, tuple_, update

from store.causes import say
from store.database import Database, insert_or_nothing, tell_news
from store.journal import append
from store.lines import line_up, lock, put_back
from store.receiving import take_in
from store.rows import AnyRow
from store.tables import cases, causes, deliveries, drifts, schemas
from sync.drifts import ENTITY, KIND, REASON, Look, NewField, Noticed, OpenDrift
from sync.lifecycle import CaseState, DeliveryState, delivery_move
from sync.model import Change

_STILL = drifts.c.mended_at.is_(None)
_MOVING = (DeliveryState.PENDING, DeliveryState.RUNNING)


class Drifting:
    """What no longer agrees with its contract."""

    db: Database

    async def look_at(self, connection: str, entity: str) -> Look | None:
        """When and with what end the source was asked last; None when it never was."""
        query = select(schemas).where(schemas.c.connection == connection, schemas.c.entity == entity)

        def work(tx: Connection) -> Look | None:
            row = tx.execute(query).one_or_none()
            if row is None:
                return None
            return Look(asked_at=row.asked_at, answered_at=row.answered_at, excused=frozenset(row.excused))

        return await self.db.read(work)

    async def ask_once(self, connection: str, entity: str, *, every: timedelta, now: datetime) -> bool:
        """True for the one that may ask the source now: nobody has within `every`."""
        s = schemas.c
        long_ago = update(schemas).where(s.connection == connection, s.entity == entity, s.asked_at <= now - every)

        def work(tx: Connection) -> bool:
            values = {"connection": connection, "entity": entity, "asked_at": now, "excused": []}
            first = tx.execute(insert_or_nothing(tx, schemas).values(**values).returning(s.entity)).one_or_none()
            return first is not None or tx.execute(long_ago.values(asked_at=now)).rowcount == 1

        return await self.db.write(work)

    async def answered(
        self,
        connection: str,
        entity: str,
        *,
        excused: Collection[str],
        strange: Mapping[str, str] | None = None,
        now: datetime,
    ) -> None:
        """The source was asked. The paths `excused` are no sign of drift until it says otherwise; `strange` are the labels of the
        fields that no contract knows, by path; None when it said nothing."""
        s = schemas.c
        mine = (s.connection == connection, s.entity == entity)

        def work(tx: Connection) -> None:
            values: dict[str, Any] = {"answered_at": now, "excused": sorted(excused)}
            if strange is not None:
                known = tx.execute(select(s.strange).where(*mine)).scalar_one_or_none()
                values["strange"] = _strange(strange, known, now)
            tx.execute(update(schemas).where(*mine).values(**values))

        await self.db.write(work)

    async def new_fields(self, *, limit: int = 20) -> list[NewField]:
        """The fields that sources got since they were asked first and that no contract knows, the newest first."""

        def work(tx: Connection) -> list[NewField]:
            found = [
                NewField(connection=row.connection, path=path, label=label, since=datetime.fromisoformat(since))
                for row in tx.execute(select(schemas).order_by(schemas.c.connection, schemas.c.entity))
                for path, (label, since) in (row.strange or {}).items()
                if since
            ]
            return sorted(found, key=lambda each: (each.since, each.path), reverse=True)[:limit]

        return await self.db.read(work)

    async def open_drifts(self, noticed: Sequence[Noticed], *, now: datetime) -> int:
        """Hold these flows back, each with an event and a delivery that tells of it. What is open already, or was called off and
        has not mended since, stays as it is. How many are new."""

        def work(tx: Connection) -> int:
            return sum(_open(tx, one, now) for one in noticed)

        return await self.db.write(work) if noticed else 0

    async def drifts(self) -> list[OpenDrift]:
        """Every difference that holds a flow back, the oldest first."""

        def work(tx: Connection) -> list[OpenDrift]:
            return [_drift(row) for row in tx.execute(_opened())]

        return await self.db.read(work)

    async def mend_drifts(self, ids: Sequence[int], *, why: str, now: datetime) -> int:
        """These are mended: what they hold goes round again in its order. How many were open."""

        def work(tx: Connection) -> int:
            mending = update(drifts).where(drifts.c.id.in_(ids), _STILL).values(mended_at=now, why=why)
            mended = tx.execute(mending.returning(*drifts.c)).all()
            for row in mended:
                data = {"value": row.value, "flow": row.flow, "why": why}
                append(tx, actor="engine", verb="mend", noun="event", noun_id=row.event_id, now=now, data=data)
                _set_going(tx, row.flow, row.value, why, now)
            return len(mended)

        return await self.db.write(work) if ids else 0

    async def set_going(self, *, now: datetime) -> int:
        """Let go what is held for a drift that is over: whoever held it had not heard of that yet. How many deliveries."""
        waiting = await self.db.read(lambda tx: tx.execute(_left_behind()).all())

        def work(tx: Connection) -> int:
            return sum(
                _set_going(tx, row.flow, row.value, "It agrees with the contract again.", now) for row in waiting
            )

        return await self.db.write(work) if waiting else 0

    async def forget_called_off(self, values: Sequence[tuple[str, str]], *, now: datetime) -> None:
        """These (flow, value) agree with the contract again: what was called off may open once more."""
        tells = exists().where(_tells(), deliveries.c.state != DeliveryState.DISCARDED)  # none when it is archived
        these = (_STILL, tuple_(drifts.c.flow, drifts.c.value).in_(list(values)), ~tells)
        closing = update(drifts).where(*these).values(mended_at=now, why="it was called off and agrees again")
        if values:
            await self.db.write(lambda tx: tx.execute(closing) and None)

    async def accepted(self) -> dict[tuple[str, str], datetime]:
        """When each (flow, value) was mended or accepted last."""
        last = func.max(drifts.c.mended_at).label("at")
        query = select(drifts.c.flow, drifts.c.value, last).where(~_STILL).group_by(drifts.c.flow, drifts.c.value)
        return await self.db.read(lambda tx: {(row.flow, row.value): row.at for row in tx.execute(query)})


def _strange(now_there: Mapping[str, str], known: Mapping[str, Any] | None, now: datetime) -> dict[str, list[str]]:
    """Label and since when, by path; those of the first answer have always been there."""
    first = "" if known is None else now.isoformat()
    return {path: [label, (known or {}).get(path, ["", first])[1]] for path, label in sorted(now_there.items())}


def _tells() -> Any:
    """The delivery that tells of a drift."""
    return and_(deliveries.c.event_id == drifts.c.event_id, deliveries.c.flow == drifts.c.flow)


def _opened() -> Select[*tuple[Any, ...]]:
    told = exists().where(cases.c.delivery_id == deliveries.c.id)
    return (
        select(drifts, deliveries.c.state, told.label("told"))
        .join(deliveries, _tells())
        .where(_STILL, deliveries.c.state != DeliveryState.DISCARDED)
        .order_by(drifts.c.id)
    )


def _drift(row: AnyRow) -> OpenDrift:
    return OpenDrift(
        id=row.id, flow=row.flow, connection=row.connection, entity=row.entity, contract=row.contract, path=row.path,
        kind=row.kind, label=row.label, words=row.words, opened_at=row.opened_at, told=row.told,
        moving=row.state in _MOVING,
    )  # fmt: skip


def _open(tx: Connection, noticed: Noticed, now: datetime) -> int:
    values = {name: value for name, value in asdict(noticed).items() if name != "flows"}
    made: dict[str, int] = {}
    for flow in sorted(noticed.flows):
        row = {**values, "flow": flow, "value": noticed.value, "opened_at": now}
        fresh = tx.execute(insert_or_nothing(tx, drifts).values(**row).returning(drifts.c.id)).scalar_one_or_none()
        if fresh is not None:
            made[flow] = fresh
    if not made:
        return 0
    key = f"{KIND}/{min(made.values())}"
    change = Change(
        entity=ENTITY, record_id=noticed.value, key=key, kind=KIND, occurred_at=now, payload={"id": noticed.value, **values}
    )  # fmt: skip
    event_id = take_in(tx, noticed.connection, change, list(made), now)
    tx.execute(update(drifts).where(drifts.c.id.in_(made.values())).values(event_id=event_id))
    data = {"value": noticed.value, "flows": sorted(made), "words": noticed.words}
    append(tx, actor="engine", verb="drift", noun="event", noun_id=event_id, now=now, data=data)
    return len(made)


def _held(flow: str, value: str) -> Select[*tuple[Any, ...]]:
    """The deliveries that wait for this drift."""
    this = (causes.c.flow == flow, causes.c.reason == REASON, causes.c.value == value)
    found = select(cases.c.delivery_id).join(causes, causes.c.id == cases.c.cause_id)
    return found.where(*this, cases.c.state != CaseState.RESOLVED)


def _left_behind() -> Select[*tuple[Any, ...]]:
    """Causes of drift that hold something, and of which no drift is open."""
    open_ = exists().where(drifts.c.flow == causes.c.flow, drifts.c.value == causes.c.value, _STILL)
    stopped = deliveries.c.state.in_((DeliveryState.HELD, DeliveryState.DEAD))
    return (
        select(causes.c.flow, causes.c.value)
        .join(cases, cases.c.cause_id == causes.c.id)
        .join(deliveries, deliveries.c.id == cases.c.delivery_id)
        .where(cases.c.reason == REASON, cases.c.state != CaseState.RESOLVED, stopped, ~open_)
        .distinct()
    )


def _set_going(tx: Connection, flow: str, value: str, why: str, now: datetime) -> int:
    """Everything that stands still for this cause goes round again; how many."""
    d = deliveries.c
    found = tx.execute(select(d.flow, d.subject).where(d.id.in_(_held(flow, value)))).all()
    lines = {(one.flow, one.subject) for one in found}
    lock(tx, lines)
    moved = put_back(tx, d.id.in_(_held(flow, value)), delivery_move("replay"), now)  # may be more than a list can hold
    line_up(tx, lines)
    for one in sorted(moved, key=lambda each: each.id):
        append(
            tx, actor="engine", verb="replay", noun="delivery", noun_id=one.id, now=now, data={"event": one.event_id}
        )
    same = (causes.c.flow == flow, causes.c.reason == REASON, causes.c.value == value, causes.c.closed_at.is_(None))
    for cause_id in tx.execute(select(causes.c.id).where(*same)).scalars().all():
        say(tx, cause_id, f"{why} What waited for it goes out now.", now=now)
    tell_news(tx)
    return len(moved)
