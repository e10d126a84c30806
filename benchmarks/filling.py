"""Fills a ledger in bulk, straight into its tables: a backlog that waits, or a history that is done. The rows are what the
product would have written; only the journal's hashes are made up, so its chain is linked but does not verify."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    cast,
    create_engine,
    func,
    literal,
    make_url,
    null,
    select,
    text,
    type_coerce,
)
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from store.database import one_at_a_time
from store.tables import attempts, bindings, deliveries, events, journal, writes

T = TypeVar("T")

KEYS = 500
_FLOW, _CONNECTION, _ENTITY = "customers", "crm", "customers"
_BODY: dict[str, Any] = {
    "event_id": "@EVENT", "event_type": "customer.updated", "contract": "crm.customer", "contract_version": 3,
    "occurred_at": "@AT", "source": "crm", "seq": "@SEQ", "key": "@KEY",
    "data": {
        "id": "@KEY", "name": "Muster Maschinenbau GmbH", "email": "einkauf@example.com", "phone": "+49 30 1234567",
        "vat_id": "DE123456789", "currency": "EUR", "payment_terms_days": 30, "credit_limit": "25000.00", "active": True,
        "segment": "enterprise",
        "billing": {"street": "Hauptstrasse 12", "city": "Berlin", "zip": "10115", "country": "DE"},
        "shipping": {"street": "Werkstrasse 7", "city": "Potsdam", "zip": "14467", "country": "DE"},
        "contacts": [
            {"name": "Erika Muster", "email": "erika@example.com", "role": "buyer"},
            {"name": "Max Beispiel", "email": "max@example.com", "role": "finance"},
        ],
        "tags": ["kuka", "vip", "2026"],
    },
}  # fmt: skip


def backlog(url: str, count: int, *, keys: int = KEYS, prefix: str = "q") -> None:
    """So many received events wait, in lines of so many customers; the rig knows them as `m<prefix>-<number>`."""
    _fill(url, lambda tx: _Filler(tx, count, keys, f"m{prefix}").waiting())


def history(url: str, count: int, *, keys: int = KEYS) -> None:
    """So many events were delivered yesterday, each in one attempt with one confirmed write."""
    _fill(url, lambda tx: _Filler(tx, count, keys, "old", ago=timedelta(days=1)).done())


def wait_until_settled(url: str, *, seconds: float = 60) -> int:
    """Return when no delivery waits or is under way: how many were delivered. Raises SystemExit when it takes too long."""
    states = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    end = monotonic() + seconds
    while True:
        found: dict[str, int] = _in_one_transaction(url, lambda tx: {row[0]: row[1] for row in tx.execute(states)})
        if not found.keys() & {"pending", "running"}:
            return found.get("delivered", 0)
        if monotonic() > end:
            raise SystemExit(f"the ledger does not come to rest: {found}")
        sleep(0.1)


class _Filler:
    """Rows as expressions over a series of numbers from 0, so that the database makes them itself."""

    def __init__(self, tx: Connection, count: int, keys: int, prefix: str, *, ago: timedelta = timedelta(0)) -> None:
        self._tx, self._postgres = tx, tx.dialect.name == "postgresql"
        self._count, self._keys, self._prefix = count, keys, prefix
        self._at = datetime.now(UTC).replace(microsecond=345000) - ago
        self._series, self._i = self._numbers()
        self._first = {
            table: self._next(table, table.c.id) for table in (events, deliveries, attempts, writes, bindings)
        }
        self._line = self._next(journal, journal.c.seq)

    def waiting(self) -> None:
        self._events()
        self._deliveries(state="pending", number=0, front=self._i < self._keys)
        self._journal("receive", "event", self._number(events), 0)

    def done(self) -> None:
        self._events()
        self._deliveries(state="delivered", number=1, front=literal(False))
        delivery = self._number(deliveries)
        same: dict[str, Any] = {"id": self._number(attempts), "delivery_id": delivery, "snapshot": null()}
        self._insert(attempts, {**same, "number": 1, "ended_at": self._at, "step": "deliver"})
        self._insert(writes, {
            "id": self._number(writes), "connection": "erp", "entity": "customer", "operation": "create",
            "key": self._event(), "delivery_id": delivery, "lease": "gone", "state": "confirmed",
            "fingerprint": self._padded(self._i, 64),
            "target_id": "erp-1", "record": self._json(literal('{"id":"erp-1","status":"ok"}', String)), "sends": 1,
            "sent_at": self._at, "rests_until": self._at,
        })  # fmt: skip
        self._insert(bindings, {
            "id": self._number(bindings), "source_connection": _CONNECTION, "source_entity": _ENTITY,
            "source_id": self._key(), "target_connection": "erp", "target_entity": "customer", "target_id": "erp-1",
            "reference": self._event(), "delivery_id": delivery, "bound_at": self._at,
        }, only=self._i < self._keys)  # fmt: skip
        self._journal("receive", "event", self._number(events), 0)
        self._journal("deliver", "delivery", delivery, self._count)

    def _events(self) -> None:
        self._insert(events, {
            "id": self._number(events), "connection": _CONNECTION, "entity": _ENTITY, "record_id": self._key(),
            "key": self._event(), "kind": "customer.updated", "occurred_at": self._at, "sequence": self._i,
            "received_at": self._at, "trace": self._event(), "payload": self._json(self._body()),
        })  # fmt: skip

    def _deliveries(self, *, state: str, number: int, front: ColumnElement[bool]) -> None:
        self._insert(deliveries, {
            "id": self._number(deliveries), "event_id": self._number(events), "flow": _FLOW,
            "subject": literal(f"{_ENTITY}:", String) + self._key(), "connection": _CONNECTION, "occurred_at": self._at,
            "sequence": self._i, "state": state, "due_at": self._at, "number": number, "updated_at": self._at,
            "front": front,
        })  # fmt: skip

    def _journal(self, verb: str, noun: str, number: ColumnElement[int], after: int) -> None:
        seq = self._line + after + self._i
        self._insert(journal, {
            "seq": seq, "at": self._at, "actor": _CONNECTION, "verb": verb, "noun": noun, "noun_id": cast(number, String),
            "data": literal('{"flow":"customers","subject":"customers:', String) + self._key() + literal('"}', String),
            "previous": self._padded(seq - 1, 64), "hash": self._padded(seq, 64),
        })  # fmt: skip

    def _insert(self, table: Table, values: dict[str, Any], *, only: ColumnElement[bool] | None = None) -> None:
        columns = [_typed(value, table.c[name].type).label(name) for name, value in values.items()]
        rows = select(*columns).select_from(self._series)
        self._tx.execute(table.insert().from_select(list(values), rows if only is None else rows.where(only)))

    def _numbers(self) -> tuple[Any, Any]:
        if self._postgres:
            made = func.generate_series(0, self._count - 1).table_valued("i").render_derived()
            return made, made.c.i
        series = select(literal(0, Integer).label("i")).cte("series", recursive=True)
        series = series.union_all(select(series.c.i + 1).where(series.c.i + 1 < self._count))
        return series, series.c.i

    def _next(self, table: Table, column: Any) -> int:
        last: int | None = self._tx.execute(select(func.max(column)).select_from(table)).scalar()
        return (last or 0) + 1

    def _number(self, table: Table) -> ColumnElement[int]:
        number: ColumnElement[int] = self._first[table] + self._i
        return number

    def _padded(self, number: ColumnElement[int], size: int) -> ColumnElement[str]:
        if self._postgres:
            return func.lpad(cast(number, String), size, "0", type_=String)
        return func.printf(f"%0{size}d", number, type_=String)

    def _event(self) -> ColumnElement[str]:
        return literal(f"{self._prefix}-", String) + self._padded(self._i, 7)

    def _key(self) -> ColumnElement[str]:
        return literal("cust-", String) + self._padded(self._i % self._keys, 6)

    def _body(self) -> ColumnElement[str]:
        body = json.dumps(_BODY, separators=(",", ":")).replace('"@SEQ"', "@SEQ")
        made: ColumnElement[str] = literal(body.replace("@AT", self._at.isoformat()), String)
        for hole, value in (("@EVENT", self._event()), ("@KEY", self._key()), ("@SEQ", cast(self._i, String))):
            made = func.replace(made, hole, value, type_=String)
        return made

    def _json(self, made: ColumnElement[str]) -> ColumnElement[Any]:
        return cast(made, JSON) if self._postgres else type_coerce(made, String)


def _typed(value: Any, kind: Any) -> ColumnElement[Any]:
    return value if isinstance(value, ColumnElement) else literal(value, kind)


def _fill(url: str, fill: Callable[[Connection], None]) -> None:
    """Everything is there at once, for a worker that looks meanwhile too; then what would be tidied up during the
    measurement is tidied up."""
    _in_one_transaction(url, fill)
    if _is_postgres(url):
        asyncio.run(_tidy_postgres(url))
    else:
        with closing(_sqlite(url)) as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _in_one_transaction(url: str, work: Callable[[Connection], T]) -> T:
    if _is_postgres(url):
        return asyncio.run(_in_postgres(url, work))
    with closing(_sqlite(url)) as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        made = work(connection)
        connection.exec_driver_sql("COMMIT")
    return made


def _is_postgres(url: str) -> bool:
    return make_url(url).get_backend_name() == "postgresql"


def _sqlite(url: str) -> Connection:
    return create_engine(
        url, connect_args={"timeout": 60}, isolation_level="AUTOCOMMIT", poolclass=NullPool
    ).connect()  # fmt: skip


async def _in_postgres(url: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(url)
    async with engine.begin() as tx:
        await tx.run_sync(one_at_a_time, '["journal"]')
        made = await tx.run_sync(work)
    await engine.dispose()
    return made


async def _tidy_postgres(url: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for table in (events, deliveries, attempts, writes, bindings):  # numbers given by hand are not given again
            last = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"
            await connection.execute(text(last))
        for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
            await connection.execute(text(statement))
    await engine.dispose()
