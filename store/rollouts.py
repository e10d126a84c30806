"""Decisions that reach many records in turn. A rollout is a row with one row per record: every stage is one transaction guarded by
the rollout's state, so of many processes one moves it, and one that was killed left nothing half done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, update

from store.causes import hurry, say, touch
from store.database import Database, tell_news
from store.journal import append
from store.moves import Press, four_eyes, movable, move
from store.rollout_view import latest_rollout, rollout_of
from store.rows import AnyRow
from store.tables import cases, deliveries, rollout_cases, rollouts
from sync.errors import IllegalMove
from sync.lifecycle import CaseState, DeliveryState
from sync.model import Overlay
from sync.rollouts import BATCH, CANARY, LIVE, ROLLOUT_MOVES, TOGETHER, Reach, Rollout, RolloutState, already

_SHOWN_EVERY = timedelta(seconds=5)
_LIVE = rollouts.c.state.in_(LIVE)
_r, _m = rollouts.c, rollout_cases.c


class Rollouts:
    """How far a decision has come."""

    db: Database

    async def running_rollouts(self) -> list[int]:
        """Those that go on by themselves, and those that still wait for what they sent out."""
        waits = exists().where(_m.rollout_id == _r.id, _m.state == Reach.SENT)
        query = select(_r.id).where(or_(_LIVE, waits)).order_by(_r.id)
        return await self.db.read(lambda tx: list(tx.execute(query).scalars().all()))

    async def rollout(self, rollout_id: int) -> Rollout:
        """One of them. Raises NotFound."""
        return await self.db.read(lambda tx: rollout_of(tx, rollout_id))

    async def latest_rollout(self, cause_id: int) -> Rollout | None:
        """The last one of a cause."""
        return await self.db.read(lambda tx: latest_rollout(tx, cause_id))

    async def hear_rollout(self, rollout_id: int, *, now: datetime) -> Rollout:
        """Note what became of the records that were sent out; how it stands then."""

        def work(tx: Connection) -> Rollout:
            if _hear(tx, rollout_id):
                shown = update(rollouts).where(_r.id == rollout_id, _r.shown_at <= now - _SHOWN_EVERY)
                if row := tx.execute(shown.values(shown_at=now).returning(_r.cause_id)).one_or_none():
                    touch(tx, row.cause_id, now)
            return rollout_of(tx, rollout_id)

        return await self.db.write(work)

    async def send_batch(self, rollout_id: int, *, now: datetime, not_before: datetime | None = None) -> int:
        """Carry the decision out for the next batch, whose records go out at `not_before` where it is said; for how many records.
        None when it does not run any more."""

        def work(tx: Connection) -> int:
            guard = (_r.id == rollout_id, _r.state == RolloutState.REST)
            row = tx.execute(select(rollouts).where(*guard).with_for_update()).one_or_none()
            return 0 if row is None else _send(tx, row, now, not_before)

        return await self.db.write(work)

    async def move_rollout(self, rollout_id: int, verb: str, *, by: str, words: str = "", now: datetime) -> bool:
        """One move of its table; False when somebody was faster. `words` is what its thread hears."""

        def work(tx: Connection) -> bool:
            row = _moved(tx, verb, _r.id == rollout_id, by, words, now)
            if row is None:
                return False
            if verb == "finish":
                _close(tx, row, now)
            elif words:
                mention = row.decided_by if verb == "fail" else None
                say(tx, row.cause_id, words, now=now, mention=mention, broadcast=verb == "fail")
            touch(tx, row.cause_id, now)
            if by != "engine":
                hurry(tx, row.cause_id)
            tell_news(tx)
            return True

        return await self.db.write(work)


def begin(tx: Connection, press: Press, now: datetime) -> int:
    """Put a decision about many records of one cause on record and send its canary; for how many records, 0 where they are too
    few. Raises IllegalMove while another decision about the cause is on its way."""
    c = cases.c
    query = select(c.id, c.delivery_id, c.cause_id, c.flow, c.reason).where(*movable(press))
    found = tx.execute(query.order_by(c.id)).all()
    if len(found) <= CANARY or len({row.cause_id for row in found}) > 1 or found[0].reason in TOGETHER:
        return 0
    four_eyes(tx, press)
    cause_id = found[0].cause_id
    if (other := latest_rollout(tx, cause_id)) is not None and other.live:
        raise IllegalMove(already(other), state=other.state, by=other.by)
    replaced = _moved(tx, "replace", _r.cause_id == cause_id, press.by, "another decision was made", now)
    if replaced is not None:
        under_way = (_m.rollout_id == replaced.id, _m.state.in_((Reach.WAITING, Reach.SENT)))
        tx.execute(update(rollout_cases).where(*under_way).values(state=Reach.LEFT))
    row = _put(tx, press, found, now)
    say(tx, cause_id, f"{press.words} ({len(found):,} records, the oldest {CANARY} first)", now=now)
    sent = _send(tx, row, now, press.not_before)
    touch(tx, cause_id, now)
    hurry(tx, cause_id)
    return sent


def waiting_in(tx: Connection, ids: Sequence[int]) -> Rollout | None:
    """The rollout in which one of these cases waits for its turn."""
    joined = select(_m.rollout_id).join_from(rollout_cases, rollouts, _r.id == _m.rollout_id)
    query = joined.where(_m.case_id.in_(ids), _m.state == Reach.WAITING, _LIVE).limit(1)
    found = tx.execute(query).scalar_one_or_none()
    return None if found is None else rollout_of(tx, found)


def _put(tx: Connection, press: Press, found: Sequence[AnyRow], now: datetime) -> AnyRow:
    first = found[0]
    values = {
        "cause_id": first.cause_id, "flow": first.flow, "verb": press.verb, "decided_by": press.by,
        "acting_for": list(press.acting_for), "words": press.words,
        "state": RolloutState.CANARY, "started_at": now, "shown_at": now,
    }  # fmt: skip
    row = tx.execute(rollouts.insert().values(**values).returning(*_r)).one()
    members = [
        {"rollout_id": row.id, "case_id": each.id, "delivery_id": each.delivery_id, "canary": place < CANARY,
         "state": Reach.WAITING, "overlays": [asdict(one) for one in press.overlays.get(each.id, ())]}
        for place, each in enumerate(found)
    ]  # fmt: skip
    tx.execute(rollout_cases.insert(), members)
    data = {"verb": press.verb, "decision": press.words, "cause": first.cause_id, "records": len(found)}
    append(tx, actor=press.by, verb="decide", noun="rollout", noun_id=row.id, now=now, data=data)
    return row


def _send(tx: Connection, row: AnyRow, now: datetime, not_before: datetime | None) -> int:
    """The oldest that wait, as if their decider pressed now. What was decided elsewhere meanwhile is passed over."""
    next_ones = [_m.rollout_id == row.id, _m.state == Reach.WAITING]
    if row.state == RolloutState.CANARY:
        next_ones.append(_m.canary)
    chosen = tx.execute(select(rollout_cases).where(*next_ones).order_by(_m.case_id).limit(BATCH)).all()
    if not chosen:
        return 0
    ids = [each.case_id for each in chosen]
    _mark(tx, row.id, ids, Reach.SENT)
    overlays = {each.case_id: tuple(Overlay(**one) for one in each.overlays) for each in chosen}
    press = Press(
        verb=row.verb, cases=ids, by=row.decided_by, words=row.words, overlays=overlays,
        acting_for=tuple(row.acting_for), not_before=not_before,
    )  # fmt: skip
    sent = {each.id for each in move(tx, press, now, told=False)}
    _mark(tx, row.id, [each for each in ids if each not in sent], Reach.PASSED)
    data = {"stage": row.state, "records": len(sent), "passed": len(ids) - len(sent)}
    append(tx, actor="engine", verb="send", noun="rollout", noun_id=row.id, now=now, data=data)
    return len(sent)


def _mark(tx: Connection, rollout_id: int, ids: Sequence[int], state: Reach) -> None:
    tx.execute(update(rollout_cases).where(_m.rollout_id == rollout_id, _m.case_id.in_(ids)).values(state=state))


def _hear(tx: Connection, rollout_id: int) -> int:
    d, c = deliveries.c, cases.c
    joined = (
        select(_m.case_id, d.state, d.hold_id, d.detail, c.reason, c.cause_id)
        .join_from(rollout_cases, deliveries, d.id == _m.delivery_id, isouter=True)
        .join(cases, and_(c.delivery_id == d.id, c.state != CaseState.RESOLVED), isouter=True)
    )
    stands = or_(d.id.is_(None), d.state.not_in((DeliveryState.PENDING, DeliveryState.RUNNING)))
    found = tx.execute(joined.where(_m.rollout_id == rollout_id, _m.state == Reach.SENT, stands)).all()
    for row in found:
        mine = (_m.rollout_id == rollout_id, _m.case_id == row.case_id, _m.state == Reach.SENT)
        tx.execute(update(rollout_cases).where(*mine).values(**_outcome(row)))
    return len(found)


def _outcome(row: AnyRow) -> dict[str, Any]:
    stopped = row.state in (DeliveryState.HELD, DeliveryState.DEAD) and row.hold_id is None
    if not stopped:  # delivered, nothing left to do, or right and waiting for the release of a billing hold
        return {"state": Reach.THROUGH}
    code, _, detail = str(row.detail).partition(": ")
    return {"state": Reach.FAILED, "reason": row.reason or code, "detail": detail, "cause_id": row.cause_id}


def _moved(tx: Connection, verb: str, which: Any, by: str, why: str, now: datetime) -> AnyRow | None:
    row_of = ROLLOUT_MOVES[verb]
    runs = row_of.target in LIVE
    values = {"state": row_of.target, "ended_at": None if runs else now, "shown_at": now}
    if not runs:
        values |= {"ended_by": by, "why": why}
    found = tx.execute(update(rollouts).where(which, _r.state.in_(row_of.sources)).values(**values).returning(*_r))
    row = found.one_or_none()
    if row is not None:
        append(tx, actor=by, verb=verb, noun="rollout", noun_id=row.id, now=now, data={"why": why} if why else {})
    return row


def _close(tx: Connection, row: AnyRow, now: datetime) -> None:
    end = rollout_of(tx, row.id)
    again = f", {end.failed:,} stopped again" if end.failed else ""
    passed = f", {end.passed:,} were decided elsewhere" if end.passed else ""
    words = f"{end.through:,} of {end.total:,} went through{again}{passed}."
    say(tx, row.cause_id, words, now=now, broadcast=end.failed > end.elsewhere)
