"""Read-only questions: what a card shows, what `/sync` and the digest tell, what happened to one event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from store import rows
from store.cause_view import cause_view as cause_view
from store.claiming import due
from store.database import Database
from store.retention import archived
from store.tables import attempts, bindings, cards, cases, causes, deliveries, events, holds, writes
from sync.errors import NotFound
from sync.lifecycle import CaseState, DeliveryState
from sync.model import Case, Cause, Event, Record

_UNRESOLVED = cases.c.state != CaseState.RESOLVED


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
            told = [_delivery_story(tx, one) for one in found]
            return {
                "event": rows.event(row),
                "deliveries": told + [_old_story(tx, one) for one in archived(tx, event_id)],
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
    return {
        "id": row.id,
        "flow": row.flow,
        "state": row.state,
        "detail": row.detail,
        "attempts": [
            {"number": a.number, "at": a.ended_at, "step": a.step, "detail": a.detail, "release": a.release}
            for a in tx.execute(tried)
        ],
        **_traces(tx, row.id),
    }


def _old_story(tx: Connection, row: rows.AnyRow) -> Record:
    tried = row.counts["attempts"]
    words = f"archived {row.archived_at:%Y-%m-%d}, {tried} attempt{'' if tried == 1 else 's'}"
    story = {"id": row.delivery_id, "flow": row.flow, "state": row.state, "detail": words, "attempts": []}
    return story | _traces(tx, row.delivery_id)


def _traces(tx: Connection, delivery_id: int) -> Record:
    wrote = select(writes).where(writes.c.delivery_id == delivery_id).order_by(writes.c.id)
    opened = select(cases).where(cases.c.delivery_id == delivery_id).order_by(cases.c.id)
    return {
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
