"""Billing holds: while one is on, nothing is posted for its customer, its contract or by its flow. Only a recorded decision
releases it, and what waited goes on in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from store import rows
from store.causes import say, touch
from store.database import Database, tell_news
from store.holding import alone, place
from store.journal import append
from store.tables import cases, deliveries, holds
from sync.billing import Holding, Source
from sync.errors import IllegalMove, NotFound
from sync.lifecycle import delivery_move
from sync.model import BillingHold


class Holds:
    """Placing, asking and releasing."""

    db: Database

    async def place_hold(
        self,
        scope: str,
        key: str,
        *,
        why: str,
        source: str,
        by: str,
        now: datetime,
        name: str = "",
        case_id: int | None = None,
    ) -> int:
        """From now on nothing is posted for this customer, this contract or by this flow (`scope` and `key`), until a person
        releases it: the hold's number. What was sent before is not taken back. Raises IllegalMove when the same `source` has one
        on already."""
        wanted = Holding(scope=scope, key=key, name=name, why=why, source=source)

        def work(tx: Connection) -> int:
            number = place(tx, wanted, case_id=case_id, by=by, now=now)
            if number is None:
                raise IllegalMove(f"{name or key} is on hold already.", state="held")
            _redraw(tx, case_id, f"Billing hold placed by @{{{by}}}: {why}", now)
            return number

        return await self.db.write(work)

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
        return await self.db.read(lambda tx: rows.hold(_one(tx, hold_id)))

    async def release(self, hold_id: int, *, by: str, note: str, now: datetime) -> int:
        """Take a hold off. The number of deliveries that go on: none while another source holds the same. Raises IllegalMove
        when it is released already, NotFound when there is none."""

        def work(tx: Connection) -> int:
            freed = release(tx, _one(tx, hold_id), by=by, note=note, now=now)
            if freed is None:
                raise IllegalMove("this hold is released already", state="released", by=_one(tx, hold_id).released_by)
            return freed

        return await self.db.write(work)


def release(tx: Connection, row: rows.AnyRow, *, by: str, note: str, now: datetime) -> int | None:
    """Take this hold off inside the caller's transaction: how many deliveries go on; None when it is off already."""
    alone(tx, [(row.scope, row.customer)])
    guard = (holds.c.id == row.id, holds.c.released_at.is_(None))
    if tx.execute(update(holds).where(*guard).values(released_by=by, released_at=now, note=note)).rowcount == 0:
        return None
    freed = _let_go(tx, row, now)
    append(
        tx, actor=by, verb="release", noun="hold", noun_id=row.id, now=now,
        data={"scope": row.scope, "key": row.customer, "note": note, "deliveries": freed},
    )  # fmt: skip
    _redraw(tx, row.case_id, f"Billing hold released by @{{{by}}}.", now)
    return freed


def doubts(tx: Connection, case_ids: Sequence[int]) -> Sequence[rows.AnyRow]:
    """The holds that these cases placed because a record read back wrong: whoever decides the case has decided about them. Nobody
    else places or releases them until our commit."""
    mine = (holds.c.case_id.in_(case_ids), holds.c.source == Source.VERIFICATION.value, holds.c.released_at.is_(None))
    found = tx.execute(select(holds).where(*mine).order_by(holds.c.id)).all()
    alone(tx, {(row.scope, row.customer) for row in found})
    return found


def _let_go(tx: Connection, row: rows.AnyRow, now: datetime) -> int:
    """What waited goes on; while another source holds the same, it waits for that one."""
    same = (holds.c.scope == row.scope, holds.c.customer == row.customer, holds.c.released_at.is_(None))
    other = tx.execute(select(holds.c.id).where(*same).order_by(holds.c.id).limit(1)).scalar_one_or_none()
    move, d = delivery_move("release"), deliveries.c
    waiting = update(deliveries).where(d.hold_id == row.id, d.state.in_(move.sources))
    if other is not None:
        tx.execute(waiting.values(hold_id=other))
        return 0
    freed = tx.execute(waiting.values(state=move.target, hold_id=None, due_at=now, updated_at=now))
    tell_news(tx)
    return int(freed.rowcount)


def _one(tx: Connection, hold_id: int) -> rows.AnyRow:
    row = tx.execute(select(holds).where(holds.c.id == hold_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no hold {hold_id}")
    return row


def _redraw(tx: Connection, case_id: int | None, words: str, now: datetime) -> None:
    query = select(cases.c.cause_id).where(cases.c.id == case_id)
    cause_id = tx.execute(query).scalar_one_or_none()
    if cause_id is not None:
        touch(tx, cause_id, now)
        say(tx, cause_id, words, now=now)
