"""Who is away and who stands in. A person has one absence at a time; a new one takes the place of the old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from store.clock_tables import absences
from store.database import Database, one_at_a_time
from store.given import packed
from store.journal import append
from store.rows import AnyRow
from sync.absence import Absence, refusal
from sync.errors import IllegalMove


class Absences:
    """Being away."""

    db: Database

    async def absences(self, *, now: datetime) -> tuple[Absence, ...]:
        """Absences that are not over: those of now and those to come."""
        return await self.db.read(lambda tx: standing(tx, now))

    async def set_absence(
        self, person: str, *, since: datetime, until: datetime, delegate: str, by: str, now: datetime, why: str = ""
    ) -> None:
        """The person is away; `delegate` (may be empty) stands in. Takes the place of the absence there was. Raises IllegalMove
        with the words when it cannot be: who stands in has to be there."""

        def work(tx: Connection) -> None:
            one_at_a_time(tx, packed(["absences"]))
            others = [one for one in standing(tx, now) if one.person != person]
            if words := refusal(person, delegate, since, until, others):
                raise IllegalMove(words)
            _end(tx, person, now)
            tx.execute(
                absences.insert().values(
                    person=person, since=since, until=until, delegate=delegate, set_by=by, why=why, set_at=now
                )
            )
            data = {"since": since.isoformat(), "until": until.isoformat(), "delegate": delegate, "why": why}
            append(tx, actor=by, verb="away", noun="person", noun_id=person, now=now, data=data)

        await self.db.write(work)

    async def end_absence(self, person: str, *, by: str, now: datetime) -> bool:
        """The person is back. False when they were not away."""

        def work(tx: Connection) -> bool:
            if not _end(tx, person, now):
                return False
            append(tx, actor=by, verb="back", noun="person", noun_id=person, now=now)
            return True

        return await self.db.write(work)


def standing(tx: Connection, now: datetime) -> tuple[Absence, ...]:
    """The absences that are not over, read in the caller's transaction."""
    query = select(absences).where(absences.c.ended_at.is_(None), absences.c.until > now).order_by(absences.c.id)
    return tuple(map(_absence, tx.execute(query)))


def _end(tx: Connection, person: str, now: datetime) -> bool:
    going = (absences.c.person == person, absences.c.ended_at.is_(None))
    over: Sequence[AnyRow] = tx.execute(select(absences.c.until).where(*going)).all()
    tx.execute(update(absences).where(*going).values(ended_at=now))
    return any(row.until > now for row in over)


def _absence(row: AnyRow) -> Absence:
    return Absence(
        id=row.id,
        person=row.person,
        since=row.since,
        until=row.until,
        delegate=row.delegate,
        set_by=row.set_by,
        why=row.why,
    )
