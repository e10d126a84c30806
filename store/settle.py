"""Settling: state, journal, binding and case in one transaction, and only under our lease."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal, select, tuple_, update

from store.causes import case_values, deadlines, open_cause, opening_values, say, touch
from store.database import Database, insert
from store.deliveries import overlays_of
from store.journal import append
from store.rows import AnyRow
from store.tables import Moment, attempts, bindings, cases, causes, deliveries, holds
from sync.errors import LeaseLost
from sync.lifecycle import CaseState, case_move, delivery_move
from sync.model import Binding, Delivery, Record
from sync.steps import Bury, Deliver, Discard, Hold, Opening, Retry, Route, Step, Wait

_VERBS: dict[type, str] = {
    Deliver: "deliver",
    Retry: "retry",
    Hold: "hold",
    Bury: "bury",
    Wait: "wait",
    Discard: "ignore",
}


class Settling:
    """What happened to a delivery."""

    db: Database

    async def settle(
        self,
        delivery: Delivery,
        wanted: Step,
        *,
        now: datetime,
        route: Route | None = None,
        snapshot: Record | None = None,
    ) -> None:
        """Write what happened. Raises LeaseLost if the delivery is no longer ours. Hold and Bury need a route.
        A record about which a decision came in meanwhile is not stopped but tried again."""

        def work(tx: Connection) -> None:
            step = _unless_decided(tx, delivery, wanted, now)
            verb, detail = _VERBS[type(step)], _detail(step)
            _leave_running(tx, delivery, step, verb, detail, now)
            tx.execute(
                attempts.insert().values(
                    delivery_id=delivery.id,
                    number=delivery.number,
                    ended_at=now,
                    step=verb,
                    detail=detail,
                    snapshot=snapshot,
                )
            )
            if isinstance(step, Deliver | Hold | Bury):
                _supersede(tx, delivery, now)
            match step:
                case Deliver(bindings=made):
                    _bind(tx, delivery, made, now)
                    _pass_case(tx, delivery, "The record went through.", now)
                case Discard(why=why):
                    _pass_case(tx, delivery, f"Nothing left to do: {why}", now)
                case Hold(opening=opening) | Bury(opening=opening):
                    if route is None:
                        raise ValueError("a held or buried delivery needs a route")
                    _open_case(tx, delivery, opening, route, now)
                case Wait():
                    _pass_case(tx, delivery, "The record is right; it waits for the billing hold.", now)
                case Retry():
                    pass
            append(
                tx, actor="engine", verb=verb, noun="delivery", noun_id=delivery.id, now=now,
                data={"flow": delivery.flow, "subject": delivery.subject, "attempt": delivery.number, "detail": detail[:200]},
            )  # fmt: skip

        await self.db.write(work)


def _unless_decided(tx: Connection, delivery: Delivery, wanted: Step, now: datetime) -> Step:
    """A decision that came in while we worked has not been looked at: the record goes round again instead of stopping."""
    if not isinstance(wanted, Hold | Bury) or overlays_of(tx, delivery.flow, delivery.subject) == delivery.overlays:
        return wanted
    return Retry(due_at=now, detail="a decision came in meanwhile", counted=False)


def _detail(step: Step) -> str:
    match step:
        case Deliver(detail=detail) | Retry(detail=detail) | Wait(detail=detail):
            return detail
        case Hold(opening=opening) | Bury(opening=opening):
            return f"{opening.reason}: {opening.detail}"[:2000]
        case Discard(why=why):
            return why


def _leave_running(tx: Connection, delivery: Delivery, step: Step, verb: str, detail: str, now: datetime) -> None:
    move, d = delivery_move(verb), deliveries.c
    values: dict[str, Any] = {
        "state": move.target,
        "lease": None,
        "leased_until": None,
        "detail": detail,
        "updated_at": now,
    }
    if isinstance(step, Retry):
        values |= {"due_at": step.due_at, "retries": d.retries + (1 if step.counted else 0)}
    if isinstance(step, Wait):
        still = tx.execute(select(holds.c.id).where(holds.c.id == step.hold_id, holds.c.released_at.is_(None)))
        if still.one_or_none() is None:  # released meanwhile: go round once more
            values |= {"state": delivery_move("retry").target, "due_at": now}
        else:
            values["hold_id"] = step.hold_id
    guard = (d.id == delivery.id, d.state.in_(move.sources), d.lease == delivery.lease)
    moved = tx.execute(update(deliveries).where(*guard).values(values))
    if moved.rowcount == 0:
        raise LeaseLost(f"delivery {delivery.id} is no longer ours")


def _bind(tx: Connection, delivery: Delivery, made: tuple[Binding, ...], now: datetime) -> None:
    for binding in made:
        values = {
            "source_connection": binding.source_connection, "source_entity": binding.source_entity,
            "source_id": binding.source_id, "target_connection": binding.target_connection,
            "target_entity": binding.target_entity, "target_id": binding.target_id, "reference": binding.reference,
            "delivery_id": delivery.id, "bound_at": now,
        }  # fmt: skip
        same = ["source_connection", "source_entity", "source_id", "target_connection", "target_entity"]
        fresh = {key: values[key] for key in ("target_id", "reference", "delivery_id", "bound_at")}
        tx.execute(insert(tx, bindings).values(**values).on_conflict_do_update(index_elements=same, set_=fresh))


def _latest_case(tx: Connection, delivery_id: int) -> AnyRow | None:
    query = (
        select(cases, causes.c.value.label("cause_value"))
        .join_from(cases, causes, cases.c.cause_id == causes.c.id)
        .where(cases.c.delivery_id == delivery_id)
        .order_by(cases.c.id.desc())
        .limit(1)
    )
    return (tx.execute(query)).one_or_none()


def _pass_case(tx: Connection, delivery: Delivery, words: str, now: datetime) -> None:
    row = _latest_case(tx, delivery.id)
    if row is None:
        return
    if row.state != CaseState.RESOLVED:
        _close(tx, row, words, now)
    say(tx, row.cause_id, f"EX-{row.id}: {words}", now=now)


def _supersede(tx: Connection, delivery: Delivery, now: datetime) -> None:
    """A newer change of the record has been read: what an older one left among the dead letters is out of date."""
    move, d = delivery_move("supersede"), deliveries.c
    mine = tx.execute(select(d.occurred_at, d.sequence).where(d.id == delivery.id)).one()
    older = tuple_(d.occurred_at, d.sequence, d.id) < tuple_(
        literal(mine.occurred_at, Moment), literal(mine.sequence), literal(delivery.id)
    )
    same = (d.flow == delivery.flow, d.subject == delivery.subject, d.state.in_(move.sources), older)
    gone = tx.execute(update(deliveries).where(*same).values(state=move.target, updated_at=now).returning(d.id))
    for delivery_id in gone.scalars().all():
        row = _latest_case(tx, delivery_id)
        if row is not None and row.state != CaseState.RESOLVED:
            _close(tx, row, "Replaced: a newer change of the record has been read.", now)
        append(
            tx,
            actor="engine",
            verb="supersede",
            noun="delivery",
            noun_id=delivery_id,
            now=now,
            data={"by": delivery.id},
        )


def _close(tx: Connection, row: AnyRow, words: str, now: datetime) -> None:
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


def _open_case(tx: Connection, delivery: Delivery, opening: Opening, route: Route, now: datetime) -> None:
    row = _latest_case(tx, delivery.id)
    if row is not None and row.reason == opening.reason and row.cause_value == opening.cause:
        _again(tx, delivery, row, opening, route, now)
        return
    if row is not None and row.state != CaseState.RESOLVED:
        _close(tx, row, f"Replaced: now it is {opening.reason}.", now)
    cause_id = open_cause(tx, delivery.flow, opening, route, now)
    values = case_values(delivery, opening, route, now) | {"cause_id": cause_id}
    case_id = (tx.execute(cases.insert().values(**values).returning(cases.c.id))).scalar_one()
    touch(tx, cause_id, now)
    append(
        tx, actor="engine", verb="open", noun="case", noun_id=case_id, now=now,
        data={"reason": opening.reason, "cause": cause_id, "delivery": delivery.id, "team": route.team,
              "owner": route.owner, "resolve_by": route.resolve_by.isoformat()},
    )  # fmt: skip


def _again(tx: Connection, delivery: Delivery, row: AnyRow, opening: Opening, route: Route, now: datetime) -> None:
    values: dict[str, Any] = opening_values(opening) | {"attempts": cases.c.attempts + 1}
    reopened = row.state == CaseState.RESOLVED
    cause_id = row.cause_id
    if reopened:
        cause_id = open_cause(tx, delivery.flow, opening, route, now, own=row.cause_id)
        values |= deadlines(route) | {
            "state": case_move("reopen").target, "cause_id": cause_id, "resolved_at": None, "responded_at": None,
            "level": 0, "decided_by": "", "proposed_by": "", "proposal": None,
        }  # fmt: skip
    tx.execute(update(cases).where(cases.c.id == row.id, cases.c.state == row.state).values(**values))
    for changed in {row.cause_id, cause_id}:
        touch(tx, changed, now)
    words = f"EX-{row.id} was tried again and is still stopped: {opening.detail or opening.reason}"
    say(tx, cause_id, words, now=now, broadcast=reopened)
    verb = "reopen" if reopened else "again"
    append(tx, actor="engine", verb=verb, noun="case", noun_id=row.id, now=now, data={"reason": opening.reason})
