"""Cases as people move them. A press is one transaction; a decision about many records goes out in stages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, update

from store.asking import about, ask
from store.causes import touch
from store.database import Database
from store.journal import append
from store.moves import Press as Press
from store.moves import move, take_turns, too_late
from store.rollouts import begin, waiting_in
from store.suggestions import count
from store.tables import cases
from sync.errors import IllegalMove
from sync.lifecycle import case_move
from sync.rollouts import DECIDES, STAGED, already


class Cases:
    """People's moves."""

    db: Database

    async def act(self, press: Press, *, now: datetime) -> int:
        """Move the cases and what hangs on them; how many moved. What sends more than five records of one cause out begins
        with the oldest five; the rest follow as a rollout. Raises IllegalMove when none could be moved (somebody was faster) or
        when one waits for its turn in a rollout, NotAllowed when a person would decide alone what needs two."""

        def work(tx: Connection) -> int:
            if press.verb in DECIDES:
                take_turns(tx, press.cases)
                if (running := waiting_in(tx, press.cases)) is not None:
                    raise IllegalMove(already(running), state=running.state, by=running.by)
                if press.verb in STAGED and (begun := begin(tx, press, now)):
                    count(tx, press.counting, now)
                    return begun
            moved = move(tx, press, now)
            if not moved:
                raise too_late(tx, press)
            count(tx, press.counting, now)
            return len(moved)

        return await self.db.write(work)

    async def wake(self, *, now: datetime) -> int:
        """End the snoozes that are over."""
        waking = case_move("wake")

        def work(tx: Connection) -> int:
            over = (cases.c.state.in_(waking.sources), cases.c.snoozed_until <= now)
            awake = update(cases).where(*over).values(state=waking.target, snoozed_until=None)
            rows = tx.execute(awake.returning(*cases.c)).all()
            for cause_id in {row.cause_id for row in rows}:
                first = next(row for row in rows if row.cause_id == cause_id)
                people = [row.assignee for row in rows if row.cause_id == cause_id and row.assignee][:1]
                touch(tx, cause_id, now)
                ask(tx, about(first, "The snooze is over.", people), now)
            for row in rows:
                append(tx, actor="clock", verb="wake", noun="case", noun_id=row.id, now=now)
            return len(rows)

        return await self.db.write(work)

    async def refuse_press(self, *, by: str, verb: str, what: str, why: str, now: datetime) -> None:
        """Put a refused attempt on record."""

        def work(tx: Connection) -> None:
            data = {"verb": verb, "why": why}
            append(tx, actor=by, verb="refused", noun="press", noun_id=what, now=now, data=data)

        await self.db.write(work)
