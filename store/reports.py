"""Read-only questions: what a card shows, what `/sync` and the digest tell, what happened to one event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from store import rows
from store.claiming import due
from store.database import Database
from store.tables import attempts, bindings, cards, cases, causes, deliveries, events, holds, writes
from sync.errors import NotFound
from sync.lifecycle import CaseState, DeliveryState
from sync.model import BillingHold, Case, Cause, Event, Record
from sync.money import Money

_UNRESOLVED = cases.c.state != CaseState.RESOLVED


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStatus:
    """One flow at a glance. `oldest` is when the oldest unfinished delivery's event was received."""

    flow: str
    states: dict[str, int]
    last_delivered: datetime | None
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What happened in a channel's causes between two moments."""

    opened: int
    resolved: int
    unresolved: int
    late: int
    sums: tuple[Money, ...]
    causes: tuple[Cause, ...]
    holds: tuple[BillingHold, ...]


class Reports:
    """Questions."""

    db: Database

    async def cause(self, cause_id: int) -> Cause:
        """What the cause's card shows. Raises NotFound."""

        def work(tx: Connection) -> Cause:
            return cause_view(tx, cause_id)

        return await self.db.read(work)

    async def case(self, case_id: int) -> Case:
        """One case. Raises NotFound."""
        found = await self._cases(select(cases).where(cases.c.id == case_id))
        if not found:
            raise NotFound(f"there is no exception EX-{case_id}")
        return found[0]

    async def cases_of(self, cause_id: int, *, unresolved: bool = True) -> list[Case]:
        """The cases of a cause, oldest first."""
        query = select(cases).where(cases.c.cause_id == cause_id).order_by(cases.c.id)
        return await self._cases(query.where(_UNRESOLVED) if unresolved else query)

    async def exceptions(
        self, *, teams: frozenset[str] | None = None, assignee: str | None = None, reason: str | None = None,
        flow: str | None = None, everything: bool = False, limit: int = 100,
    ) -> list[Case]:  # fmt: skip
        """Unresolved cases (or all), nearest deadline first."""
        query = select(cases).order_by(cases.c.resolve_by, cases.c.id).limit(limit)
        if not everything:
            query = query.where(_UNRESOLVED)
        if teams is not None:
            query = query.where(cases.c.team.in_(teams))
        for column, value in ((cases.c.assignee, assignee), (cases.c.reason, reason), (cases.c.flow, flow)):
            if value is not None:
                query = query.where(column == value)
        return await self._cases(query)

    async def open_causes(self, *, channel: str | None = None, limit: int = 50) -> list[Cause]:
        """Causes with unresolved cases, nearest deadline first."""
        return list(await self.db.read(lambda tx: _open_causes(tx, channel, limit)))

    async def status(self) -> list[FlowStatus]:
        """Every flow that has had work."""
        d = deliveries.c
        counts = select(d.flow, d.state, func.count().label("many")).group_by(d.flow, d.state)
        waiting = d.state.in_((DeliveryState.PENDING, DeliveryState.RUNNING))
        times = (
            select(
                d.flow,
                func.max(case((d.state == DeliveryState.DELIVERED, d.updated_at))).label("last"),
                func.min(case((waiting, events.c.received_at))).label("oldest"),
            )
            .join(events, events.c.id == d.event_id)
            .group_by(d.flow)
            .order_by(d.flow)
        )

        def work(tx: Connection) -> list[FlowStatus]:
            states: dict[str, dict[str, int]] = {}
            for row in tx.execute(counts):
                states.setdefault(row.flow, {})[row.state] = row.many
            return [
                FlowStatus(flow=row.flow, states=states.get(row.flow, {}), last_delivered=row.last, oldest=row.oldest)
                for row in tx.execute(times)
            ]

        return await self.db.read(work)

    async def period(self, channel: str, *, since: datetime, until: datetime) -> Period:
        """A channel's day, for its digest."""
        here = select(causes.c.id).where(causes.c.channel == channel)
        mine = cases.c.cause_id.in_(here)
        opened = select(func.count()).where(mine, cases.c.opened_at >= since, cases.c.opened_at < until)
        resolved = select(func.count()).where(mine, cases.c.resolved_at >= since, cases.c.resolved_at < until)
        late = select(func.count()).where(mine, _UNRESOLVED, cases.c.resolve_by < until)
        unresolved = select(func.count()).where(mine, _UNRESOLVED)
        held = select(holds).join(cases, cases.c.id == holds.c.case_id).where(mine, holds.c.released_at.is_(None))

        def work(tx: Connection) -> Period:
            numbers = [tx.execute(query).scalar_one() for query in (opened, resolved, unresolved, late)]
            on_hold = tuple(rows.hold(row) for row in tx.execute(held))
            return Period(
                opened=numbers[0], resolved=numbers[1], unresolved=numbers[2], late=numbers[3],
                sums=_sums(tx, mine), causes=_open_causes(tx, channel, 5), holds=on_hold,
            )  # fmt: skip

        return await self.db.read(work)

    async def due_now(self, *, now: datetime) -> int:
        """How many deliveries are due and not held back by an earlier one, a pause or a lease."""
        query = select(func.count()).select_from(due(now).subquery())
        return await self.db.read(lambda tx: int(tx.execute(query).scalar_one()))

    async def is_stopped(self, delivery_id: int) -> bool:
        """Whether a delivery waits for a person."""
        query = select(deliveries.c.state).where(deliveries.c.id == delivery_id)
        state = await self.db.read(lambda tx: tx.execute(query).scalar_one_or_none())
        return state in (DeliveryState.HELD, DeliveryState.DEAD)

    async def ping(self) -> None:
        """Raises LedgerUnavailable when the database takes no writes."""
        await self.db.write(lambda tx: None)

    async def counts(self) -> dict[str, int]:
        """How many rows of each kind the ledger holds."""
        tables = {"events": events, "deliveries": deliveries, "writes": writes, "bindings": bindings, "cases": cases,
                  "causes": causes, "cards": cards, "holds": holds}  # fmt: skip

        def work(tx: Connection) -> dict[str, int]:
            return {
                name: tx.execute(select(func.count()).select_from(table)).scalar_one() for name, table in tables.items()
            }

        return await self.db.read(work)

    async def reasons(self, *, unresolved: bool = False) -> dict[str, int]:
        """Cases per reason code."""
        query = select(cases.c.reason, func.count().label("many")).group_by(cases.c.reason).order_by(cases.c.reason)

        def work(tx: Connection) -> dict[str, int]:
            found = tx.execute(query.where(_UNRESOLVED) if unresolved else query)
            return {row.reason: row.many for row in found}

        return await self.db.read(work)

    async def recent_events(self, *, limit: int = 50) -> list[tuple[Event, str]]:
        """The newest events, each with the states of its deliveries in words."""
        query = _events().order_by(events.c.id.desc()).limit(limit)

        def work(tx: Connection) -> list[tuple[Event, str]]:
            return [(rows.event(row), row.states or "no flow") for row in tx.execute(query)]

        return await self.db.read(work)

    async def latest_events(self) -> list[int]:
        """The last event of every record that a flow works on."""
        last = func.max(deliveries.c.event_id)
        query = select(last).group_by(deliveries.c.flow, deliveries.c.subject).order_by(last)
        return await self.db.read(lambda tx: list(tx.execute(query).scalars().all()))

    async def trace(self, event_id: int) -> Record:
        """Everything that happened to one event: deliveries, attempts, writes, cases. Raises NotFound."""

        def work(tx: Connection) -> Record:
            row = tx.execute(_events().where(events.c.id == event_id)).one_or_none()
            if row is None:
                raise NotFound(f"there is no event {event_id}")
            found = tx.execute(select(deliveries).where(deliveries.c.event_id == event_id)).all()
            return {
                "event": rows.event(row),
                "deliveries": [_delivery_story(tx, one) for one in found],
            }

        return await self.db.read(work)

    async def bound(self, source_connection: str, target_connection: str, target_entity: str) -> dict[str, str]:
        """Source id → target id of every binding between two connections."""
        b = bindings.c
        query = select(b.source_id, b.target_id).where(
            b.source_connection == source_connection, b.target_connection == target_connection, b.target_entity == target_entity
        )  # fmt: skip

        def work(tx: Connection) -> dict[str, str]:
            return {row.source_id: row.target_id for row in tx.execute(query)}

        return await self.db.read(work)

    async def _cases(self, query: Select[*tuple[Any, ...]]) -> list[Case]:

        def work(tx: Connection) -> list[Case]:
            return [rows.case(row) for row in tx.execute(query)]

        return await self.db.read(work)


