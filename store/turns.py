"""Turns. A turn is a row with an end: whoever dies while it is theirs gives it up by itself, and nobody takes it before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from store.database import Database, insert
from store.tables import turns
from sync.model import Turn
from sync.words import fitted


class Turns:
    """What only one may send at a time."""

    db: Database

    async def end_turn(self, turn: Turn) -> None:
        """Whoever waits for the turn may take it; nothing happens where it is not the holder's."""
        t = turns.c
        ours = (t.name == fitted(turn.name), t.holder == turn.holder)
        await self.db.write(lambda tx: tx.execute(turns.delete().where(*ours)) and None)


def take_turn(tx: Connection, turn: Turn, *, until: datetime, now: datetime) -> datetime | None:
    """Take the turn, or keep it, until then. Till when it is another's, where it is."""
    t, name = turns.c, fitted(turn.name)
    free = (t.name == name, or_(t.holder == turn.holder, t.until < now))
    values = {"holder": turn.holder, "until": until}
    if tx.execute(update(turns).where(*free).values(values)).rowcount:
        return None
    first = insert(tx.dialect.name, turns).values(name=name, **values).on_conflict_do_nothing()
    if tx.execute(first).rowcount:
        return None
    theirs: datetime | None = tx.execute(select(t.until).where(t.name == name)).scalar_one_or_none()
    return theirs or now
