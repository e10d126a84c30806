"""What a case was about: the record as it was read when it was stopped, and what was decided. Only asks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from store import rows
from store.database import Database
from store.tables import attempts, cases, deliveries, events, overlays
from sync.errors import NotFound
from sync.model import Case, Event, Overlay, Record

_STOPPED = ("hold", "bury")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A case with its event. `record` is what was read when it was stopped for the last time, None when that is not kept any
    more; `before` are the decisions that were in force then, `decided` those that resolved the case."""

    case: Case
    event: Event | None
    record: Record | None
    before: tuple[Overlay, ...]
    decided: tuple[Overlay, ...]


async def evidence(db: Database, case_id: int) -> Evidence:
    """The evidence of a case. Raises NotFound."""

    def work(tx: Connection) -> Evidence:
        row = tx.execute(select(cases).where(cases.c.id == case_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no exception EX-{case_id}")
        return _of_case(tx, rows.case(row))

    return await db.read(work)


def _of_case(tx: Connection, case: Case) -> Evidence:
    e, a, o = events.c, attempts.c, overlays.c
    same = (o.flow == case.flow, o.subject == case.subject)
    decisions = tx.execute(select(overlays).where(*same).order_by(o.id)).all()
    query = select(e.id.label("event_id"), *[column for column in e if column.name != "id"])
    found = tx.execute(
        query.join(deliveries, deliveries.c.event_id == e.id).where(deliveries.c.id == case.delivery_id)
    ).one_or_none()
    event = rows.event(found) if found is not None else None
    tries = select(attempts).where(a.delivery_id == case.delivery_id, a.step.in_(_STOPPED)).order_by(a.number)
    stops = tx.execute(tries).all()
    before = [each for each in stops if case.resolved_at is None or each.ended_at <= case.resolved_at]
    stopped = next(iter(reversed(before or stops)), None)  # clocks of two machines may differ
    carried = event.payload if event is not None else None
    return Evidence(
        case=case,
        event=event,
        record=stopped.snapshot or carried if stopped is not None else None,
        before=tuple(
            rows.overlay(row)
            for row in decisions
            if row.case_id != case.id and stopped is not None and row.decided_at <= stopped.ended_at
        ),
        decided=tuple(rows.overlay(row) for row in decisions if row.case_id == case.id),
    )
