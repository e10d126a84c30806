"""Receiving. The same change twice is one event; every flow of its entity gets a delivery, in its place in the line."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, TableClause, and_, exists, select, update

from store.database import Database, insert, tell_news
from store.given import Prepared, types
from store.journal import append
from store.lines import Pair, line_up, lock
from store.newest import keep_newest
from store.tables import cursors, deliveries, events
from sync.errors import NotKept
from sync.lifecycle import DeliveryState
from sync.model import Change, Received, Record
from sync.words import not_kept, plain

_POLLED = "polled"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """One caller's changes."""

    connection: str
    changes: Sequence[Change]
    flows: Mapping[str, Sequence[str]]
    now: datetime
    cursor: tuple[str, Record] | None
    newest: Collection[str]


class Receiving:
    """Taking in what the sources say, and where polling stands."""

    db: Database

    async def receive(
        self,
        connection: str,
        changes: Sequence[Change],
        flows: Mapping[str, Sequence[str]],
        *,
        now: datetime,
        cursor: tuple[str, Record] | None = None,
        newest: Collection[str] = (),
    ) -> Received:
        """Remember changes once and queue a delivery for every flow of their entity (`flows`: entity → flow names); in the flows
        named by `newest` it replaces older ones that wait. `cursor` = (entity, cursor) is moved in the same transaction. Durable
        when it returns, with whatever else waited. Raises NotKept, and takes in nothing, where one cannot be kept as it is."""
        for change in changes:
            if why := not_kept(change):
                raise NotKept(why)
        arrival = _Arrival(connection=connection, changes=changes, flows=flows, now=now, cursor=cursor, newest=newest)
        return await self.db.together(_receive, arrival)

    async def cursor(self, connection: str, entity: str) -> Record | None:
        """Where polling stands."""
        query = select(cursors.c.cursor).where(cursors.c.connection == connection, cursors.c.entity == entity)

        def work(tx: Connection) -> Record | None:
            found: Record | None = tx.execute(query).scalar_one_or_none()
            return found

        return await self.db.read(work)


def _receive(tx: Connection, arrivals: Sequence[_Arrival]) -> list[Received]:
    rows, pairs = _rows(tx, arrivals)
    lock(tx, pairs)
    if rows:
        _EVENTS.run(
            tx, sorted(rows, key=lambda row: (row["connection"], row["key"]))
        )  # in one order for all who receive
    new = {row.trace: row.id for row in _NEW.rows(tx, rows)} if rows else {}
    queued = [
        {"event_id": new[row["trace"]], "flow": flow, "subject": row["subject"], "connection": row["connection"],
         "occurred_at": row["occurred_at"], "sequence": row["sequence"], "state": DeliveryState.PENDING,
         "due_at": row["received_at"], "updated_at": row["received_at"]}
        for row in rows if row["trace"] in new for flow in row["flows"]
    ]  # fmt: skip
    if queued:
        _QUEUED.run(tx, queued)
        wanted = {flow for arrival in arrivals for flow in arrival.newest}
        fresh = {(one["flow"], one["subject"]) for one in queued if one["flow"] in wanted}
        if fresh:
            keep_newest(tx, fresh, max(arrival.now for arrival in arrivals))
        line_up(tx, ((one["flow"], one["subject"]) for one in queued))
        tell_news(tx)
    counts = [0] * len(arrivals)
    for row in rows:
        if row["trace"] in new:
            counts[row["place"]] += 1
            _note(tx, new[row["trace"]], row)
    for arrival in arrivals:
        if arrival.cursor is not None:
            _move_cursor(tx, arrival.connection, arrival.cursor, arrival.now)
    return [
        Received(received=count, duplicates=len(arrival.changes) - count)
        for count, arrival in zip(counts, arrivals, strict=True)
    ]


