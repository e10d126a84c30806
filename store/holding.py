"""What billing holds do inside other transactions: stopping a posting together with its intent, being placed by what happened,
and letting go in order what has waited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    TableClause,
    and_,
    exists,
    literal_column,
    or_,
    select,
    tuple_,
)

from store import rows
from store.database import insert_or_nothing, one_at_a_time, side_by_side
from store.given import Prepared, packed, types
from store.journal import append
from store.tables import deliveries, holds
from sync.billing import Holding, Scope, Source
from sync.model import BillingHold, Bills
from sync.words import fitted

Key = tuple[str, str]
_HELD: ColumnElement[str] = literal_column("'held'")
_QUEUED: ColumnElement[bool] = literal_column("('pending', 'running')")  # the index is asked for by these words


def alone(tx: Connection, keys: Collection[Key]) -> None:
    """Nobody places or releases a hold on any of these, and nobody begins to post for it, until our commit."""
    if keys:
        one_at_a_time(tx, packed(sorted(_lock(key) for key in keys)))


def passing(tx: Connection, keys: Collection[Key]) -> None:
    """No hold on any of these is placed until our commit: what is looked up now is still so when the intent is on record."""
    side_by_side(tx, packed(sorted(_lock(key) for key in keys)))


def holds_on(tx: Connection, keys: Collection[Key]) -> dict[Key, BillingHold]:
    """The unreleased holds on these (scope, key), the oldest of each."""
    asked = {(scope, fitted(key)): (scope, key) for scope, key in keys}
    found = _HOLDS_ON.rows(tx, [{"scope": scope, "customer": key} for scope, key in asked])
    return {asked[row.scope, row.customer]: rows.hold(row) for row in reversed(found)}


def ahead_of(tx: Connection, billing: Sequence[tuple[int, Bills]]) -> dict[int, int]:
    """Of these deliveries those that must let an earlier one go first, which had waited for a hold on the same customer and does
    not stand behind an exception: by delivery the one it is behind."""
    asked = [{"id": delivery, "bills": fitted(bills.payer)} for delivery, bills in billing if bills.payer]
    return {row.id: row.ahead for row in _AHEAD.rows(tx, asked)} if asked else {}


def its_turn() -> ColumnElement[bool]:
    """Whether no earlier delivery that waited for a hold on the same customer is still to go. One that stands behind an exception
    of its own record is not waited for: nobody knows how long that takes."""
    d, ahead = deliveries.c, deliveries.alias("ahead")
    return or_(d.bills.is_(None), ~exists().where(ahead.c.bills == d.bills, *_earlier(ahead, deliveries)))


def place(tx: Connection, wanted: Holding, *, case_id: int | None, by: str, now: datetime) -> int | None:
    """Place a hold inside the caller's transaction: its number; None when the same source has one on already."""
    alone(tx, [(wanted.scope, wanted.key)])
    values = {
        "scope": wanted.scope, "customer": wanted.key, "customer_name": wanted.name[:255], "source": wanted.source,
        "case_id": case_id, "why": wanted.why, "placed_by": by, "placed_at": now,
    }  # fmt: skip
    made = tx.execute(insert_or_nothing(tx, holds).values(**values).returning(holds.c.id))
    hold_id: int | None = made.scalar_one_or_none()
    if hold_id is not None:
        data = {"scope": wanted.scope, "key": wanted.key, "source": wanted.source, "case": case_id, "why": wanted.why}
        append(tx, actor=by, verb="place", noun="hold", noun_id=hold_id, now=now, data=data)
    return hold_id


def place_late(tx: Connection, case: rows.AnyRow, why: str, now: datetime) -> bool:
    """Hold the billing of a case's customer because its clock ran out; False when a clock has done so already."""
    wanted = Holding(
        scope=Scope.CUSTOMER.value, key=case.customer, name=case.customer_name, why=why, source=Source.LATE.value
    )
    return place(tx, wanted, case_id=case.id, by="clock", now=now) is not None


def by_customer(rows_: Iterable[rows.AnyRow]) -> list[rows.AnyRow]:
    """The cases that hold billing when they are late, in one order for all who place holds."""
    return sorted((row for row in rows_ if row.holds_billing and row.customer), key=lambda row: str(row.customer))


def _lock(key: Key) -> str:
    return f"hold\n{key[0]}\n{fitted(key[1])}"


def _earlier(ahead: FromClause, mine: FromClause) -> Iterable[ColumnElement[bool]]:
    a, d = ahead.c, mine.c
    yield a.state.op("IN")(_QUEUED)
    yield tuple_(a.occurred_at, a.sequence, a.id) < tuple_(d.occurred_at, d.sequence, d.id)
    first = deliveries.alias("first").c
    yield ~exists().where(first.front, first.flow == a.flow, first.subject == a.subject, first.state == _HELD)


def _holds_on(given: TableClause, _: str) -> Executable:
    on = and_(holds.c.scope == given.c.scope, holds.c.customer == given.c.customer, holds.c.released_at.is_(None))
    return select(holds).select_from(given.join(holds, on)).order_by(holds.c.id)


def _ahead(given: TableClause, _: str) -> Executable:
    mine, ahead = deliveries.alias("mine"), deliveries.alias("ahead")
    joined = given.join(mine, mine.c.id == given.c.id).join(
        ahead, and_(ahead.c.bills == given.c.bills, *_earlier(ahead, mine))
    )
    return select(given.c.id, ahead.c.id.label("ahead")).select_from(joined)


_HOLDS_ON = Prepared(types(holds.c.scope, holds.c.customer), _holds_on)
_AHEAD = Prepared(types(deliveries.c.id, deliveries.c.bills), _ahead)
