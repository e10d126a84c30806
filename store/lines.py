"""Lines: the unfinished deliveries of one flow and subject, in sequence. Exactly one of a line is its front, the only one
that may be claimed; a front survives its worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    TableClause,
    and_,
    case,
    false,
    literal_column,
    select,
    true,
    update,
)

from store.database import one_at_a_time
from store.given import Prepared, packed, types
from store.rows import AnyRow
from store.tables import deliveries
from sync.lifecycle import DeliveryState, Move

Pair = tuple[str, str]
_IN_LINE: ColumnElement[Any] = literal_column("('pending', 'running', 'held')")
_RUNNING: ColumnElement[Any] = literal_column("'running'")


def lock(tx: Connection, pairs: Iterable[Pair]) -> None:
    """Nobody else changes these lines before our commit. Call it before looking at any of their deliveries."""
    one_at_a_time(tx, packed(sorted({f"{flow}\n{subject}" for flow, subject in pairs})))


def line_up(tx: Connection, pairs: Iterable[Pair]) -> None:
    """Put the right delivery in front of each of these lines: the running one, else the first in sequence (when it occurred,
    the source's sequence, arrival). Needs `lock`."""
    rows = [{"flow": flow, "subject": subject} for flow, subject in sorted(set(pairs))]
    while wrong := _WRONG.rows(tx, rows):
        behind = [{"id": row.front} for row in wrong if row.front is not None]
        if behind and _DEMOTE.changed(tx, behind) != len(behind):
            continue  # one was claimed while we looked: it runs now, and is the head
        if ahead := [{"id": row.head} for row in wrong if row.head is not None]:
            _PROMOTE.run(tx, ahead)
        break


def put_back(
    tx: Connection, which: ColumnElement[bool], move: Move, now: datetime, *, due: datetime | None = None
) -> Sequence[AnyRow]:
    """Move deliveries that stand still by a person's verb: into the line again with a clean slate, `due` then or now, or out of
    it. Those that moved. Needs `lock` before and `line_up` after."""
    d, again = deliveries.c, move.target == DeliveryState.PENDING
    values: dict[str, Any] = {
        "state": move.target,
        "due_at": due or now,
        "retries": 0,
        "losses": 0,
        "hold_id": None,
        "bills": None,
    }
    stays = {} if again else {"front": False}
    moving = update(deliveries).where(which, d.state.in_(move.sources)).values(updated_at=now, **values, **stays)
    return tx.execute(moving.returning(d.id, d.event_id)).all()


def _wrong(given: TableClause, _: str) -> Executable:
    """The lines whose front is not their head. A running delivery is the head; it is always in front already."""
    front, line = deliveries.alias("front"), deliveries.alias("line").c
    first = (
        select(line.id)
        .where(line.flow == given.c.flow, line.subject == given.c.subject, line.state.op("IN")(_IN_LINE))
        .order_by(line.occurred_at, line.sequence, line.id)
        .limit(1)
        .correlate(given)
        .scalar_subquery()
    )
    mine = and_(front.c.flow == given.c.flow, front.c.subject == given.c.subject, front.c.front)
    head = case((front.c.state == _RUNNING, front.c.id), else_=first)
    found = select(front.c.id.label("front"), head.label("head")).select_from(given.outerjoin(front, mine)).subquery()
    return select(found).where(found.c.head.is_distinct_from(found.c.front))


def _demote(given: TableClause, _: str) -> Executable:
    d = deliveries.c
    return update(deliveries).where(d.id == given.c.id, d.state != _RUNNING).values(front=false())


def _promote(given: TableClause, _: str) -> Executable:
    return update(deliveries).where(deliveries.c.id == given.c.id).values(front=true())


_WRONG = Prepared(types(deliveries.c.flow, deliveries.c.subject), _wrong)
_DEMOTE, _PROMOTE = (Prepared(types(deliveries.c.id), build) for build in (_demote, _promote))
