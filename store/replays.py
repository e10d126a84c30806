"""Replays from outside a card: a person names events, and their deliveries go round again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from store.causes import say
from store.database import Database, tell_news
from store.journal import append
from store.lines import line_up, lock, put_back
from store.tables import cases, deliveries
from sync.errors import IllegalMove
from sync.lifecycle import CaseState, delivery_move


class Replays:
    """A person, again."""

    db: Database

    async def replayable(self, *, reason: str, since: datetime, limit: int = 10_000) -> list[int]:
        """Events whose deliveries are stopped by an unresolved case of this reason, opened since then."""
        query = (
            select(deliveries.c.event_id)
            .join(cases, cases.c.delivery_id == deliveries.c.id)
            .where(cases.c.reason == reason, cases.c.opened_at >= since, cases.c.state != CaseState.RESOLVED)
            .order_by(deliveries.c.event_id)
            .limit(limit)
        )

        def work(tx: Connection) -> list[int]:
            return list(tx.execute(query).scalars().all())

        return await self.db.read(work)

    async def replay(self, event_ids: Sequence[int], *, by: str, now: datetime) -> int:
        """Send the deliveries of these events round again; they read the source anew and write nothing twice.
        The number of deliveries. Raises IllegalMove when none is in a state to be replayed."""

        def work(tx: Connection) -> int:
            d = deliveries.c
            which = d.event_id.in_(event_ids)
            lines = {(row.flow, row.subject) for row in tx.execute(select(d.flow, d.subject).where(which))}
            lock(tx, lines)
            moved = put_back(tx, which, delivery_move("replay"), now)
            line_up(tx, lines)
            tell_news(tx)
            if not moved:
                raise IllegalMove("None of these events is stopped or done: there is nothing to replay.")
            for row in moved:
                append(
                    tx, actor=by, verb="replay", noun="delivery", noun_id=row.id, now=now, data={"event": row.event_id}
                )
            open_cases = select(cases.c.id, cases.c.cause_id).where(
                cases.c.delivery_id.in_([row.id for row in moved]), cases.c.state != CaseState.RESOLVED
            )
            for row in tx.execute(open_cases).all():
                say(tx, row.cause_id, f"EX-{row.id} is replayed by @{{{by}}}.", now=now)
            return len(moved)

        return await self.db.write(work)