def take_in(tx: Connection, connection: str, change: Change, flows: Sequence[str], now: datetime) -> int:
    """Remember one change of our own making, within the caller's transaction, with a delivery for each flow; its event."""
    arrival = _Arrival(
        connection=connection, changes=[change], flows={change.entity: flows}, now=now, cursor=None, newest=()
    )
    _receive(tx, [arrival])
    same = select(events.c.id).where(events.c.connection == connection, events.c.key == change.key)
    return int(tx.execute(same).scalar_one())


def _rows(tx: Connection, arrivals: Sequence[_Arrival]) -> tuple[list[dict[str, Any]], set[Pair]]:
    rows, pairs = list[dict[str, Any]](), set[Pair]()
    token = secrets.token_hex(8)
    for place, arrival in enumerate(arrivals):
        for change in arrival.changes:
            if change.kind == _POLLED and _heard_of(tx, arrival.connection, change):
                continue
            record_id, flows = plain(change.record_id), arrival.flows.get(change.entity, ())
            subject = f"{change.entity}:{record_id}"
            pairs.update((flow, subject) for flow in flows)
            rows.append({
                "connection": arrival.connection, "entity": change.entity, "record_id": record_id,
                "key": change.key, "kind": change.kind, "occurred_at": change.occurred_at, "sequence": change.sequence,
                "received_at": arrival.now, "trace": f"{token}{len(rows):04x}", "payload": change.payload,
                "subject": subject, "flows": list(flows), "place": place,
            })  # fmt: skip
    return rows, pairs


def _note(tx: Connection, event_id: int, row: Mapping[str, Any]) -> None:
    data = {"kind": row["kind"], "subject": row["subject"], "trace": row["trace"], "flows": row["flows"]}
    append(
        tx, actor=row["connection"], verb="receive", noun="event", noun_id=event_id, now=row["received_at"], data=data
    )


def _heard_of(tx: Connection, connection: str, change: Change) -> bool:
    """Whether we were told already: polling sees the same change under another key. What we were told at or after the moment
    of the change is read after it."""
    same = (
        events.c.connection == connection,
        events.c.entity == change.entity,
        events.c.record_id == plain(change.record_id),
    )
    at = change.occurred_at
    newer = exists().where(*same, events.c.occurred_at >= at, events.c.received_at >= at)
    return bool(tx.execute(select(newer)).scalar_one())


def _move_cursor(tx: Connection, connection: str, cursor: tuple[str, Record], now: datetime) -> None:
    entity, position = cursor
    where = (cursors.c.connection == connection, cursors.c.entity == entity)
    moved = tx.execute(update(cursors).where(*where).values(cursor=position, moved_at=now))
    if moved.rowcount == 0:
        tx.execute(cursors.insert().values(connection=connection, entity=entity, cursor=position, moved_at=now))


def _into_events(given: TableClause, dialect: str) -> Executable:
    rows = select(*given.c).where(given.c.key.is_not(None))
    statement: Executable = insert(dialect, events).from_select(list(_EVENT), rows).on_conflict_do_nothing()
    return statement


def _new(given: TableClause, _: str) -> Executable:
    e = events.c
    same = and_(e.connection == given.c.connection, e.key == given.c.key, e.trace == given.c.trace)
    return select(e.id, e.trace).select_from(given.join(events, same))


def _into_deliveries(given: TableClause, _: str) -> Executable:
    return deliveries.insert().from_select(
        [c.name for c in given.c], select(*given.c).where(given.c.event_id.is_not(None))
    )


_e, _d = events.c, deliveries.c
_EVENT = types(_e.connection, _e.entity, _e.record_id, _e.key, _e.kind, _e.occurred_at, _e.sequence, _e.received_at,
               _e.trace, _e.payload)  # fmt: skip
_EVENTS = Prepared(_EVENT, _into_events)
_NEW = Prepared(types(_e.connection, _e.key, _e.trace), _new)
_QUEUED = Prepared(
    types(
        _d.event_id, _d.flow, _d.subject, _d.connection, _d.occurred_at, _d.sequence, _d.state, _d.due_at, _d.updated_at
    ),
    _into_deliveries,
)
