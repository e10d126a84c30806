"""A database as source and as target: nothing is skipped, nothing is there twice, no amount is rounded, nothing from data is executed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from connector_fakes import NOW
from harness_sql import ENTITIES, Books
from sqlalchemy import event

from sync.connectors import build
from sync.errors import AnswerLost, ConfigurationError, Rejected, Unauthorized, Unavailable

BODY = {"customer": "Beta", "total": "12.50", "issued": "2026-11-20", "paid": False, "lines": [{"price": "0.10"}]}


@asynccontextmanager
async def database(books: Books, **options: Any) -> AsyncIterator[Any]:
    given = {"url": books.url, "timezone": "UTC", "entities": ENTITIES, **options}
    sql = build("sql", given, name="books")
    try:
        yield sql
    finally:
        await sql.close()


async def poll(sql: Any, cursor: Any = None, now: datetime = NOW) -> tuple[list[str], Any]:
    """Everything up to the end of the window, with the cursor through JSON as the ledger keeps it."""
    seen: list[str] = []
    for _ in range(100):
        page = await sql.changes("orders", cursor, now=now)
        cursor = json.loads(json.dumps(page.cursor))
        seen += [each.record_id for each in page.changes]
        if not page.more:
            return seen, cursor
    raise AssertionError("the walk does not end")


def orders(books: Books, first: int, count: int, stamp: str) -> None:
    books.run(
        f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {first + count - 1}) "
        f"INSERT INTO orders SELECT i, 'C' || i, 1.5, 'EUR', '{stamp}' FROM n"
    )


async def test_twelve_hundred_rows_of_one_moment_are_each_seen_once() -> None:
    books = Books()
    orders(books, 10, 1200, "2026-11-20 08:30:00")
    async with database(books) as sql:
        seen, cursor = await poll(sql)
        assert seen == ["1", *(str(n) for n in range(10, 1210))]
        assert (await poll(sql, cursor))[0] == []


async def test_moments_written_in_five_ways_are_walked_in_one_order() -> None:
    books = Books()
    ways = ("2026-11-20 08:30:00", "2026-11-20T08:30:00", "2026-11-20 08:30:00.000000", "2026-11-20T08:30:00Z",
            "2026-11-20T09:30:00+01:00")  # fmt: skip
    for at, stamp in enumerate(ways):
        orders(books, 1000 * (at + 1), 400, stamp)
    async with database(books) as sql:
        seen, _ = await poll(sql)
    assert sorted(seen, key=int) == sorted({*seen}, key=int) and len(seen) == 2001


async def test_what_changes_while_pages_are_read_comes_in_the_next_window() -> None:
    books = Books()
    orders(books, 10, 700, "2026-11-20 08:30:00")
    async with database(books) as sql:
        first = await sql.changes("orders", None, now=NOW)
        books.run("UPDATE orders SET changed_at = '2026-11-20 09:00:00' WHERE id IN (20, 700)")
        books.run("DELETE FROM orders WHERE id = 21")
        rest, cursor = await poll(sql, json.loads(json.dumps(first.cursor)))
        assert "700" not in rest and len(first.changes) + len(rest) == 700
        later, _ = await poll(sql, cursor, NOW + timedelta(minutes=5))
    assert later == ["20", "700"]


async def test_a_row_committed_late_with_an_earlier_moment_is_found_within_the_overlap() -> None:
    books = Books()
    async with database(books) as sql:
        _, cursor = await poll(sql)
        orders(books, 50, 1, "2026-11-20 08:56:00")  # its transaction ended after the poll
        assert (await poll(sql, cursor, NOW + timedelta(seconds=30)))[0] == ["50"]


async def test_a_row_younger_than_the_lag_waits_so_that_a_second_change_in_its_second_counts() -> None:
    books = Books()
    orders(books, 50, 1, "2026-11-20 08:59:59")
    async with database(books) as sql:
        seen, cursor = await poll(sql)
        assert seen == ["1"]
        assert (await poll(sql, cursor, NOW + timedelta(seconds=5)))[0] == ["50"]


async def test_the_hour_that_comes_twice_in_autumn_is_read_twice_and_not_lost() -> None:
    books = Books()
    books.run("DELETE FROM orders")
    async with database(books, timezone="Europe/Berlin") as sql:
        before = datetime(2026, 10, 25, 0, 58, tzinfo=UTC)  # 02:58, summer time
        orders(books, 10, 1, "2026-10-25 02:57:00")
        seen, cursor = await poll(sql, sql.start_at("orders", before - timedelta(hours=1)), before)
        assert seen == ["10"]
        orders(books, 11, 1, "2026-10-25 02:01:00")  # a little later, winter time
        seen, _ = await poll(sql, cursor, datetime(2026, 10, 25, 1, 5, tzinfo=UTC))
    assert "11" in seen


async def test_amounts_stay_decimal_and_moments_get_the_declared_zone() -> None:
    books = Books()
    async with database(books, timezone="Europe/Berlin") as sql:
        record = await sql.read("orders", "1")
    assert record == {
        "id": "1", "customer": "Acme", "amount": "2490.50", "currency": "EUR", "changed_at": "2026-11-20T08:00:00+01:00",
    } | {"id": record["id"]}  # fmt: skip
    assert "float" not in {type(each).__name__ for each in record.values()}


async def test_an_id_with_quotes_and_slashes_is_only_an_id() -> None:
    books = Books()
    async with database(books) as sql:
        for nasty in ("1' OR '1'='1", '1"; DROP TABLE orders; --', "1/../2", "01x", "", "9" * 40):
            with pytest.raises(Rejected) as gone:
                await sql.read("orders", nasty)
            assert gone.value.reason == "not_found"
            assert await sql.search("orders", {"customer": nasty}) == []
            assert await sql.find("invoices", nasty) is None
    assert books.rows("SELECT count(*) FROM orders") == [(1,)]


async def test_searching_by_words_takes_them_as_they_are() -> None:
    books = Books()
    books.run("INSERT INTO orders VALUES (2, 'Acme 100% Sons', 1, 'EUR', '2026-11-20 08:00:00')")
    async with database(books) as sql:
        assert [each["id"] for each in await sql.search("orders", {"*": "sons 100%"})] == [2]
        assert [each["id"] for each in await sql.search("orders", {"*": "acme"})] == [1, 2]
        assert await sql.search("orders", {"*": "a_me"}) == []
        with pytest.raises(Rejected, match="searched by secret"):
            await sql.search("orders", {"secret": "x"})


async def test_a_record_is_written_once_with_its_reference_read_back_and_posted() -> None:
    books = Books()
    async with database(books) as sql:
        made = await sql.create("invoices", "crm-deal-5", BODY)
        assert made.status == "draft" and made.record["total"] == "12.50" and made.record["lines"] == BODY["lines"]
        with pytest.raises(Rejected) as taken:
            await sql.create("invoices", "crm-deal-5", BODY)
        assert taken.value.reason == "reference_taken"
        assert (await sql.update("invoices", made.id, {"total": "13"})).record["total"] == "13.00"
        assert (await sql.post("invoices", made.id)).status == "posted"
        assert (await sql.post("invoices", made.id)).status == "posted"
        for refused in (sql.update("invoices", made.id, {"total": "1"}), sql.void("invoices", made.id)):
            with pytest.raises(Rejected, match="is posted and is not changed any more"):
                await refused
    assert books.rows("SELECT total, status FROM invoices WHERE reference = 'crm-deal-5'") == [(13, "posted")]


async def test_two_who_write_one_reference_at_once_write_one_row() -> None:
    books = Books()
    async with database(books) as one, database(books) as other:
        asked = [each.create("invoices", "crm-deal-5", BODY) for each in (one, other, one, other)]
        got = await asyncio.gather(*asked, return_exceptions=True)
    assert [each.reason for each in got if isinstance(each, Rejected)] == ["reference_taken"] * 3
    assert books.rows("SELECT count(*) FROM invoices WHERE reference = 'crm-deal-5'") == [(1,)]


async def test_a_commit_that_was_not_confirmed_is_an_answer_lost_and_found_by_reference() -> None:
    books = Books()
    async with database(books) as sql:

        def cut(connection: Any) -> None:
            connection.connection.dbapi_connection.commit()
            raise sqlite3.OperationalError("disk I/O error")

        event.listen(sql._engine.sync_engine, "commit", cut)
        with pytest.raises(AnswerLost) as lost:
            await sql.create("invoices", "crm-deal-5", BODY)
        assert "Beta" not in repr(lost.value) and lost.value.__context__ is None
        found = await sql.find("invoices", "crm-deal-5")
    assert found is not None and found.record["customer"] == "Beta"


UNFIT = [
    ("total", "12.505", "keeps 2 decimal places"), ("total", "1e30", "keeps 12 digits"), ("total", "twelve", "numbers such as"),
    ("total", "NaN", "takes numbers"), ("issued", "20.11.2026", "days such as"), ("paid", "perhaps", "true or false"),
    ("customer", [1], "JSON column only"), ("colour", "red", "none of the columns"),
]  # fmt: skip


async def test_what_a_column_would_round_or_cannot_hold_is_refused_before_anything_is_sent() -> None:
    books = Books()
    async with database(books) as sql:
        for field, value, words in UNFIT:
            with pytest.raises(Rejected, match=words) as refused:
                await sql.create("invoices", "crm-deal-5", BODY | {field: value})
            assert refused.value.path == field
    assert books.rows("SELECT count(*) FROM invoices") == [(1,)]


async def test_a_table_that_is_not_as_the_workspace_says_is_told_with_everything_at_once() -> None:
    books = Books()
    books.run("CREATE TABLE loose (id INTEGER, reference TEXT, at TIMESTAMP, total REAL, blob BLOB);"
              "CREATE UNIQUE INDEX some ON loose (reference) WHERE at IS NOT NULL;")  # fmt: skip
    loose = {"table": "loose", "key": "id", "reference": "reference", "changed": "at", "columns": ["total", "blob"]}
    gone = {"table": "orders", "key": "id", "columns": ["customer", "colour"]}
    async with database(books, entities={"loose": loose, "gone": gone}, timezone=None) as sql:
        with pytest.raises(Rejected) as wrong:
            await sql.probe()
        assert wrong.value.reason == "schema_drift"
        for words in ("loose.id is not unique", "loose.reference carries our reference and needs a unique constraint",
                      "declare `timezone`", "floating-point", "bytes"):  # fmt: skip
            assert words in str(wrong.value)
        with pytest.raises(Rejected, match="needs a unique constraint"):
            await sql.create("loose", "r", {})
        with pytest.raises(Rejected, match="orders has no column colour"):
            await sql.read("gone", "1")


async def test_a_view_is_read_by_its_columns_and_rows_without_a_moment_are_counted() -> None:
    books = Books()
    books.run("CREATE VIEW won AS SELECT id, customer, changed_at FROM orders WHERE amount > 0;"
              "INSERT INTO orders VALUES (2, 'X', 1, 'EUR', NULL), (3, 'Y', 1, 'EUR', 'yesterday');")  # fmt: skip
    won = {"table": "won", "key": "id", "changed": "changed_at", "columns": ["customer"]}
    async with database(books, entities={"orders": won}) as sql:
        assert "2 rows have no readable changed_at" in await sql.probe()
        assert (await poll(sql))[0] == ["1"]
        told = await sql.describe("orders")
        assert {name: each.type for name, each in told.fields.items()} == {
            "id": "integer", "changed_at": "timestamp", "customer": "string",
        }  # fmt: skip
        books.run("DROP VIEW won; CREATE VIEW won AS SELECT id, customer AS client, changed_at FROM orders;")
        with pytest.raises(Rejected, match="won has no column customer"):
            await sql.describe("orders")


async def test_the_whole_table_is_listed_by_its_key_page_by_page() -> None:
    books = Books()
    orders(books, 10, 25, "2026-11-20 08:30:00")
    async with database(books) as sql:
        seen, after = [], None
        while True:
            listed = await sql.listed("orders", fields=["amount"], after=after, limit=10)
            seen += [each.id for each in listed.entries]
            after = listed.after
            if after is None:
                break
        assert seen == ["1", *(str(n) for n in range(10, 35))]
        some = await sql.listed("orders", fields=[], since=NOW - timedelta(minutes=45))
        assert len(some.entries) == 25
        [invoice] = (await sql.listed("invoices", fields=[])).entries
        assert (invoice.reference, invoice.status) == ("old", "draft")


async def test_a_database_that_is_not_there_is_for_the_connection_and_shows_no_password() -> None:
    for url, error in (
        ("postgresql://sync:geheim@127.0.0.1:1/books", Unavailable),
        ("sqlite:////nowhere/at/all.db", Unauthorized),
    ):
        sql: Any = build("sql", {"url": url, "entities": ENTITIES, "timezone": "UTC"}, name="books")
        with pytest.raises(error) as refused:
            await sql.probe()
        assert "geheim" not in str(refused.value)
        await sql.close()
    for url in ("no address", "mysql+nodriver://x/y", "sqlite+pysqlite:///x.db"):
        with pytest.raises(ConfigurationError, match=r"connections\.books\.url"):
            build("sql", {"url": url, "entities": ENTITIES}, name="books")
