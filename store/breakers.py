"""Breakers: a connection that does not answer is a row, which makes `claim` hold what needs it. Of many workers one opens it,
one probes and one closes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, case, select, update

from store.database import Database, insert, tell_news
from store.journal import append
from store.rows import AnyRow
from store.tables import breakers
from sync.lifecycle import BreakerState
from sync.model import Breaker

_ALL = 1_000_000
_BROKEN = select(breakers.c.connection, breakers.c.until).where(breakers.c.state != BreakerState.CLOSED.value)


class Breakers:
    """Opening, closing and asking."""

    db: Database

    async def trip(self, connection: str, *, until: datetime, detail: str, now: datetime) -> Breaker | None:
        """Open the breaker until then. A probe that failed opens it again, counted on; None when it is open already."""

        def work(tx: Connection) -> Breaker | None:
            b = breakers.c
            fresh = {"connection": connection, "state": BreakerState.OPEN, "trips": 1, "opened_at": now, "until": until,
                     "closed_at": None, "detail": detail[:500]}  # fmt: skip
            again = {
                "state": BreakerState.OPEN,
                "trips": case((b.state == BreakerState.CLOSED.value, 1), else_=b.trips + 1),
                "opened_at": case((b.state == BreakerState.CLOSED.value, now), else_=b.opened_at),
                "until": until,
                "closed_at": None,
                "detail": detail[:500],
            }
            made = insert(tx, breakers).values(**fresh)
            made = made.on_conflict_do_update(
                index_elements=["connection"], set_=again, where=b.state != BreakerState.OPEN.value
            )
            row = tx.execute(made.returning(*breakers.c)).one_or_none()
            if row is None:
                return None
            append(tx, actor="engine", verb="trip", noun="connection", noun_id=connection, now=now,
                   data={"until": until.isoformat(), "trips": row.trips, "detail": detail[:200]})  # fmt: skip
            return _breaker(row)

        return await self.db.write(work)

    async def mend(self, connection: str, *, now: datetime) -> bool:
        """The connection answers: let everything through. False when the breaker was closed."""

        def work(tx: Connection) -> bool:
            guard = (breakers.c.connection == connection, breakers.c.state != BreakerState.CLOSED.value)
            closed = update(breakers).where(*guard).values(state=BreakerState.CLOSED, closed_at=now, trips=0)
            if tx.execute(closed).rowcount == 0:
                return False
            append(tx, actor="engine", verb="mend", noun="connection", noun_id=connection, now=now)
            tell_news(tx)
            return True

        return await self.db.write(work)

    async def pass_on(self, connections: Collection[str], *, probe: datetime, now: datetime) -> None:
        """The probe whose lease ends then ended before it asked these connections: the next one may go. What was under way
        before the outage is no probe and changes nothing."""
        b = breakers.c
        asked = (b.connection.in_(connections), b.state == BreakerState.PROBING.value, b.until == probe)
        again = update(breakers).where(*asked).values(until=now)
        await self.db.write(lambda tx: tx.execute(again) and None)

    async def breakers(self) -> list[Breaker]:
        """Every breaker that was ever opened, the latest first."""
        query = select(breakers).order_by(breakers.c.opened_at.desc())
        return await self.db.read(lambda tx: [_breaker(row) for row in tx.execute(query)])


def let_through(tx: Connection, needs: Sequence[str], now: datetime, probed_until: datetime) -> int:
    """How many deliveries that need these connections may go: all, none, or one probe, which is then ours until then."""
    if not needs:
        return _ALL
    b = breakers.c
    rows = [row for row in tx.execute(_BROKEN) if row.connection in needs]
    if not rows:
        return _ALL
    broken = (b.connection.in_([row.connection for row in rows]), b.state != BreakerState.CLOSED.value)
    if any(row.until > now for row in rows):
        return 0
    probe = update(breakers).where(*broken, b.until <= now).values(state=BreakerState.PROBING, until=probed_until)
    return 1 if tx.execute(probe).rowcount == len(rows) else 0


def _breaker(row: AnyRow) -> Breaker:
    return Breaker(**row._mapping)
