"""What a settled delivery leaves behind: bindings, superseded dead letters, and cases that open, pass or go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, TableClause, and_, func, literal_column, select, tuple_, update

from store.answering import answered
from store.causes import case_values, deadlines, open_cause, opening_values, say, touch
from store.database import insert
from store.given import Prepared, types
from store.journal import append
from store.looks import look_values
from store.pausing import let_run
from store.rows import AnyRow
from store.tables import bindings, cases, causes, deliveries, rollout_cases
from store.vault import session
from sync.lifecycle import CaseState, case_move, delivery_move
from sync.model import Binding, Delivery
from sync.personal import HIDDEN
from sync.severity import Severity
from sync.spoken import spoken
from sync.steps import Opening, Route
from sync.words import fitted

_SAME = ("source_connection", "source_entity", "source_id", "target_connection", "target_entity")
_TARGET = ("target_connection", "target_entity", "reference")
_FRESH = ("target_id", "reference", "delivery_id", "bound_at")


def bind(tx: Connection, made: Sequence[tuple[Delivery, Binding, datetime]]) -> None:
    """Source record and target record are the same thing; the newest word counts. One record under two names, the company of a
    deal and the company itself, is bound under the first."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for delivery, binding, now in made:
        row = {
            "source_connection": binding.source_connection, "source_entity": binding.source_entity,
            "source_id": binding.source_id, "target_connection": binding.target_connection,
            "target_entity": binding.target_entity, "target_id": binding.target_id, "reference": binding.reference,
            "delivery_id": delivery.id, "bound_at": now,
        }  # fmt: skip
        rows[tuple(str(row[name]) for name in _SAME)] = row
    if rows:
        _BOUND.run(tx, rows.values())


def latest_cases(tx: Connection, delivery_ids: Sequence[int]) -> dict[int, AnyRow]:
    """The last case of each delivery that ever had one, with the value of its cause, and the rollout that it went out with."""
    return {row.delivery_id: row for row in _CASES.rows(tx, [{"id": each} for each in delivery_ids])}


def pass_case(
    tx: Connection, row: AnyRow | None, words: str, now: datetime, *, made: Sequence[Binding] | None = None
) -> None:
    """The record needs nobody any more. `made` is what it became where it went through, which is told once: in the thread of
    its card, with how long after the decision."""
    if row is None:
        return
    if row.state != CaseState.RESOLVED:
        _close(tx, row, words, now)
    if made is not None:
        first = (cases.c.id == row.id, cases.c.outcome_at.is_(None))
        if tx.execute(update(cases).where(*first).values(outcome_at=now)).rowcount == 0:
            return
        words = _outcome(row, made, now)
    if row.rollout_id is None:  # where one decision was about many, one line tells of them all
        say(tx, row.cause_id, f"EX-{row.id}: {words}", now=now)


def note_on(tx: Connection, row: AnyRow | None, words: str, now: datetime) -> None:
    """What people should know besides, in the thread of the record's card; nothing where there is nothing to say."""
    if row is not None and words:
        say(tx, row.cause_id, f"EX-{row.id}: {words}", now=now)


def _outcome(row: AnyRow, made: Sequence[Binding], now: datetime) -> str:
    became = " and ".join(f"{one.target_entity} {one.target_id}" for one in made)
    words = f"The record went through{f' as {became}' if became else ''}"
    if row.state != CaseState.RESOLVED or row.decided_by in ("", "engine"):
        return f"{words}."
    return f"{words}, {spoken(now - row.resolved_at)} after @{{{row.decided_by}}} decided."


def supersede(tx: Connection, settled: Sequence[tuple[Delivery, datetime]]) -> None:
    """A newer change of each record has been read: what an older one left among the dead letters is out of date."""
    moments = {delivery.id: now for delivery, now in settled}
    if not moments:
        return
    move = delivery_move("supersede")
    found = _OLDER.rows(tx, [{"id": each} for each in moments])
    for dead in found:
        now = moments[dead.by]
        guard = (deliveries.c.id == dead.id, deliveries.c.state.in_(move.sources))
        if tx.execute(update(deliveries).where(*guard).values(state=move.target, updated_at=now)).rowcount == 0:
            continue
        row = latest_cases(tx, [dead.id]).get(dead.id)
        if row is not None and row.state != CaseState.RESOLVED:
            _close(tx, row, "Replaced: a newer change of the record has been read.", now)
        append(tx, actor="engine", verb="supersede", noun="delivery", noun_id=dead.id, now=now, data={"by": dead.by})


def _close(tx: Connection, row: AnyRow, words: str, now: datetime) -> None:
    if row.paused_at is not None:
        let_run(tx, [row.id], by="engine", now=now)
    move = case_move("pass")
    decided_by = row.assignee or "engine"
    tx.execute(
        update(cases)
        .where(cases.c.id == row.id, cases.c.state.in_(move.sources))
        .values(
            state=move.target,
            resolved_at=now,
            decision=words,
            decided_by=decided_by,
            proposed_by="",
            snoozed_until=None,
        )
    )
    touch(tx, row.cause_id, now)
    append(tx, actor="engine", verb="pass", noun="case", noun_id=row.id, now=now, data={"decision": words})


