"""Contests: two systems changed one field, a rule decided, and it stays on record who lost. Each once."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, select

from store.database import Database, insert_or_nothing
from store.journal import append
from store.tables import contests
from sync.conflicts import Contest, Side

_C = contests.c


class Contests:
    """Who lost, and why."""

    db: Database

    async def note_contest(self, contest: Contest, *, now: datetime) -> bool:
        """Keep it on record; the journal gets the line, the values stay in the table. False when this very contest is on record
        already."""
        won, lost = contest.winner, contest.loser
        values = {
            "flow": contest.flow, "subject": contest.subject, "field": contest.field, "winner": won.system, "won": won.value,
            "won_at": won.at, "loser": lost.system, "lost": lost.value, "lost_at": lost.at, "why": contest.why,
            "print": _print(contest), "at": now,
        }  # fmt: skip

        def work(tx: Connection) -> bool:
            made = tx.execute(insert_or_nothing(tx, contests).values(**values).returning(_C.id)).scalar_one_or_none()
            if made is None:
                return False
            data = {
                "flow": contest.flow,
                "field": contest.field,
                "winner": won.system,
                "loser": lost.system,
                "why": contest.why,
            }
            append(tx, actor="engine", verb="decide", noun="contest", noun_id=made, now=now, data=data)
            return True

        return await self.db.write(work)

    async def contests(self, *, flow: str | None = None, limit: int = 100) -> list[Contest]:
        """The newest first."""
        query = select(contests).order_by(_C.id.desc()).limit(limit)
        if flow is not None:
            query = query.where(_C.flow == flow)
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return [
            Contest(
                flow=row.flow, subject=row.subject, field=row.field, why=row.why,
                winner=Side(system=row.winner, value=row.won, at=row.won_at),
                loser=Side(system=row.loser, value=row.lost, at=row.lost_at),
            )
            for row in found
        ]  # fmt: skip


def _print(contest: Contest) -> str:
    """What stays the same while the two sides do."""
    both = [f"{side.system}={side.value}@{side.at}" for side in (contest.winner, contest.loser)]
    return hashlib.sha256("\n".join(both).encode()).hexdigest()
