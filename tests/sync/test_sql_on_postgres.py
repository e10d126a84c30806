"""The same promises on PostgreSQL: exact moments with zones, decimals, JSON, ids that are no numbers, and many who write at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from test_connectors_sql import poll

from sync.connectors import build
from sync.errors import Rejected, Unauthorized
from tests.postgres import Cluster

SCHEMA = (
    "CREATE SCHEMA sales",
    "CREATE TABLE sales.orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), customer text, amount numeric(12, 2),"
    " rate double precision, changed_at timestamptz NOT NULL DEFAULT now())",
    "CREATE TABLE invoices (id bigserial PRIMARY KEY, reference text UNIQUE, status text, total numeric(12, 2), issued date,"
    " sent timestamptz, lines jsonb, number integer CHECK (number > 0))",
    "INSERT INTO sales.orders (customer, amount, rate, changed_at)"
    " SELECT 'C' || i, 0.1, 0.1, '2026-11-20 08:00:00.123456+00' FROM generate_series(1, 1203) AS i",
)
ENTITIES: dict[str, Any] = {
    "orders": {"table": "sales.orders", "key": "id", "changed": "changed_at", "columns": ["customer", "amount", "rate"]},
    "invoices": {"table": "invoices", "key": "id", "reference": "reference", "status": {"column": "status"},
                 "columns": ["total", "issued", "sent", "lines", "number"]},
}  # fmt: skip
BODY = {
    "total": "12.50", "issued": "2026-11-20", "sent": "2026-11-20T10:00:00+01:00", "lines": [{"price": "0.10"}], "number": 7,
}  # fmt: skip


async def test_a_table_of_postgresql_is_polled_and_written_as_exactly(postgres: Cluster) -> None:
    name = f"sql_{uuid4().hex[:8]}"
    url = await asyncio.to_thread(postgres.url, name)
    for statement in SCHEMA:
        await asyncio.to_thread(postgres.sql, statement, name)
    sql: Any = build("sql", {"url": url, "entities": ENTITIES}, name="books")
    try:
        assert "orders in sales.orders can be read" in await sql.probe()
        now = datetime.now(UTC) + timedelta(hours=1)  # our clock is ahead: the database's own counts
        seen, cursor = await poll(sql, None, now)
        assert len(seen) == len(set(seen)) == 1203
        await asyncio.to_thread(
            postgres.sql,
            f"UPDATE sales.orders SET amount = 3, changed_at = now() - interval '2.5 s' WHERE id = '{seen[9]}'",
            name,
        )
        assert (await poll(sql, cursor, now))[0] == [seen[9]]
        record = await sql.read("orders", seen[0])
        assert (record["amount"], record["rate"], record["changed_at"][:26]) == (
            "0.10",
            "0.1",
            "2026-11-20T08:00:00.123456",
        )
        for nasty in ("1'; DROP TABLE invoices; --", "", "42"):
            assert await sql.find("invoices", nasty) is None
            assert await sql.search("orders", {"id": nasty}) == []
        await written(sql)
    finally:
        await sql.close()
        await asyncio.to_thread(postgres.drop, name)


async def written(sql: Any) -> None:
    """Eight who write one reference at once write one row; what it shows is what was written."""
    got = await asyncio.gather(*(sql.create("invoices", "r1", BODY) for _ in range(8)), return_exceptions=True)
    [made] = [each for each in got if not isinstance(each, BaseException)]
    assert all(each.reason == "reference_taken" for each in got if isinstance(each, Rejected))
    assert (made.status, made.record["total"], made.record["lines"]) == ("draft", "12.50", BODY["lines"])
    assert made.record["sent"] == "2026-11-20T09:00:00+00:00" and made.record["issued"] == "2026-11-20"
    assert (await sql.post("invoices", made.id)).status == "posted"
    for body, words in (({"number": 0}, "check constraint"), ({"number": 2**40}, "")):
        try:
            await sql.create("invoices", "r2", BODY | body)
        except Rejected as refused:
            assert words in refused.words and "12.50" not in refused.words
        else:
            raise AssertionError("a row that the table forbids was written")
    assert len((await sql.listed("orders", fields=[], limit=1000)).entries) == 1000


async def test_a_user_without_rights_is_for_the_connection(postgres: Cluster) -> None:
    name = f"sql_{uuid4().hex[:8]}"
    url = await asyncio.to_thread(postgres.url, name)
    for statement in (*SCHEMA, "CREATE ROLE reader LOGIN", "GRANT USAGE ON SCHEMA sales TO reader"):
        await asyncio.to_thread(postgres.sql, statement, name)
    sql: Any = build("sql", {"url": url.replace("postgres@", "reader@"), "entities": ENTITIES}, name="books")
    gone: Any = build("sql", {"url": f"{url}_gone", "entities": ENTITIES}, name="books")
    try:
        for connection in (sql, gone):
            try:
                await connection.read("orders", str(uuid4()))
            except Unauthorized:
                continue
            raise AssertionError("it was let in")
    finally:
        await sql.close()
        await gone.close()
        await asyncio.to_thread(postgres.sql, f"DROP DATABASE {name} WITH (FORCE)")
        await asyncio.to_thread(postgres.sql, "DROP ROLE reader")