def open_case(
    tx: Connection, delivery: Delivery, row: AnyRow | None, opening: Opening, route: Route, now: datetime
) -> int:
    """The record stops: its last case (`row`) goes on when it is the same trouble, else a new one is opened. The case's number."""
    opening = replace(opening, cause=_grouping(opening))
    if row is not None and row.reason == opening.reason and row.cause_value == opening.cause:
        _again(tx, delivery, row, opening, route, now)
        return int(row.id)
    if row is not None and row.state != CaseState.RESOLVED:
        _close(tx, row, f"Replaced: now it is {opening.reason}.", now)
    route = answered(tx, route, now)
    cause_id = open_cause(tx, delivery.flow, opening, route, now)
    values = case_values(delivery, opening, route, now) | {"cause_id": cause_id}
    case_id = (tx.execute(cases.insert().values(**values).returning(cases.c.id))).scalar_one()
    touch(tx, cause_id, now)
    if route.severity == Severity.A and _first(tx, cause_id, case_id):
        say(tx, cause_id, f"EX-{case_id} is class A: money or data at risk. Please look at it now.", now=now,
            mention=route.owner)  # fmt: skip
    append(
        tx, actor="engine", verb="open", noun="case", noun_id=case_id, now=now,
        data={"reason": opening.reason, "cause": cause_id, "delivery": delivery.id, "team": route.team,
              "owner": route.owner, "resolve_by": route.resolve_by.isoformat()},
    )  # fmt: skip
    return int(case_id)


def _grouping(opening: Opening) -> str:
    """What groups cases. A personal value groups by what nobody can tell it from."""
    keys = session()
    if not opening.private_cause or keys is None:
        return fitted(opening.cause)
    return f"{HIDDEN}{keys.vault.blind(opening.cause)}"


def _first(tx: Connection, cause_id: int, case_id: int) -> bool:
    """Whether nobody has been told of this cause since it was open last."""
    others = (cases.c.cause_id == cause_id, cases.c.id != case_id, cases.c.state != CaseState.RESOLVED)
    return tx.execute(select(cases.c.id).where(*others).limit(1)).first() is None


def _again(tx: Connection, delivery: Delivery, row: AnyRow, opening: Opening, route: Route, now: datetime) -> None:
    expires = func.coalesce(cases.c.expire_by, route.expire_by)  # none is left where it expired before
    values: dict[str, Any] = opening_values(opening) | {
        "attempts": cases.c.attempts + 1,
        "expire_by": expires,
        "looking": False,
    }
    reopened = row.state == CaseState.RESOLVED
    if (
        row.paused_at is not None and not row.looking
    ):  # something happened to it: what was waited for is there, or not needed
        let_run(tx, [row.id], by="engine", now=now)
    cause_id = row.cause_id
    if reopened:
        route = answered(tx, route, now)
        cause_id = open_cause(tx, delivery.flow, opening, route, now, own=row.cause_id)
        values |= deadlines(route) | look_values(route) | {
            "state": case_move("reopen").target, "cause_id": cause_id, "resolved_at": None, "responded_at": None,
            "level": 0, "decided_by": "", "proposed_by": "", "proposal": None, "came_back_at": now, "outcome_at": None,
        }  # fmt: skip
    tx.execute(update(cases).where(cases.c.id == row.id, cases.c.state == row.state).values(**values))
    for changed in {row.cause_id, cause_id}:
        touch(tx, changed, now)
    if row.looking and not reopened:  # nobody pressed: the card says that it was tried, and that is enough
        append(tx, actor="engine", verb="again", noun="case", noun_id=row.id, now=now, data={"reason": opening.reason})
        return
    if row.rollout_id is None:
        words = f"EX-{row.id} was tried again and is still stopped: {opening.detail or opening.reason}"
        say(tx, cause_id, words, now=now, broadcast=reopened)
    verb = "reopen" if reopened else "again"
    append(tx, actor="engine", verb=verb, noun="case", noun_id=row.id, now=now, data={"reason": opening.reason})


def _older(given: TableClause, _: str) -> Executable:
    new, old = deliveries.alias("new"), deliveries.alias("old")
    earlier = tuple_(old.c.occurred_at, old.c.sequence, old.c.id) < tuple_(new.c.occurred_at, new.c.sequence, new.c.id)
    dead = and_(
        old.c.flow == new.c.flow, old.c.subject == new.c.subject, old.c.state == literal_column("'dead'"), earlier
    )
    joined = given.join(new, new.c.id == given.c.id).join(old, dead)
    return select(old.c.id, new.c.id.label("by")).select_from(joined).order_by(old.c.id, new.c.id)


def _cases(given: TableClause, _: str) -> Executable:
    joined = given.join(cases, cases.c.delivery_id == given.c.id).join(causes, cases.c.cause_id == causes.c.id)
    m = rollout_cases.c
    joined = joined.join(
        rollout_cases, and_(m.case_id == cases.c.id, m.state == literal_column("'sent'")), isouter=True
    )
    shown = select(cases, causes.c.value.label("cause_value"), m.rollout_id).select_from(joined)
    return shown.order_by(cases.c.id)


def _bound(given: TableClause, dialect: str) -> Executable:
    b = bindings.alias("other_name")
    same = [b.c[name] == given.c[name] for name in ("source_connection", "source_id", *_TARGET)]
    known = select(b.c.id).where(*same, b.c.source_entity != given.c.source_entity).exists()
    rows = select(*given.c).where(given.c.reference.is_not(None), ~known)
    made = insert(dialect, bindings).from_select([c.name for c in given.c], rows)
    fresh = {name: made.excluded[name] for name in _FRESH}
    statement: Executable = made.on_conflict_do_update(index_elements=list(_SAME), set_=fresh)
    return statement


_BOUND = Prepared(types(*(bindings.c[name] for name in (*_SAME, *_FRESH))), _bound)
_CASES = Prepared(types(deliveries.c.id), _cases)
_OLDER = Prepared(types(deliveries.c.id), _older)
