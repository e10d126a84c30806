"""Picking: which exceptions somebody asks for, which events a word stands for, and what went through. Read-only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, literal_column, select

from store import rows
from store.cause_view import cause_view
from store.database import Database
from store.tables import cases, deliveries, events, holds
from store.waiting import COUNTED
from sync.lifecycle import CaseState
from sync.model import BillingHold, Cause
from sync.picking import Pick, Picked, Throughput

_NEWEST, _NUMBER = 200_000, 15
_DELIVERED: ColumnElement[bool] = literal_column("state IN ('delivered', 'discarded') AND state = 'delivered'")


class Picking:
    """Questions with conditions."""

    db: Database

    async def picked(self, wanted: Pick, *, limit: int = 100) -> Picked:
        """The unresolved exceptions that are all of this, nearest deadline first, at most `limit` of them."""
        where = _where(wanted)
        query = select(cases).where(*where).order_by(cases.c.resolve_by, cases.c.id).limit(limit)
        count = select(func.count()).select_from(cases).where(*where)

        def work(tx: Connection) -> Picked:
            found = tuple(rows.case(row) for row in tx.execute(query))
            many = len(found) if len(found) < limit else tx.execute(count).scalar_one()
            return Picked(cases=found, count=many)

        return await self.db.read(work)

    async def causes_of(self, teams: frozenset[str], *, limit: int = 15) -> tuple[list[Cause], int]:
        """The causes of these teams with unresolved cases, nearest deadline first, and how many there are."""
        mine = and_(cases.c.state != str(CaseState.RESOLVED), cases.c.team.in_(teams))
        query = select(cases.c.cause_id).where(mine).group_by(cases.c.cause_id)
        first = query.order_by(func.min(cases.c.resolve_by), cases.c.cause_id).limit(limit)

        def work(tx: Connection) -> tuple[list[Cause], int]:
            found = [cause_view(tx, one) for one in tx.execute(first).scalars().all()]
            many = select(func.count()).select_from(query.subquery())
            return found, len(found) if len(found) < limit else tx.execute(many).scalar_one()

        return await self.db.read(work)

    async def proposals(self, teams: frozenset[str], *, limit: int = 20) -> list[Cause]:
        """The causes of these teams with a proposal that waits for somebody, nearest deadline first."""
        mine = and_(cases.c.state == str(CaseState.PROPOSED), cases.c.team.in_(teams))
        query = select(cases.c.cause_id).where(mine).group_by(cases.c.cause_id)
        first = query.order_by(func.min(cases.c.resolve_by), cases.c.cause_id).limit(limit)

        def work(tx: Connection) -> list[Cause]:
            return [cause_view(tx, one) for one in tx.execute(first).scalars().all()]

        return await self.db.read(work)

    async def states_of(self, case_ids: Sequence[int]) -> list[tuple[int, str, str]]:
        """(case, its state, its delivery's state) of each of these, by number."""
        query = (
            select(cases.c.id, cases.c.state, deliveries.c.state.label("stands"))
            .join(deliveries, deliveries.c.id == cases.c.delivery_id)
            .where(cases.c.id.in_(case_ids))
            .order_by(cases.c.id)
        )
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return [(row.id, row.state, row.stands) for row in found]

    async def events_of(self, case_ids: Sequence[int]) -> list[int]:
        """The events that these exceptions are about."""
        query = select(deliveries.c.event_id).join(cases, cases.c.delivery_id == deliveries.c.id)
        wanted = query.where(cases.c.id.in_(case_ids)).order_by(deliveries.c.event_id).distinct()
        return await self.db.read(lambda tx: list(tx.execute(wanted).scalars()))

    async def events_named(self, word: str, places: Sequence[tuple[str, str]], *, limit: int = 5) -> list[int]:
        """The newest events that a word stands for: the trace of one, or a record's id in one of these places (connection,
        entity). A trace is looked for among the newest 200,000 events and in every exception."""

        def work(tx: Connection) -> list[int]:
            found = _by_record(tx, word, places, limit) or _by_trace(tx, word, limit)
            return sorted(found, reverse=True)[:limit]

        return await self.db.read(work)

    async def throughput(self, flows: Sequence[str], *, today: datetime, hour: datetime) -> dict[str, Throughput]:
        """How much of each flow was delivered since these two moments."""

        def work(tx: Connection) -> dict[str, Throughput]:
            return {
                flow: Throughput(flow=flow, today=_done_since(tx, flow, today), hour=_done_since(tx, flow, hour))
                for flow in flows
            }

        return await self.db.read(work)

    async def holds_called(self, words: str) -> list[BillingHold]:
        """The unreleased holds with this number (`#5`), or on what has this key or name, whatever its case."""
        number = words[1:] if words.startswith("#") and words[1:].isdecimal() and len(words) < _NUMBER else None
        query = select(holds).where(holds.c.released_at.is_(None)).order_by(holds.c.id)
        if number is not None:
            query = query.where(holds.c.id == int(number))
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return [rows.hold(row) for row in found if number is not None or _is_called(row, words)]

    async def customers_called(self, words: str) -> list[tuple[str, str]]:
        """(id, name) of the customers of unresolved exceptions with this id or name, whatever its case."""
        c = cases.c
        query = select(c.customer, c.customer_name).where(c.customer.is_not(None), c.state != CaseState.RESOLVED)
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return list(dict.fromkeys((row.customer, row.customer_name) for row in found if _is_called(row, words)))[:10]


def _is_called(row: rows.AnyRow, words: str) -> bool:
    """Names are sealed, so the database cannot look for them itself."""
    return bool(words == row.customer or words.casefold() == row.customer_name.casefold())


def _where(wanted: Pick) -> list[ColumnElement[bool]]:
    c = cases.c
    asked: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (wanted.teams, c.team.in_),
        (wanted.holder, lambda who: func.coalesce(c.assignee, c.owner) == who),
        (wanted.reason, lambda code: c.reason == code),
        (wanted.flow, lambda name: c.flow == name),
        (wanted.severity, lambda letter: c.severity == letter),
        (wanted.late_at, lambda now: c.resolve_by <= func.coalesce(c.paused_at, now)),
        (wanted.proposed_to, lambda who: and_(c.state == str(CaseState.PROPOSED), c.proposed_by != who)),
        (wanted.opened_from, lambda at: c.opened_at >= at),
        (wanted.opened_before, lambda at: c.opened_at < at),
    ]
    return [c.state != str(CaseState.RESOLVED), *(clause(value) for value, clause in asked if value is not None)]


def _by_record(tx: Connection, word: str, places: Sequence[tuple[str, str]], limit: int) -> set[int]:
    e, found = events.c, set[int]()
    for connection, entity in places:
        here = select(e.id).where(e.connection == connection, e.entity == entity, e.record_id == word)
        found |= set(tx.execute(here.order_by(e.id.desc()).limit(limit)).scalars())
    return found


def _by_trace(tx: Connection, word: str, limit: int) -> set[int]:
    e, last = events.c, tx.execute(select(func.max(events.c.id))).scalar_one() or 0
    newest: Select[Any] = select(e.id).where(e.id > last - _NEWEST, e.trace == word).limit(limit)
    stopped = (
        select(deliveries.c.event_id)
        .join(cases, cases.c.delivery_id == deliveries.c.id)
        .where(cases.c.trace == word)
        .limit(limit)
    )
    return set(tx.execute(newest).scalars()) or set(tx.execute(stopped).scalars())


def _done_since(tx: Connection, flow: str, since: datetime) -> int:
    d = deliveries.c
    found = select(literal(1)).select_from(deliveries).where(d.flow == flow, _DELIVERED, d.updated_at >= since)
    return int(tx.execute(select(func.count()).select_from(found.limit(COUNTED).subquery())).scalar_one())