def _events() -> Any:
    states = (
        select(func.aggregate_strings(deliveries.c.state, ", "))
        .where(deliveries.c.event_id == events.c.id)
        .scalar_subquery()
        .label("states")
    )
    return select(events.c.id.label("event_id"), *[c for c in events.c if c.name != "id"], states)


def _open_causes(tx: Connection, channel: str | None, limit: int) -> tuple[Cause, ...]:
    query = (
        select(causes.c.id)
        .join(cases, cases.c.cause_id == causes.c.id)
        .where(_UNRESOLVED)
        .group_by(causes.c.id)
        .order_by(func.min(cases.c.resolve_by), causes.c.id)
        .limit(limit)
    )
    if channel is not None:
        query = query.where(causes.c.channel == channel)
    return tuple(cause_view(tx, one) for one in tx.execute(query).scalars().all())


def _delivery_story(tx: Connection, row: rows.AnyRow) -> Record:
    tried = select(attempts).where(attempts.c.delivery_id == row.id).order_by(attempts.c.number)
    wrote = select(writes).where(writes.c.delivery_id == row.id).order_by(writes.c.id)
    opened = select(cases).where(cases.c.delivery_id == row.id).order_by(cases.c.id)
    return {
        "id": row.id,
        "flow": row.flow,
        "state": row.state,
        "detail": row.detail,
        "attempts": [
            {"number": a.number, "at": a.ended_at, "step": a.step, "detail": a.detail} for a in tx.execute(tried)
        ],
        "writes": [
            {
                "key": w.key,
                "operation": w.operation,
                "to": f"{w.connection}/{w.entity}",
                "state": w.state,
                "target": w.target_id,
            }
            for w in tx.execute(wrote)
        ],
        "cases": [rows.case(c) for c in tx.execute(opened)],
    }


