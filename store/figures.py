"""Questions that packs and digests ask. Every one reads a bounded stretch of an index, however much lies in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal_column, select, union

from store.claiming import decisions
from store.database import Database
from store.retention import last_before
from store.rows import AnyRow
from store.standing import DELIVERED, flows_done
from store.tables import attempts, cases, causes, deliveries, events, writes
from sync.figures import Fact, Seen, Stretch
from sync.lifecycle import CaseState
from sync.money import Money
from sync.personal import HIDDEN
from sync.recorded import Recorded

MOST = 20_000
_WEEK = timedelta(days=7)
UNRESOLVED = cases.c.state != literal_column(f"'{CaseState.RESOLVED}'")


class Figuring:
    """Facts and counts."""

    db: Database

    async def facts(self, *, since: datetime, until: datetime, limit: int = MOST) -> tuple[Fact, ...]:
        """The exceptions that were opened or resolved in that time, and those that are unresolved now, at most `limit` of
        each, oldest first."""
        return await self.db.read(lambda tx: facts_of(tx, since, until, limit=limit))

    async def stretches(self, edges: Sequence[datetime]) -> tuple[Stretch, ...]:
        """What came between each moment and the next. An event counts once for each flow that works on it."""

        def work(tx: Connection) -> tuple[Stretch, ...]:
            marks = [last_before(tx, events.c.id, events.c.received_at, each) for each in edges]
            return tuple(
                Stretch(since=since, until=until, events=_came(tx, low, high), opened=_opened(tx, since, until))
                for since, until, low, high in zip(edges, edges[1:], marks, marks[1:], strict=False)
            )

        return await self.db.read(work)

    async def delivered(self, *, since: datetime, until: datetime) -> dict[str, int]:
        """How many deliveries of each flow went through in that time and still stand so."""
        d = deliveries.c
        count = select(func.count()).where(*DELIVERED, d.updated_at >= since, d.updated_at < until)

        def work(tx: Connection) -> dict[str, int]:
            return {flow: int(tx.execute(count.where(d.flow == flow)).scalar_one()) for flow in flows_done(tx)}

        return await self.db.read(work)

    async def seen(self, *, until: datetime, weeks: int = 4, channel: str | None = None) -> tuple[Seen, ...]:
        """How often each cause brought exceptions in each of the last weeks before that moment."""
        return await self.db.read(lambda tx: seen_in(tx, until, weeks=weeks, channel=channel))

    async def unanswered(self, *, now: datetime) -> int:
        """How many unresolved exceptions are past their first-response clock without an answer."""
        c = cases.c
        query = select(func.count()).where(UNRESOLVED, c.respond_by < now, c.responded_at.is_(None))
        return await self.db.read(lambda tx: int(tx.execute(query).scalar_one()))

    async def written_within(
        self, flow: str, entity: str, *, since: datetime, until: datetime, apart: str = "", limit: int = 500
    ) -> tuple[Recorded, ...]:
        """The records of a flow that went through in that time and wrote such an entity, at most `limit`, as they were read
        last and with what was decided about them. Events of the kind `apart` do not count."""
        return await self.db.read(lambda tx: _written(tx, flow, entity, (since, until), apart, limit))

    async def outcomes(self, flow: str, *, since: datetime, until: datetime, limit: int = 200) -> tuple[Fact, ...]:
        """The exceptions of a flow whose records went through in that time, in that order."""
        c = cases.c
        here = (c.flow == flow, c.outcome_at.is_not(None), c.outcome_at >= since, c.outcome_at < until)
        query = select(*_FACT).join(causes, causes.c.id == c.cause_id).where(*here)
        query = query.order_by(c.outcome_at, c.id).limit(limit)
        return await self.db.read(lambda tx: tuple(_fact(row) for row in tx.execute(query)))


def facts_of(
    tx: Connection, since: datetime, until: datetime, *, channel: str | None = None, limit: int = MOST
) -> tuple[Fact, ...]:
    """The same inside a transaction, of one channel if asked."""
    c = cases.c
    which = (
        _some(c.opened_at, since, until, limit),
        _some(c.resolved_at, since, until, limit, c.resolved_at.is_not(None)),
        select(c.id).where(UNRESOLVED).order_by(c.resolve_by).limit(limit).subquery(),
    )
    ids = union(*(select(each.c.id) for each in which)).subquery()
    query = select(*_FACT).join(causes, causes.c.id == c.cause_id).where(c.id.in_(select(ids.c.id))).order_by(c.id)
    if channel is not None:
        query = query.where(causes.c.channel == channel)
    return tuple(_fact(row) for row in tx.execute(query))


def _written(
    tx: Connection, flow: str, entity: str, within: tuple[datetime, datetime], apart: str, limit: int
) -> tuple[Recorded, ...]:
    d, e, w, a = deliveries.c, events.c, writes.c, attempts.c
    wrote = exists().where(w.delivery_id == d.id, w.entity == entity, w.state == literal_column("'confirmed'"))
    here = (*DELIVERED, d.flow == flow, d.updated_at >= within[0], d.updated_at < within[1])
    few = (
        select(d.id)
        .join(events, e.id == d.event_id)
        .where(*here, e.kind != apart, wrote)
        .order_by(d.updated_at, d.id)
        .limit(limit)
        .subquery()
    )
    read = a.snapshot.is_not(None)
    newest = select(func.max(a.number)).where(a.delivery_id == d.id, read).correlate(deliveries).scalar_subquery()
    query = (
        select(d.id, d.event_id, d.flow, d.subject, d.updated_at, e.connection, e.entity, e.payload, a.snapshot)
        .join(events, e.id == d.event_id)
        .outerjoin(attempts, and_(a.delivery_id == d.id, a.number == newest))
        .where(d.id.in_(select(few.c.id)))
        .order_by(d.id)
    )
    found = tx.execute(query).all()
    decided = decisions(tx, {(row.flow, row.subject) for row in found})
    return tuple(
        Recorded(
            delivery_id=row.id, event_id=row.event_id, flow=row.flow, connection=row.connection, entity=row.entity,
            subject=row.subject, at=row.updated_at, record=row.payload or row.snapshot or {},
            overlays=decided.get((row.flow, row.subject), ()),
        )
        for row in found
    )  # fmt: skip


def _some(at: ColumnElement[Any], since: datetime, until: datetime, limit: int, *more: ColumnElement[bool]) -> Any:
    return select(cases.c.id).where(at >= since, at < until, *more).order_by(at).limit(limit).subquery()


def _came(tx: Connection, low: int, high: int) -> int:
    """Counted over the index that holds nothing but event and flow."""
    d = deliveries.c
    return int(tx.execute(select(func.count()).where(d.event_id > low, d.event_id <= high)).scalar_one())


def _opened(tx: Connection, since: datetime, until: datetime) -> int:
    c = cases.c
    return int(tx.execute(select(func.count()).where(c.opened_at >= since, c.opened_at < until)).scalar_one())


def seen_in(tx: Connection, until: datetime, *, weeks: int = 4, channel: str | None = None) -> tuple[Seen, ...]:
    """The same inside a transaction."""
    c = cases.c
    query: Select[Any] = select(c.flow, c.reason, c.subject, c.opened_at, causes.c.value)
    query = query.join(causes, causes.c.id == c.cause_id)
    query = query.where(c.opened_at >= until - weeks * _WEEK, c.opened_at < until)
    if channel is not None:
        query = query.where(causes.c.channel == channel)
    counts = Counter(
        (row.flow, row.reason, _shared(row), (until - row.opened_at - timedelta.resolution) // _WEEK)
        for row in tx.execute(query.order_by(c.opened_at.desc()).limit(MOST))
    )
    return tuple(
        Seen(flow=flow, reason=reason, value=value, week=week, count=count)
        for (flow, reason, value, week), count in sorted(counts.items())
    )


def _shared(row: AnyRow) -> str:
    """What an exception has in common with others; a record's own id is nothing."""
    return "" if row.value.endswith(row.subject) or row.value.startswith(HIDDEN) else str(row.value)


def _fact(row: AnyRow) -> Fact:
    return Fact(
        id=row.id, flow=row.flow, reason=row.reason, value=_shared(row), severity=row.severity, team=row.team,
        owner=row.assignee or row.owner, customer=row.customer_name or row.customer or "",
        title=row.title or row.subject, money=Money(currency=row.currency, minor=row.minor) if row.currency else None,
        opened_at=row.opened_at, resolve_by=row.resolve_by, resolved_at=row.resolved_at, decided_by=row.decided_by,
        decision=row.decision, came_back_at=row.came_back_at, outcome_at=row.outcome_at, paused_at=row.paused_at,
    )  # fmt: skip


_FACT = (
    *(cases.c[name] for name in (
        "id flow subject reason severity team owner assignee customer customer_name title currency minor opened_at "
        "resolve_by resolved_at decided_by decision came_back_at outcome_at paused_at"
    ).split()),
    causes.c.value,
)  # fmt: skip
