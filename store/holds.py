"""Billing holds: while one is on, no invoice of that customer is written. Only a recorded decision releases it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Executable, TableClause, and_, func, select, update

from store import rows
from store.causes import say, touch
from store.database import Database, insert_or_nothing, tell_news
from store.given import Prepared, types
from store.journal import append
from store.tables import cases, deliveries, holds
from sync.errors import IllegalMove, NotFound
from sync.lifecycle import delivery_move
from sync.model import BillingHold


class Holds:
    """Placing, asking and releasing."""

    db: Database

    async def hold_on(self, customer: str) -> BillingHold | None:
        """The unreleased billing hold of a customer."""
        query = select(holds).where(holds.c.customer == customer, holds.c.released_at.is_(None))
        row = await self.db.read(lambda tx: tx.execute(query).one_or_none())
        return rows.hold(row) if row is not None else None

    async def holds(self, *, all_of_them: bool = False) -> list[BillingHold]:
        """Unreleased holds, oldest first, each with how many deliveries wait; with `all_of_them` the released ones too."""
        waiting = (
            select(func.count()).select_from(deliveries).where(deliveries.c.hold_id == holds.c.id).scalar_subquery()
        )
        query = select(holds, waiting.label("waiting")).order_by(holds.c.id)
        if not all_of_them:
            query = query.where(holds.c.released_at.is_(None))

        def work(tx: Connection) -> list[BillingHold]:
            return [rows.hold(row, row.waiting) for row in tx.execute(query)]

        return await self.db.read(work)

    async def hold(self, hold_id: int) -> BillingHold:
        """One hold. Raises NotFound."""
        row = await self.db.read(lambda tx: tx.execute(select(holds).where(holds.c.id == hold_id)).one_or_none())
        if row is None:
            raise NotFound(f"there is no hold {hold_id}")
        return rows.hold(row)

    async def release(self, hold_id: int, *, by: str, note: str, now: datetime) -> int:
        """Let the customer be billed again; what waited goes on. The number of deliveries released.
        Raises IllegalMove when it is released already, NotFound when there is none."""

        def work(tx: Connection) -> int:
            query = select(holds).where(holds.c.id == hold_id)
            row = tx.execute(query).one_or_none()
            if row is None:
                raise NotFound(f"there is no hold {hold_id}")
            values = {"released_by": by, "released_at": now, "note": note}
            guard = (holds.c.id == hold_id, holds.c.released_at.is_(None))
            if tx.execute(update(holds).where(*guard).values(**values)).rowcount == 0:
                raise IllegalMove("this hold is released already", state="released", by=row.released_by)
            move, d = delivery_move("release"), deliveries.c
            freed = tx.execute(
                update(deliveries)
                .where(d.hold_id == hold_id, d.state.in_(move.sources))
                .values(state=move.target, hold_id=None, due_at=now, updated_at=now)
            )
            tell_news(tx)
            append(
                tx, actor=by, verb="release", noun="hold", noun_id=hold_id, now=now,
                data={"customer": row.customer, "note": note, "deliveries": freed.rowcount},
            )  # fmt: skip
            _redraw(tx, row.case_id, f"Billing hold released by @{{{by}}}.", now)
            return int(freed.rowcount)

        return await self.db.write(work)


def holds_on(tx: Connection, customers: Iterable[str]) -> dict[str, BillingHold]:
    """The unreleased billing holds of these customers, by customer."""
    asked = [{"customer": each} for each in sorted(set(customers))]
    return {row.customer: rows.hold(row) for row in _HOLDS_ON.rows(tx, asked)} if asked else {}


def _holds_on(given: TableClause, _: str) -> Executable:
    on = and_(holds.c.customer == given.c.customer, holds.c.released_at.is_(None))
    return select(holds).select_from(given.join(holds, on))


_HOLDS_ON = Prepared(types(holds.c.customer), _holds_on)


def place(tx: Connection, case: rows.AnyRow, why: str, by: str, now: datetime) -> bool:
    """Put a hold on the customer of a case inside the caller's transaction; False when one is on already."""
    values = {
        "customer": case.customer, "customer_name": case.customer_name, "case_id": case.id, "why": why,
        "placed_by": by, "placed_at": now,
    }  # fmt: skip
    made = tx.execute(insert_or_nothing(tx, holds).values(**values).returning(holds.c.id))
    hold_id = made.scalar_one_or_none()
    if hold_id is None:
        return False
    append(
        tx,
        actor=by,
        verb="place",
        noun="hold",
        noun_id=hold_id,
        now=now,
        data={"customer": case.customer, "case": case.id},
    )
    return True


def _redraw(tx: Connection, case_id: int | None, words: str, now: datetime) -> None:
    query = select(cases.c.cause_id).where(cases.c.id == case_id)
    cause_id = tx.execute(query).scalar_one_or_none()
    if cause_id is not None:
        touch(tx, cause_id, now)
        say(tx, cause_id, words, now=now)
