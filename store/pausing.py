"""Clocks that stand still. A pause has a reason, somebody's name and an end; what was left of each clock at the pause is left at
its end. What moves a case on lets its clocks run again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from store.causes import say, touch
from store.database import Database
from store.journal import append
from store.rows import AnyRow
from store.tables import cases, clock_pauses
from sync import clocks
from sync.errors import IllegalMove
from sync.lifecycle import CaseState
from sync.pausing import LONGEST, STATES, WHY, ClockPause, moved

_CLOCKS = ("respond_by", "resolve_by", "expire_by", "remind_at", "rung_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """What a person asks for: these cases' clocks stand still, for one of `WHY`, until `until` at the latest."""

    cases: Sequence[int]
    by: str
    why: str
    until: datetime
    note: str = ""


class Pausing:
    """Stopping clocks and letting them run."""

    db: Database

    async def pause_clocks(self, asked: Standstill, *, now: datetime) -> int:
        """Stop the clocks of the cases; of how many. Raises IllegalMove for no reason, no end, or when none could be stopped."""
        if asked.why not in WHY:
            raise IllegalMove(f"A clock stands still only because {' or because '.join(WHY.values())}.")
        if not now < asked.until <= now + LONGEST:
            raise IllegalMove(f"A clock stands still for {LONGEST.days} days at most.")

        def work(tx: Connection) -> int:
            guard = (cases.c.id.in_(asked.cases), cases.c.state.in_(STATES), cases.c.paused_at.is_(None))
            stopped = tx.execute(update(cases).where(*guard).values(paused_at=now).returning(*cases.c)).all()
            if not stopped:
                raise _not_stopped(tx, asked.cases)
            for row in stopped:
                values = {"case_id": row.id, "why": asked.why, "note": asked.note, "paused_by": asked.by}
                tx.execute(clock_pauses.insert().values(**values, since=now, until=asked.until))
                data = {"why": asked.why, "note": asked.note, "until": asked.until.isoformat()}
                append(tx, actor=asked.by, verb="pause_clock", noun="case", noun_id=row.id, now=now, data=data)
            words = f"@{{{asked.by}}} stops the clock: {WHY[asked.why]}{f' ({asked.note})' if asked.note else ''}."
            _tell(tx, stopped, words, now)
            return len(stopped)

        return await self.db.write(work)

    async def resume_clocks(self, ids: Sequence[int], *, by: str, now: datetime) -> int:
        """Let the clocks of the cases run again; of how many. Raises IllegalMove when none stood still."""

        def work(tx: Connection) -> int:
            rows = let_run(tx, ids, by=by, now=now)
            if not rows:
                raise IllegalMove("The clock runs already.")
            _tell(tx, rows, f"@{{{by}}} lets the clock run again. What was left of the time is left still.", now)
            return len(rows)

        return await self.db.write(work)

    async def end_pauses(self, *, now: datetime) -> int:
        """Let the clocks run again whose pause is over, from that moment on."""
        over = select(clock_pauses.c.case_id).where(clock_pauses.c.ended_at.is_(None), clock_pauses.c.until <= now)

        def work(tx: Connection) -> int:
            rows = let_run(tx, tx.execute(over).scalars().all(), by="clock", now=now)
            _tell(tx, rows, "The pause is over: the clock runs again.", now)
            return len(rows)

        return await self.db.write(work)


def let_run(tx: Connection, ids: Iterable[int], *, by: str, now: datetime) -> Sequence[AnyRow]:
    """Those of the cases whose clocks stood still run again, with all that was left; nothing is said. As they were before."""
    mine = (cases.c.id.in_(tuple(ids)), cases.c.paused_at.is_not(None))
    rows = tx.execute(select(cases).where(*mine).order_by(cases.c.id).with_for_update()).all()
    if not rows:
        return rows
    going = (clock_pauses.c.case_id.in_([row.id for row in rows]), clock_pauses.c.ended_at.is_(None))
    ends = {row.case_id: min(row.until, now) for row in tx.execute(select(clock_pauses).where(*going))}
    running = update(cases).where(cases.c.id == bindparam("one"), cases.c.paused_at.is_not(None))
    tx.execute(
        running.values({name: bindparam(f"new_{name}") for name in (*_CLOCKS, "paused_seconds")} | {"paused_at": None}),
        [_running(row, ends.get(row.id, now)) for row in rows],
    )
    tx.execute(update(clock_pauses).where(*going).values(ended_at=now, ended_by=by))
    for row in rows:
        append(tx, actor=by, verb="resume_clock", noun="case", noun_id=row.id, now=now)
    return rows


def pauses_of(tx: Connection, ids: Iterable[int]) -> tuple[ClockPause, ...]:
    """The pauses that are on, of these cases."""
    going = (clock_pauses.c.case_id.in_(tuple(ids)), clock_pauses.c.ended_at.is_(None))
    found = tx.execute(select(clock_pauses).where(*going).order_by(clock_pauses.c.id))
    return tuple(
        ClockPause(
            case_id=row.case_id, why=row.why, note=row.note, by=row.paused_by, since=row.since, until=row.until
        )
        for row in found
    )  # fmt: skip


def _running(row: AnyRow, at: datetime) -> dict[str, object]:
    """The clocks of a case that stood still until `at`."""
    hours = None if row.hours is None else clocks.from_record(row.hours)
    stood = int((at - row.paused_at) / timedelta(seconds=1))
    values = {f"new_{name}": moved(getattr(row, name), row.paused_at, at, hours) for name in _CLOCKS}
    return {"one": row.id, "new_paused_seconds": row.paused_seconds + stood, **values}


def _tell(tx: Connection, rows: Sequence[AnyRow], words: str, now: datetime) -> None:
    for cause_id in sorted({row.cause_id for row in rows}):
        touch(tx, cause_id, now)
        count = sum(row.cause_id == cause_id for row in rows)
        say(tx, cause_id, f"{words}{f' ({count} records)' if count > 1 else ''}", now=now)


def _not_stopped(tx: Connection, ids: Sequence[int]) -> IllegalMove:
    row = tx.execute(select(cases).where(cases.c.id.in_(ids)).limit(1)).one_or_none()
    if row is None:
        return IllegalMove("There is no such exception.")
    if row.paused_at is not None:
        return IllegalMove(f"The clock of EX-{row.id} stands still already.")
    who = f" by @{{{row.decided_by}}}" if row.state == CaseState.RESOLVED and row.decided_by != "engine" else ""
    return IllegalMove(f"EX-{row.id} is already {row.state}{who}: its clock cannot be stopped.")
