"""Second looks: what a person mends elsewhere is tried again by itself now and then, quietly. The case stays whose it is; what still
stops says nothing new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal_column, select, update

from store.database import Database, tell_news
from store.journal import append
from store.lines import line_up, lock, put_back
from store.rows import AnyRow
from store.tables import cases, deliveries
from sync.lifecycle import CASE_MOVES, delivery_move
from sync.steps import Route

_BATCH = 200
_WAITING = CASE_MOVES["replay"].sources  # nobody looks at what waits for a second person
_OPEN = cases.c.state != literal_column("'resolved'")  # written out: the index is asked for by these words


class Looks:
    """What is tried again without a press."""

    db: Database

    async def look_again(self, *, now: datetime) -> int:
        """Put the stopped records whose look has come back into their lines, two hundred at most. How many went."""
        due = (_OPEN, cases.c.look_at <= now, cases.c.state.in_(_WAITING))
        query = select(cases.c.id, cases.c.delivery_id, cases.c.flow, cases.c.subject).where(*due)
        query = query.order_by(cases.c.look_at).limit(_BATCH)
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return await self.db.write(lambda tx: look_now(tx, found, now)) if found else 0


def look_values(route: Route) -> dict[str, Any]:
    """The columns of a case that say when it is tried again."""
    moments = [each.isoformat() for each in route.looks]
    return {"looks": moments[1:], "look_at": route.looks[0] if route.looks else None, "looking": False}


def look_now(tx: Connection, found: Sequence[AnyRow], now: datetime) -> int:
    """Put those of these cases (id, flow, subject) whose look has come back into their lines; how many."""
    lines = {(row.flow, row.subject) for row in found}
    lock(tx, lines)
    ours = (cases.c.id.in_([row.id for row in found]), cases.c.look_at <= now, cases.c.state.in_(_WAITING))
    due = tx.execute(select(cases.c.id, cases.c.delivery_id, cases.c.looks).where(*ours).with_for_update()).all()
    stopped = deliveries.c.id.in_([row.delivery_id for row in due])
    gone = {row.id for row in put_back(tx, stopped, delivery_move("replay"), now)}
    for row in due:
        left = [each for each in row.looks or () if datetime.fromisoformat(each) > now]
        then = datetime.fromisoformat(left[0]) if left else None
        values = {"looks": left[1:], "look_at": then, "looking": row.delivery_id in gone}
        tx.execute(update(cases).where(cases.c.id == row.id).values(**values))
        if row.delivery_id in gone:
            append(tx, actor="clock", verb="look", noun="case", noun_id=row.id, now=now)
    line_up(tx, lines)
    tell_news(tx)
    return len(gone)
