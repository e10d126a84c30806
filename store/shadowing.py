"""A shadow ledger: a few events of the real one with what was decided about them and written for them, so that they can go
round again without anybody noticing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from store.database import Database
from store.tables import bindings, cases, causes, deliveries, events, holds, overlays, writes
from sync.errors import NotFound
from sync.model import Change, Record

_ABOUT = (causes, cases, overlays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Events as changes with their connections and flows, and rows beside them by table."""

    events: tuple[tuple[int, str, Change, tuple[str, ...]], ...]
    deliveries: Mapping[int, tuple[int, str]]
    rows: Mapping[str, Sequence[Record]]


class Shadowing:
    """Copying out, and copying in."""

    db: Database

    async def excerpt(self, event_ids: Sequence[int]) -> Excerpt:
        """These events with the decisions about their records, what was written for them, and all billing holds. Raises
        NotFound for an event that is not there."""
        return await self.db.read(lambda tx: _excerpt(tx, list(dict.fromkeys(event_ids))))

    async def take_over(self, excerpt: Excerpt, *, now: datetime) -> dict[int, int]:
        """Put an excerpt into this empty ledger, every event once more on its way; the new number of each event by its old."""
        for _, connection, change, flows in excerpt.events:
            await self.receive(connection, [change], {change.entity: list(flows)}, now=now)  # type: ignore[attr-defined]
        return await self.db.write(lambda tx: _beside(tx, excerpt))


def _excerpt(tx: Connection, wanted: list[int]) -> Excerpt:
    e, d, o = events.c, deliveries.c, overlays.c
    found = {row.id: row for row in tx.execute(select(events).where(e.id.in_(wanted)))}
    missing = [number for number in wanted if number not in found]
    if missing:
        raise NotFound(f"there is no event {', '.join(map(str, missing))}")
    theirs = tx.execute(select(d.id, d.event_id, d.flow, d.subject).where(d.event_id.in_(wanted))).all()
    flows = {number: tuple(row.flow for row in theirs if row.event_id == number) for number in wanted}
    pairs = {(row.flow, row.subject) for row in theirs}
    subjects = select(overlays).where(o.flow.in_({flow for flow, _ in pairs}), o.subject.in_({one for _, one in pairs}))
    decided = [row for row in _rows(tx, subjects) if (row["flow"], row["subject"]) in pairs]
    asked = _rows(tx, select(cases).where(cases.c.id.in_({row["case_id"] for row in decided})))
    rows = {
        "causes": _rows(tx, select(causes).where(causes.c.id.in_({row["cause_id"] for row in asked}))),
        "cases": asked,
        "overlays": decided,
        "holds": _rows(tx, select(holds).where(holds.c.released_at.is_(None))),
        "bindings": _rows(tx, select(bindings).where(bindings.c.delivery_id.in_({row.id for row in theirs}))),
        "writes": _rows(tx, select(writes).where(writes.c.delivery_id.in_({row.id for row in theirs}))),
    }
    told = [(number, found[number].connection, _change(found[number]), flows[number]) for number in wanted]
    return Excerpt(events=tuple(told), deliveries={row.id: (row.event_id, row.flow) for row in theirs}, rows=rows)


def _rows(tx: Connection, query: Any) -> list[Record]:
    return [dict(row._mapping) for row in tx.execute(query)]


def _change(row: Any) -> Change:
    return Change(
        entity=row.entity, record_id=row.record_id, key=row.key, kind=row.kind, occurred_at=row.occurred_at,
        sequence=row.sequence, payload=row.payload,
    )  # fmt: skip


def _beside(tx: Connection, excerpt: Excerpt) -> dict[int, int]:
    e, d = events.c, deliveries.c
    numbers = {
        old: tx.execute(select(e.id).where(e.connection == connection, e.key == change.key)).scalar_one()
        for old, connection, change, _ in excerpt.events
    }
    fresh = {(row.event_id, row.flow): row.id for row in tx.execute(select(d.id, d.event_id, d.flow))}
    moved = {old: fresh[(numbers[event], flow)] for old, (event, flow) in excerpt.deliveries.items()}
    for table in (*_ABOUT, holds, bindings, writes):
        _put(tx, table, [_moved(row, moved) for row in excerpt.rows[table.name]])
    return numbers


def _moved(row: Record, moved: Mapping[int, int]) -> Record:
    """A row that names a delivery names the new one; one that is not here keeps a number that nobody has."""
    if "delivery_id" not in row:
        return {**row, "case_id": None} if "released_at" in row else row
    return {**row, "delivery_id": moved.get(row["delivery_id"], -row["delivery_id"])}


def _put(tx: Connection, table: Table, rows: list[Record]) -> None:
    if rows:
        tx.execute(table.insert(), rows)
