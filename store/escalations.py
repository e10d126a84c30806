"""Escalation is a level on the case: 1 when nobody responded in time, 2 when it was not resolved in time. With it the next of its
ladder is asked, each once. The row decides, so a clock that wakes twice raises a level once. A clock that stands still raises
nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal_column, or_, select, update

from store.absences import standing
from store.asking import about, ask, there
from store.causes import show_card, touch
from store.database import Database
from store.holding import by_customer, place_late
from store.journal import append
from store.rows import AnyRow
from store.tables import cases
from sync import clocks, ladder
from sync.absence import Absence, present
from sync.ladder import CHANNEL, Rung
from sync.mentions import Question, once_each

NOTHING, RESPOND, RESOLVE = 0, 1, 2
_OPEN = cases.c.state != literal_column("'resolved'")  # written out: the index is asked for by these words
_RUNS = cases.c.paused_at.is_(None)


class Escalations:
    """Late cases."""

    db: Database

    async def escalate(self, *, now: datetime) -> int:
        """Raise the level of every case that is past one of its clocks, tell its thread and whoever is next on its ladder, and
        hold the billing of its customer when the resolve clock is out. How many cases rose, or were told further up."""

        def work(tx: Connection) -> int:
            late = _raise(tx, RESOLVE, cases.c.resolve_by <= now)
            slow = _raise(tx, RESPOND, (cases.c.respond_by <= now) & cases.c.responded_at.is_(None))
            climbing = _climbing(tx, now)
            held = {row.id: place_late(tx, row, f"EX-{row.id} was not resolved in time", now)
                    for row in by_customer(late)}  # fmt: skip
            for level, rows in ((RESOLVE, late), (RESPOND, slow), (NOTHING, climbing)):
                for asked in once_each(_climb(tx, level, rows, held, now)):
                    ask(tx, asked, now)
            return len(late) + len(slow) + len(climbing)

        return await self.db.write(work)

    async def remind(self, *, now: datetime) -> int:
        """Half of the time to respond is over and nobody has responded: the owner hears it in the thread, once; the backup, when
        the owner is away. How many cases that were."""

        def work(tx: Connection) -> int:
            due = update(cases).where(_OPEN, _RUNS, cases.c.remind_at <= now).values(remind_at=None)
            rows = [row for row in tx.execute(due.returning(*cases.c)) if row.responded_at is None and not row.level]
            questions = []
            for group in _by(rows, lambda row: row.cause_id).values():
                told = (cases.c.remind_at.is_(None), cases.c.responded_at.is_(None), cases.c.level == NOTHING)
                if not _others(tx, group, *told):
                    what = f"EX-{group[0].id}" if len(group) == 1 else f"these {len(group)} exceptions"
                    words = f"Nobody has taken {what} yet; half of the time to respond is over."
                    people = there(tx, (group[0].owner,), now) or (group[0].backup,)
                    questions.append(about(group[0], words, people))
                for row in group:
                    append(tx, actor="clock", verb="remind", noun="case", noun_id=row.id, now=now)
            for asked in once_each(questions):
                ask(tx, asked, now)
            return len(rows)

        return await self.db.write(work)


def _raise(tx: Connection, level: int, past: Any) -> list[AnyRow]:
    guard = (_OPEN, _RUNS, cases.c.level < level, past)
    return list(tx.execute(update(cases).where(*guard).values(level=level, rung_at=None).returning(*cases.c)).all())


def _climbing(tx: Connection, now: datetime) -> list[AnyRow]:
    """The cases whose next step is due; while somebody has responded in time there is none."""
    guard = (_OPEN, _RUNS, cases.c.rung_at <= now, or_(cases.c.responded_at.is_(None), cases.c.level >= RESOLVE))
    return list(tx.execute(update(cases).where(*guard).values(rung_at=None).returning(*cases.c)).all())


def _climb(tx: Connection, level: int, rows: Sequence[AnyRow], held: dict[int, bool], now: datetime) -> list[Question]:
    """What whoever is next is to be asked, one line for each card; who is next after them is noted."""
    questions = []
    absences = standing(tx, now) if rows else ()
    asked = {row.id: _next(level, row, absences, now) for row in rows}
    for (cause_id, at), group in _by(rows, lambda row: (row.cause_id, asked[row.id])).items():
        show_card(tx, cause_id, now)
        touch(tx, cause_id, now)
        holds = sum(held.get(row.id, False) for row in group)
        known = _others(tx, group, cases.c.level >= level, cases.c.rung > at)
        if known and not holds:
            continue
        rung = None if known else _at(group[0], at)
        people = rung.people if rung else ()
        loud = _is_loud(level, rung) and not known
        questions.append(about(group[0], _words(level, group, holds, rung), people, broadcast=loud))
    for row in rows:
        _note(tx, row, asked[row.id], now)
        append(
            tx, actor="clock", verb="escalate", noun="case", noun_id=row.id, now=now,
            data={"level": row.level, "backup": row.backup, "held": held.get(row.id, False)},
        )  # fmt: skip
    return questions


def _next(level: int, row: AnyRow, absences: Sequence[Absence], now: datetime) -> int:
    """The place on the case's ladder that is asked now: the first from where it stands with somebody there; before its first
    step is due, and past its end, none (its length)."""
    rungs = _ladder(row)
    if level == RESPOND and row.rung < len(rungs) and rungs[row.rung].wait:
        return len(rungs)
    ahead = (
        at for at in range(row.rung, len(rungs)) if rungs[at].to == CHANNEL or present(rungs[at].people, absences, now)
    )
    return next(ahead, len(rungs))


def _note(tx: Connection, row: AnyRow, asked: int, now: datetime) -> None:
    rungs = _ladder(row)
    after = asked + 1 if asked < len(rungs) else row.rung
    following = rungs[after] if after < len(rungs) else None
    hours = None if row.hours is None else clocks.from_record(row.hours)
    at = None if following is None else clocks.later(now, following.wait, hours)
    tx.execute(update(cases).where(cases.c.id == row.id).values(rung=after, rung_at=at))


def _ladder(row: AnyRow) -> tuple[Rung, ...]:
    return ladder.from_record(row.chain, backup=row.backup)


def _at(row: AnyRow, place: int) -> Rung | None:
    rungs = _ladder(row)
    return rungs[place] if place < len(rungs) else None


def _others(tx: Connection, group: Sequence[AnyRow], *told: Any) -> bool:
    """Whether the card has heard of it already, by an exception that is open still."""
    same = (cases.c.cause_id == group[0].cause_id, cases.c.id.not_in([row.id for row in group]))
    return tx.execute(select(cases.c.id).where(_OPEN, *same, *told).limit(1)).first() is not None


def _by(rows: Sequence[AnyRow], key: Any) -> dict[Any, list[AnyRow]]:
    groups: defaultdict[Any, list[AnyRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _is_loud(level: int, rung: Rung | None) -> bool:
    return level != NOTHING or (rung is not None and rung.to == CHANNEL)


def _words(level: int, group: Sequence[AnyRow], holds: int, rung: Rung | None) -> str:
    what = f"EX-{group[0].id}" if len(group) == 1 else f"{len(group)} exceptions of this card"
    goes = f" It goes to {rung.called}." if rung else ""
    if level == RESPOND:
        return f"Nobody has responded to {what} in time.{goes}"
    if level == NOTHING:
        return f"{what[:1].upper()}{what[1:]} still wait{'s' if len(group) == 1 else ''}.{goes}"
    tail = " Billing for this customer is held until somebody releases it." if holds == 1 else ""
    tail = f" Billing for {holds} customers is held until somebody releases it." if holds > 1 else tail
    return f"The deadline of {what} has passed.{goes}{tail}"
