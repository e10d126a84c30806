"""Asking people in a card's thread. Who is away is not asked, but who stands in; whom it may not ring now is mentioned when it may,
once, if it still waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select

from store.absences import standing
from store.causes import say
from store.database import Database, insert_or_nothing
from store.preferences import preferences_of
from store.rows import AnyRow
from store.tables import causes, held_mentions
from sync import clocks
from sync.absence import present
from sync.mentions import Question
from sync.preferences import Preferences
from sync.quiet import rings_at

_MOST = 15  # what fits into one message without being read by nobody


class Asking:
    """Mentions that had to wait."""

    db: Database

    async def mention_held(self, *, now: datetime) -> int:
        """Mention those whose quiet time is over where something is still open; how many."""

        def work(tx: Connection) -> int:
            due = tx.execute(
                delete(held_mentions)
                .where(held_mentions.c.due_at <= now)
                .returning(held_mentions.c.cause_id, held_mentions.c.person)
            ).all()
            ids = {row.cause_id for row in due}
            open_still = set(
                tx.execute(select(causes.c.id).where(causes.c.id.in_(ids), causes.c.closed_at.is_(None))).scalars()
            )
            left = [row for row in due if row.cause_id in open_still]
            for row in left:
                say(tx, row.cause_id, "This still waits for you.", now=now, mention=row.person)
            return len(left)

        return await self.db.write(work)


def ask(tx: Connection, asked: Question, now: datetime) -> tuple[str, ...]:
    """Say it, mention whom it may ring now and remember the others. Whom that was, or will be: nobody, when all are away."""
    people = there(tx, asked.people, now)[:_MOST]
    wanted = preferences_of(tx, people)
    hours = None if asked.hours is None else clocks.from_record(asked.hours)
    rings = {one: rings_at(asked.severity, wanted.get(one, Preferences(user=one)), hours, now) for one in people}
    at_once = [one for one, at in rings.items() if at is not None and at <= now]
    say(
        tx, asked.cause_id, asked.words, now=now, mention=" ".join(at_once) or None, broadcast=asked.broadcast
    )  # fmt: skip
    for one, at in rings.items():
        if at is not None and at > now:
            held = insert_or_nothing(tx, held_mentions)
            tx.execute(held.values(cause_id=asked.cause_id, person=one, due_at=at))
    return people


def there(tx: Connection, people: Iterable[str], now: datetime) -> tuple[str, ...]:
    """Those of the people who are there, with who stands in for the others."""
    named = tuple(people)
    return present(named, standing(tx, now), now) if named else ()


def about(row: AnyRow, words: str, people: Iterable[str], *, broadcast: bool = False) -> Question:
    """A question about a case's row."""
    return Question(
        cause_id=row.cause_id, words=words, people=tuple(people), severity=row.severity, team=row.team, hours=row.hours,
        broadcast=broadcast,
    )  # fmt: skip
