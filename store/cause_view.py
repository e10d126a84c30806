"""A cause as its card shows it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, case, func, select

from store import rows
from store.bypassing import bypass_on
from store.outages import downtime
from store.pausing import pauses_of
from store.rollout_view import latest_rollout
from store.rows import AnyRow
from store.tables import cases, causes, holds
from sync.bypasses import REASONS
from sync.errors import NotFound
from sync.lifecycle import CaseState
from sync.model import Cause
from sync.money import Money

_UNRESOLVED = cases.c.state != CaseState.RESOLVED


def sums(tx: Connection, where: Any) -> tuple[Money, ...]:
    """The money of the unresolved cases among these, per currency."""
    query = (
        select(cases.c.currency, func.sum(cases.c.minor).label("minor"))
        .where(where, _UNRESOLVED, cases.c.currency.is_not(None), cases.c.minor > 0)
        .group_by(cases.c.currency)
        .order_by(cases.c.currency)
    )
    return tuple(Money(currency=row.currency, minor=int(row.minor)) for row in tx.execute(query))


def _lesson(tx: Connection, row: AnyRow) -> str | None:
    kept = bypass_on(tx, row.id) if row.reason in REASONS else None
    return None if kept is None else kept.lesson


def cause_view(tx: Connection, cause_id: int) -> Cause:
    """The cause as its card shows it, read in the caller's transaction. Raises NotFound."""
    row = tx.execute(select(causes).where(causes.c.id == cause_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such card")
    mine = cases.c.cause_id == cause_id
    unresolved = func.sum(case((_UNRESOLVED, 1), else_=0))
    deadline, level = (
        func.min(case((_UNRESOLVED & cases.c.paused_at.is_(None), cases.c.resolve_by))),
        func.max(cases.c.level),
    )
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
        sums=sums(tx, mine),
        nearest=numbers.nearest,
        level=numbers.level or 0,
        first=tuple(rows.case(one) for one in shown),
        holds=tuple(rows.hold(one) for one in tx.execute(held)),
        downtime=downtime(tx, cause_id),
        pauses=pauses_of(tx, [one.id for one in shown if one.paused_at is not None]),
        rollout=latest_rollout(tx, cause_id),
        lesson=_lesson(tx, row),
    )
