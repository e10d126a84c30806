"""The holding queue: which held record holds up how many of its own later changes, behind which exception, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, literal_column, select

from store.database import Database
from store.tables import cases, deliveries, holds

COUNTED = 10_000  # further than this nobody needs to count
IN_LINE: ColumnElement[Any] = literal_column("('pending', 'running', 'held')")  # the index is asked for by these words
_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A held record. `behind` counts its later changes (no further than 10,000). It waits for a decision about `case_id`, or,
    where `hold_id` is set, for the release of a billing hold, which the exception `case_id` placed. At `until` it expires."""

    event_id: int
    flow: str
    subject: str
    title: str
    since: datetime
    behind: int
    case_id: int | None
    hold_id: int | None
    until: datetime | None


class HoldingQueue:
    """What waits behind whom."""

    db: Database

    async def waiting(self, *, limit: int = _LOOKED_AT, crowded: bool = False) -> list[Waiting]:
        """Held records that stand in front of their line, the longest held first; if `crowded`, of the thousand longest held
        those that hold up something, the most first."""
        query = _held(limit if not crowded else _LOOKED_AT)

        def work(tx: Connection) -> list[Waiting]:
            found = [Waiting(**row._mapping) for row in tx.execute(query)]
            if not crowded:
                return found
            return sorted((one for one in found if one.behind), key=lambda one: -one.behind)[:limit]

        return await self.db.read(work)


def behind(of: Any, counted: int = COUNTED) -> Any:
    """How many deliveries stand behind this one in its line, no further than `counted`."""
    line = deliveries.alias("behind")
    d = line.c
    same = and_(d.flow == of.c.flow, d.subject == of.c.subject, d.state.op("IN")(IN_LINE), d.id != of.c.id)
    few = select(literal(1)).select_from(line).where(same).limit(counted).correlate(of).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def _held(limit: int) -> Select[*tuple[Any, ...]]:
    d, c, h = deliveries.c, cases.c, holds.c
    asked = and_(c.delivery_id == d.id, c.state != literal_column("'resolved'"))
    return (
        select(
            d.event_id, d.flow, d.subject, func.coalesce(c.title, h.customer_name, "").label("title"),
            d.updated_at.label("since"), behind(deliveries).label("behind"),
            func.coalesce(c.id, h.case_id).label("case_id"), d.hold_id, c.expire_by.label("until"),
        )
        .select_from(deliveries.outerjoin(cases, asked).outerjoin(holds, h.id == d.hold_id))
        .where(d.front, d.state == literal_column("'held'"))
        .order_by(d.updated_at, d.id)
        .limit(limit)
    )  # fmt: skip
