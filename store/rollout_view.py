"""A rollout as its card shows it."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from store.rows import AnyRow
from store.tables import cases, pauses, rollout_cases, rollouts
from sync.errors import NotFound
from sync.lifecycle import CaseState
from sync.rollouts import Reach, Rollout

_r, _m = rollouts.c, rollout_cases.c


def rollout_of(tx: Connection, rollout_id: int) -> Rollout:
    """One rollout, read in the caller's transaction. Raises NotFound."""
    row = tx.execute(select(rollouts).where(_r.id == rollout_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such decision")
    return _view(tx, row)


def latest_rollout(tx: Connection, cause_id: int) -> Rollout | None:
    """The last one of a cause."""
    query = select(rollouts).where(_r.cause_id == cause_id).order_by(_r.id.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    return None if row is None else _view(tx, row)


def _view(tx: Connection, row: AnyRow) -> Rollout:
    mine = select(_m.state, _m.canary, func.count().label("many")).where(_m.rollout_id == row.id)
    counts = tx.execute(mine.group_by(_m.state, _m.canary)).all()

    def many(*states: Reach, canary: bool = False) -> int:
        return sum(each.many for each in counts if (not states or each.state in states) and (each.canary or not canary))

    failed = _first_failed(tx, row)
    return Rollout(
        id=row.id, cause_id=row.cause_id, flow=row.flow, verb=row.verb, by=row.decided_by, words=row.words, state=row.state,
        total=many(), waiting=many(Reach.WAITING, Reach.LEFT), sent=many(Reach.SENT), through=many(Reach.THROUGH),
        failed=many(Reach.FAILED), passed=many(Reach.PASSED), canary=many(canary=True),
        canary_through=many(Reach.THROUGH, canary=True), canary_failed=many(Reach.FAILED, canary=True),
        canary_passed=many(Reach.PASSED, canary=True), elsewhere=_elsewhere(tx, row), newcomers=_newcomers(tx, row),
        why=row.why, ended_by=row.ended_by, started_at=row.started_at, ended_at=row.ended_at, paused_by=_paused_by(tx, row),
        failed_case=failed.case_id if failed else None, failed_reason=failed.reason if failed else "",
        failed_detail=failed.detail if failed else "",
    )  # fmt: skip


def _first_failed(tx: Connection, row: AnyRow) -> AnyRow | None:
    mine = (_m.rollout_id == row.id, _m.state == Reach.FAILED)
    return tx.execute(select(rollout_cases).where(*mine).order_by(_m.case_id).limit(1)).one_or_none()


def _elsewhere(tx: Connection, row: AnyRow) -> int:
    mine = (_m.rollout_id == row.id, _m.state == Reach.FAILED, _m.cause_id != row.cause_id)
    return int(tx.execute(select(func.count()).select_from(rollout_cases).where(*mine)).scalar_one())


def _newcomers(tx: Connection, row: AnyRow) -> int:
    own = and_(_m.rollout_id == row.id, _m.case_id == cases.c.id)
    new = (cases.c.cause_id == row.cause_id, cases.c.state != CaseState.RESOLVED, _m.case_id.is_(None))
    query = select(func.count()).select_from(cases).join(rollout_cases, own, isouter=True).where(*new)
    return int(tx.execute(query).scalar_one())


def _paused_by(tx: Connection, row: AnyRow) -> str:
    here = (pauses.c.scope == "flow", pauses.c.name == row.flow)
    return tx.execute(select(pauses.c.paused_by).where(*here)).scalar_one_or_none() or ""
