"""Signs as the ledger keeps them: one row for each thing that goes wrong, told once, over when it goes right again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from store.database import Database
from store.rows import AnyRow
from store.standing import DELIVERED, flows_done
from store.tables import cursors, deliveries, events, messages, signs
from sync.signs import Sign

_S = signs.c
_LATEST = 200


class Signs:
    """What goes wrong between sources and us."""

    db: Database

    async def note_sign(
        self, kind: str, connection: str, entity: str = "", *, many: int = 1, words: str = "", now: datetime
    ) -> None:
        """It went wrong again, so many times."""
        values = {"last_at": now, "words": words[:500]}
        begin = {**values, "since": now, "many": many, "told": False}

        def work(tx: Connection) -> None:
            mine = _one(kind, connection, entity)
            if not tx.execute(update(signs).where(mine).values(**values, many=_S.many + many)).rowcount:
                tx.execute(insert(signs).values(kind=kind, connection=connection, entity=entity, **begin))

        await self.db.write(work)

    async def signs(self) -> list[Sign]:
        """Everything that goes wrong now, the oldest first."""
        query = select(signs).order_by(_S.since, _S.kind, _S.connection, _S.entity)
        return await self.db.read(lambda tx: [_sign(row) for row in tx.execute(query)])

    async def tell_sign(self, sign: Sign, channels: dict[str, dict[str, Any]], *, now: datetime) -> bool:
        """Put what is said of it into the outbox of each channel. True for the one that does; nobody says it twice."""

        def work(tx: Connection) -> bool:
            mine = (_one(sign.kind, sign.connection, sign.entity), _S.since == sign.since, _S.told.is_(False))
            if tx.execute(update(signs).where(*mine).values(told=True)).rowcount != 1:
                return False
            _say(tx, sign, channels, now)
            return True

        return await self.db.write(work)

    async def end_sign(self, sign: Sign, channels: dict[str, dict[str, Any]], *, now: datetime) -> bool:
        """It goes right again: who was told hears of that too. False where somebody else ended it."""

        def work(tx: Connection) -> bool:
            mine = (_one(sign.kind, sign.connection, sign.entity), _S.since == sign.since)
            told = tx.execute(delete(signs).where(*mine).returning(_S.told)).scalar_one_or_none()
            if told:
                _say(tx, sign, channels, now)
            return told is not None

        return await self.db.write(work)

    async def lags(self) -> dict[str, tuple[float, float]]:
        """By flow, the median and the 95th percentile of the seconds from a change to the end of its delivery, of the latest that
        went through."""
        d, e = deliveries.c, events.c

        def work(tx: Connection) -> dict[str, tuple[float, float]]:
            found = dict[str, tuple[float, float]]()
            for flow in flows_done(tx):
                query = select(d.updated_at, e.occurred_at).join_from(deliveries, events, e.id == d.event_id)
                latest = tx.execute(
                    query.where(*DELIVERED, d.flow == flow).order_by(d.updated_at.desc()).limit(_LATEST)
                )
                took = sorted(max(0.0, (row.updated_at - row.occurred_at).total_seconds()) for row in latest)
                if took:
                    found[flow] = took[len(took) // 2], took[min(len(took) - 1, len(took) * 19 // 20)]
            return found

        return await self.db.read(work)

    async def read_at(self) -> dict[tuple[str, str], datetime]:
        """When each (connection, entity) was last read to the end of a page."""
        query = select(cursors.c.connection, cursors.c.entity, cursors.c.moved_at)
        return await self.db.read(lambda tx: {(row.connection, row.entity): row.moved_at for row in tx.execute(query)})


def _one(kind: str, connection: str, entity: str) -> ColumnElement[bool]:
    return (_S.kind == kind) & (_S.connection == connection) & (_S.entity == entity)


def _say(tx: Connection, sign: Sign, channels: dict[str, dict[str, Any]], now: datetime) -> None:
    for channel, body in channels.items():
        tx.execute(
            messages.insert().values(
                channel=channel, kind=f"sign:{sign.kind}", text=body["text"], body=body, at=now, due_at=now
            )
        )


def _sign(row: AnyRow) -> Sign:
    return Sign(
        kind=row.kind, connection=row.connection, entity=row.entity, since=row.since, last_at=row.last_at, many=row.many,
        told=row.told, words=row.words,
    )  # fmt: skip