def _sums(tx: Connection, where: Any) -> tuple[Money, ...]:
    query = (
        select(cases.c.currency, func.sum(cases.c.minor).label("minor"))
        .where(where, _UNRESOLVED, cases.c.currency.is_not(None), cases.c.minor > 0)
        .group_by(cases.c.currency)
        .order_by(cases.c.currency)
    )
    return tuple(Money(currency=row.currency, minor=int(row.minor)) for row in tx.execute(query))


def cause_view(tx: Connection, cause_id: int) -> Cause:
    """The cause as its card shows it, read in the caller's transaction. Raises NotFound."""
    row = tx.execute(select(causes).where(causes.c.id == cause_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such card")
    mine = cases.c.cause_id == cause_id
    unresolved = func.sum(case((_UNRESOLVED, 1), else_=0))
    deadline, level = func.min(case((_UNRESOLVED, cases.c.resolve_by))), func.max(cases.c.level)
    totals = select(
        func.count().label("total"), unresolved.label("unresolved"), deadline.label("nearest"), level.label("level")
    )
    numbers = tx.execute(totals.where(mine)).one()
    first = select(cases).where(mine, _UNRESOLVED).order_by(cases.c.id).limit(5)
    shown = tx.execute(first).all()
    if not shown:
        shown = tx.execute(select(cases).where(mine).order_by(cases.c.resolved_at.desc()).limit(1)).all()
    held = select(holds).join(cases, cases.c.id == holds.c.case_id).where(mine, holds.c.released_at.is_(None))
    return Cause(
        id=row.id,
        flow=row.flow,
        reason=row.reason,
        value=row.value,
        team=row.team,
        channel=row.channel,
        version=row.version,
        unresolved=numbers.unresolved or 0,
        total=numbers.total,
        sums=_sums(tx, mine),
        nearest=numbers.nearest,
        level=numbers.level or 0,
        first=tuple(rows.case(one) for one in shown),
        holds=tuple(rows.hold(one) for one in tx.execute(held)),
    )
