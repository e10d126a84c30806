"""Settling: state, journal, binding and case in one transaction, and only under our lease. What waits to be settled is
settled together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Executable, Integer, TableClause, case, func, null, select, update

from store.claiming import decisions
from store.comparisons import compare
from store.database import Database
from store.given import Prepared, types
from store.holding import alone, place
from store.journal import append
from store.lines import line_up, lock
from store.outcomes import bind, latest_cases, note_on, open_case, pass_case, supersede
from store.rows import AnyRow
from store.sealed import sealed_text
from store.tables import attempts, deliveries, holds
from store.vault import about, know
from store.write_ends import end
from sync.errors import LeaseLost
from sync.lifecycle import DeliveryState, delivery_move
from sync.model import Binding, Delivery, Holding, Record, WriteEnd
from sync.releases import Compared
from sync.steps import Bury, Deliver, Discard, Hold, Pause, Retry, Route, Step, Wait

_VERBS: dict[type, str] = {
    Deliver: "deliver",
    Retry: "retry",
    Pause: "retry",
    Hold: "hold",
    Bury: "bury",
    Wait: "wait",
    Discard: "ignore",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """One delivery with what became of it. `verb` and `detail` name the step that is taken."""

    delivery: Delivery
    step: Step
    now: datetime
    route: Route | None
    snapshot: Record | None
    ended: Sequence[WriteEnd]
    release: int
    compared: Compared | None
    bills: str | None = None

    @property
    def verb(self) -> str:
        return _VERBS[type(self.step)]

    @property
    def detail(self) -> str:
        return _detail(self.step)


class Settling:
    """What happened to a delivery."""

    db: Database

    async def settle(
        self,
        delivery: Delivery,
        step: Step,
        *,
        now: datetime,
        route: Route | None = None,
        snapshot: Record | None = None,
        ended: Sequence[WriteEnd] = (),
        release: int = 0,
        compared: Compared | None = None,
    ) -> None:
        """Write what happened, how its last calls `ended`, under which `release` it went out, and how it `compared` under
        the one on trial. Raises LeaseLost if the delivery is no longer ours. Hold and Bury need a route. A record about
        which a decision came in meanwhile is not stopped but tried again."""
        outcome = _Outcome(
            delivery=delivery, step=step, now=now, route=route, snapshot=snapshot, ended=ended, release=release,
            compared=compared,
        )  # fmt: skip
        await self.db.together(_settle, outcome)


def _settle(tx: Connection, wanted: Sequence[_Outcome]) -> list[None]:
    lines = {(one.delivery.flow, one.delivery.subject) for one in wanted}
    alone(tx, {(each.scope, each.key) for one in wanted if (each := _holding(one.step)) is not None})
    lock(tx, lines)
    know([one.delivery.about for one in wanted])
    outcomes = [replace(one, step=_unless_changed(tx, one), bills=_bills(one.step)) for one in wanted]
    ended = end(tx, ((one.delivery, each) for one in outcomes for each in one.ended))
    _leave_running(tx, outcomes)
    _note_attempts(tx, outcomes)
    compare(tx, [(one.delivery, one.compared, one.now) for one in outcomes if one.compared is not None])
    supersede(tx, [(one.delivery, one.now) for one in outcomes if isinstance(one.step, Deliver | Hold | Bury)])
    bind(tx, [(one.delivery, each, one.now) for one in outcomes for each in _bindings(one.step)])
    _tell_cases(tx, outcomes)
    for one in outcomes:
        data: Record = {"flow": one.delivery.flow, "subject": one.delivery.subject, "attempt": one.delivery.number,
                        "detail": one.detail[:200]}  # fmt: skip
        if one.delivery.id in ended:
            data["writes"] = ended[one.delivery.id]
        with about(one.delivery.about):
            append(tx, actor="engine", verb=one.verb, noun="delivery", noun_id=one.delivery.id, now=one.now, data=data)
    line_up(tx, lines)
    return [None] * len(outcomes)


def _bills(step: Step) -> str | None:
    """Among whose postings it keeps its place, whether it waits or the hold was released meanwhile."""
    return step.bills if isinstance(step, Wait) else None


def _holding(step: Step) -> Holding | None:
    return step.opening.holding if isinstance(step, Hold | Bury | Pause) else None


def _bindings(step: Step) -> tuple[Binding, ...]:
    return step.bindings if isinstance(step, Deliver) else ()


def _unless_changed(tx: Connection, outcome: _Outcome) -> Step:
    """What came in while we worked has not been looked at: after a decision, or the release of its hold, the record goes
    round again instead of stopping."""
    delivery, step = outcome.delivery, outcome.step
    pair = (delivery.flow, delivery.subject)
    if isinstance(step, Hold | Bury) and decisions(tx, {pair}).get(pair, ()) != delivery.overlays:
        return Retry(due_at=outcome.now, detail="a decision came in meanwhile", counted=False)
    if isinstance(step, Wait):
        on = select(holds.c.id).where(holds.c.id == step.hold_id, holds.c.released_at.is_(None))
        if tx.execute(on.with_for_update(read=True)).one_or_none() is None:  # a release waits until we are done
            return Retry(due_at=outcome.now, detail="the hold was released meanwhile", counted=False)
    return step


def _leave_running(tx: Connection, outcomes: Sequence[_Outcome]) -> None:
    rows = [
        {
            "id": one.delivery.id,
            "lease": one.delivery.lease,
            "state": delivery_move(one.verb).target,
            "front": isinstance(one.step, Retry | Pause | Hold | Wait),
            "detail": sealed_text(one.detail, one.delivery.about),
            "updated_at": one.now,
            "due_at": one.step.due_at if isinstance(one.step, Retry | Pause) else None,
            "counted": 1 if isinstance(one.step, Retry) and one.step.counted else 0,
            "hold_id": one.step.hold_id if isinstance(one.step, Wait) else None,
            "bills": one.bills,
            "queues": 1 if isinstance(one.step, Retry | Pause) else 0,
        }
        for one in outcomes
    ]
    if _LEFT.changed(tx, rows) != len(rows):
        raise LeaseLost("a delivery is no longer ours")


def _note_attempts(tx: Connection, outcomes: Sequence[_Outcome]) -> None:
    rows = [
        {"delivery_id": one.delivery.id, "number": one.delivery.number, "ended_at": one.now, "step": one.verb,
         "detail": sealed_text(one.detail, one.delivery.about), "snapshot": one.snapshot, "release": one.release}
        for one in outcomes
    ]  # fmt: skip
    _ATTEMPTED.run(tx, rows)


def _tell_cases(tx: Connection, outcomes: Sequence[_Outcome]) -> None:
    """The case of each record, if it has one, hears what became of it; a record that stops opens one."""
    known = latest_cases(tx, [one.delivery.id for one in outcomes])
    for one in outcomes:
        with about(one.delivery.about):
            _tell_case(tx, one, known.get(one.delivery.id))


def _tell_case(tx: Connection, one: _Outcome, row: AnyRow | None) -> None:
    match one.step:
        case Deliver(bindings=made):
            pass_case(tx, row, "The record went through.", one.now, made=made)
            note_on(tx, row, one.detail, one.now)
        case Discard(why=why):
            pass_case(tx, row, f"Nothing left to do: {why}", one.now)
        case Wait():
            pass_case(tx, row, "The record is right; it waits for the billing hold.", one.now)
        case Hold(opening=opening) | Bury(opening=opening) | Pause(opening=opening):
            if one.route is None:
                raise ValueError("a delivery that stops needs a route")
            case_id = open_case(tx, one.delivery, row, opening, one.route, one.now)
            if opening.holding is not None:
                place(tx, opening.holding, case_id=case_id, by="engine", now=one.now)
        case Retry():
            pass


def _detail(step: Step) -> str:
    match step:
        case Deliver(detail=detail) | Retry(detail=detail) | Wait(detail=detail):
            return detail
        case Hold(opening=opening) | Bury(opening=opening) | Pause(opening=opening):
            return f"{opening.reason}: {opening.detail}"[:2000]
        case Discard(why=why):
            return why


def _left(given: TableClause, _: str) -> Executable:
    d, g = deliveries.c, given.c
    ours = (d.id == g.id, d.lease == g.lease, d.state == DeliveryState.RUNNING.value)
    values = {
        "state": g.state, "front": g.front, "lease": null(), "leased_until": null(), "detail": g.detail,
        "updated_at": g.updated_at, "due_at": func.coalesce(g.due_at, d.due_at), "retries": d.retries + g.counted,
        "hold_id": g.hold_id, "bills": func.coalesce(g.bills, case((g.queues == 1, d.bills))),
    }  # fmt: skip
    return update(deliveries).where(*ours).values(values)


def _attempted(given: TableClause, _: str) -> Executable:
    return attempts.insert().from_select(
        [c.name for c in given.c], select(*given.c).where(given.c.delivery_id.is_not(None))
    )


_d, _a = deliveries.c, attempts.c
_LEFT = Prepared(
    types(
        _d.id,
        _d.lease,
        _d.state,
        _d.front,
        _d.detail,
        _d.updated_at,
        _d.due_at,
        _d.hold_id,
        _d.bills,
        counted=Integer(),
        queues=Integer(),
    ),
    _left,
)
_ATTEMPTED = Prepared(
    types(_a.delivery_id, _a.number, _a.ended_at, _a.step, _a.detail, _a.snapshot, _a.release), _attempted
)
