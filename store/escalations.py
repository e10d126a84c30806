"""Escalation is a level on the case: 1 when nobody responded in time, 2 when it was not resolved in time. The row decides,
so a clock that wakes twice raises a level once."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from store.causes import say, show_card, touch
from store.database import Database
from store.holds import place
from store.journal import append
from store.rows import AnyRow
from store.tables import cases
from sync.lifecycle import CaseState

RESPOND, RESOLVE = 1, 2


class Escalations:
    """Late cases."""

    db: Database

    async def escalate(self, *, now: datetime) -> int:
        """Raise the level of every case that is past one of its clocks, tell its thread and its backup, and hold the billing
        of its customer when the resolve clock is out. How many cases rose."""

        def work(tx: Connection) -> int:
            late = _raise(tx, RESOLVE, cases.c.resolve_by <= now)
            slow = _raise(tx, RESPOND, (cases.c.respond_by <= now) & cases.c.responded_at.is_(None))
            held = {row.id: _hold(tx, row, now) for row in late if row.holds_billing and row.customer}
            for level, rows in ((RESOLVE, late), (RESPOND, slow)):
                for cause_id, group in _by_cause(rows).items():
                    show_card(tx, cause_id, now)
                    touch(tx, cause_id, now)
                    words = _words(level, group, sum(held.get(row.id, False) for row in group))
                    say(tx, cause_id, words, now=now, mention=group[0].backup, broadcast=True)
            for row in (*late, *slow):
                append(
                    tx, actor="clock", verb="escalate", noun="case", noun_id=row.id, now=now,
                    data={"level": row.level, "backup": row.backup, "held": held.get(row.id, False)},
                )  # fmt: skip
            return len(late) + len(slow)

        return await self.db.write(work)


def _raise(tx: Connection, level: int, past: Any) -> list[AnyRow]:
    guard = (cases.c.state != CaseState.RESOLVED, cases.c.level < level, past)
    return list(tx.execute(update(cases).where(*guard).values(level=level).returning(*cases.c)).all())


def _hold(tx: Connection, row: AnyRow, now: datetime) -> bool:
    why = f"EX-{row.id} was not resolved in time"
    return place(tx, row, why, "clock", now)


def _by_cause(rows: list[AnyRow]) -> dict[int, list[AnyRow]]:
    groups: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in rows:
        groups[row.cause_id].append(row)
    return groups


def _words(level: int, group: list[AnyRow], holds: int) -> str:
    what = f"EX-{group[0].id}" if len(group) == 1 else f"{len(group)} exceptions of this card"
    if level == RESPOND:
        return f"Nobody has responded to {what} in time. It goes to the backup."
    tail = " Billing for this customer is held until somebody releases it." if holds == 1 else ""
    tail = f" Billing for {holds} customers is held until somebody releases it." if holds > 1 else tail
    return f"The deadline of {what} has passed. It goes to the backup.{tail}"
