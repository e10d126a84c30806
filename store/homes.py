"""Whose Home tab is open and what it shows, so that of many processes one draws each change, and nobody draws what stands there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from store.database import Database, insert
from store.tables import homes, journal

_FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHome:
    """A Home tab that somebody looks at. `shows` and `figures` are marks of what it shows: what people act on, and the rest."""

    user: str
    drawn_at: datetime
    shows: str
    figures: str


class OpenHomes:
    """Opened, drawn, forgotten."""

    db: Database

    async def home_opened(self, user: str, *, shows: str, figures: str, now: datetime) -> None:
        """Somebody opened it and sees this. Those that nobody opened for a day are forgotten."""
        seen = {"opened_at": now, "drawn_at": now, "shows": shows, "figures": figures}

        def work(tx: Connection) -> None:
            tx.execute(delete(homes).where(homes.c.opened_at < now - _FORGOTTEN))
            made = insert(tx, homes).values(person=user, **seen)
            tx.execute(made.on_conflict_do_update(index_elements=["person"], set_=seen))

        await self.db.write(work)

    async def open_homes(self, *, since: datetime) -> list[OpenHome]:
        """Those opened since then, the one drawn longest ago first."""
        query = select(homes).where(homes.c.opened_at >= since).order_by(homes.c.drawn_at, homes.c.person)
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return [OpenHome(user=row.person, drawn_at=row.drawn_at, shows=row.shows, figures=row.figures) for row in found]

    async def claim_home(self, seen: OpenHome, *, shows: str, figures: str, now: datetime) -> bool:
        """True for the one that draws this change: it still shows what we have seen."""
        h = homes.c
        guard = (h.person == seen.user, h.shows == seen.shows, h.figures == seen.figures, h.drawn_at == seen.drawn_at)
        drawing = update(homes).where(*guard).values(shows=shows, figures=figures, drawn_at=now)
        return await self.db.write(lambda tx: tx.execute(drawing).rowcount == 1)

    async def home_unknown(self, user: str) -> None:
        """Slack did not take it: what it shows is not known, so it is drawn again."""
        unknown = update(homes).where(homes.c.person == user).values(shows="", figures="")
        await self.db.write(lambda tx: tx.execute(unknown).rowcount)

    async def home_closed(self, user: str) -> None:
        """Nobody looks at it any more."""
        await self.db.write(lambda tx: tx.execute(delete(homes).where(homes.c.person == user)).rowcount)

    async def last_line(self) -> int:
        """The number of the journal's last line: nothing that people act on changes without one."""
        last = select(func.max(journal.c.seq))
        return await self.db.read(lambda tx: int(tx.execute(last).scalar_one() or 0))
