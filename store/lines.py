"""Lines: the unfinished deliveries of one flow and subject, in sequence. Exactly one of a line is its front, the only one
that may be claimed; a front survives its worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, TableClause, and_, func, literal_column, select, update

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
    if rows:
        _DEMOTE.run(tx, rows)
        _PROMOTE.run(tx, rows)


def put_back(tx: Connection, which: ColumnElement[bool], move: Move, now: datetime) -> Sequence[AnyRow]:
    """Move deliveries that stand still by a person's verb: into the line again with a clean slate, or out of it. Those that
    moved. Needs `lock` before and `line_up` after."""
    d, again = deliveries.c, move.target == DeliveryState.PENDING
    values: dict[str, Any] = {"state": move.target, "due_at": now, "retries": 0, "losses": 0, "hold_id": None}
    stays = {} if again else {"front": False}
    moving = update(deliveries).where(which, d.state.in_(move.sources)).values(updated_at=now, **values, **stays)
    return tx.execute(moving.returning(d.id, d.event_id)).all()


def _head(given: TableClause) -> Any:
    line = deliveries.alias("line")
    d = line.c
    mine = and_(d.flow == given.c.flow, d.subject == given.c.subject)
    running = select(d.id).where(mine, d.state == _RUNNING).correlate(given).scalar_subquery()
    first = (
        select(d.id)
        .where(mine, d.state.op("IN")(_IN_LINE))
        .order_by(d.occurred_at, d.sequence, d.id)
        .limit(1)
        .correlate(given)
        .scalar_subquery()
    )
    return func.coalesce(running, first)


def _demote(given: TableClause, _: str) -> Executable:
    d, old = deliveries.c, deliveries.alias("old")
    beside = and_(old.c.flow == given.c.flow, old.c.subject == given.c.subject, old.c.front)
    wrong = select(old.c.id).select_from(given.join(old, beside)).where(old.c.id != _head(given))
    return update(deliveries).where(d.id.in_(wrong)).values(front=False)


def _promote(given: TableClause, _: str) -> Executable:
    d = deliveries.c
    return update(deliveries).where(d.id.in_(select(_head(given)).select_from(given)), ~d.front).values(front=True)


_LINE = types(deliveries.c.flow, deliveries.c.subject)
_DEMOTE = Prepared(_LINE, _demote)
_PROMOTE = Prepared(_LINE, _promote)
