"""Ticks, presses and pauses: insert-or-nothing, so that of many processes one acts and of many clicks one counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from store.database import Database, insert_or_nothing
from store.journal import append
from store.tables import pauses, presses, ticks


class Ticks:
    """Who acts, once."""

    db: Database

    async def claim_tick(self, name: str, slot: str, *, now: datetime) -> bool:
        """True for the one process that acts on this slot."""

        return await self.db.write(lambda tx: claim(tx, name, slot, now))

    async def last_tick(self, name: str) -> str | None:
        """The latest slot of this tick that anybody claimed."""
        query = select(ticks.c.slot).where(ticks.c.name == name).order_by(ticks.c.slot.desc()).limit(1)

        def work(tx: Connection) -> str | None:
            found: str | None = tx.execute(query).scalar_one_or_none()
            return found

        return await self.db.read(work)

    async def press_once(self, key: str, *, now: datetime) -> bool:
        """True for the first time this interaction is seen; Slack may send one again within the day."""

        def work(tx: Connection) -> bool:
            tx.execute(delete(presses).where(presses.c.at < now - timedelta(days=1)))
            made = tx.execute(insert_or_nothing(tx, presses).values(key=key, at=now).returning(presses.c.key))
            return made.one_or_none() is not None

        return await self.db.write(work)

    async def pause(self, scope: str, name: str, *, by: str, now: datetime) -> bool:
        """Stop claiming work of a flow or connection. False when it is paused already."""

        def work(tx: Connection) -> bool:
            values = {"scope": scope, "name": name, "paused_by": by, "paused_at": now}
            made = tx.execute(insert_or_nothing(tx, pauses).values(**values).returning(pauses.c.name))
            if made.one_or_none() is None:
                return False
            append(tx, actor=by, verb="pause", noun=scope, noun_id=name, now=now)
            return True

        return await self.db.write(work)

    async def resume(self, scope: str, name: str, *, by: str, now: datetime) -> bool:
        """Claim work again. False when it was not paused."""

        def work(tx: Connection) -> bool:
            gone = tx.execute(delete(pauses).where(pauses.c.scope == scope, pauses.c.name == name))
            if gone.rowcount == 0:
                return False
            append(tx, actor=by, verb="resume", noun=scope, noun_id=name, now=now)
            return True

        return await self.db.write(work)

    async def pauses(self) -> list[tuple[str, str, str, datetime]]:
        """(scope, name, by, since) of everything paused."""

        def work(tx: Connection) -> list[tuple[str, str, str, datetime]]:
            found = tx.execute(select(pauses).order_by(pauses.c.paused_at))
            return [(row.scope, row.name, row.paused_by, row.paused_at) for row in found]

        return await self.db.read(work)


def claim(tx: Connection, name: str, slot: str, now: datetime) -> bool:
    """Insert-or-nothing inside the caller's transaction."""
    values = {"name": name, "slot": slot, "claimed_at": now}
    made = tx.execute(insert_or_nothing(tx, ticks).values(**values).returning(ticks.c.slot))
    return made.one_or_none() is not None
