"""The suite's database: a SQLite file with one order that is polled and a table of invoices that is written."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import weakref
from pathlib import Path
from typing import Any

from harness import Harness

SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, amount NUMERIC(12, 2), currency TEXT, changed_at TIMESTAMP);
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY, reference TEXT UNIQUE, status TEXT, customer TEXT, total NUMERIC(12, 2), issued DATE, paid BOOLEAN,
  lines JSON);
INSERT INTO orders VALUES (1, 'Acme', 2490.50, 'EUR', '2026-11-20 08:00:00');
INSERT INTO invoices VALUES (1, 'old', 'draft', 'Acme', 10, '2026-11-20', 1, '[]');
"""
ENTITIES: dict[str, Any] = {
    "orders": {
        "table": "orders", "key": "id", "changed": "changed_at", "columns": ["customer", "amount", "currency"],
    },
    "invoices": {
        "table": "invoices", "key": "id", "reference": "reference", "status": {"column": "status"},
        "columns": ["customer", "total", "issued", "paid", "lines"],
    },
}  # fmt: skip


class Books:
    """A database file of its own, gone with this object."""

    last: Books | None = None

    def __init__(self) -> None:
        place = Path(tempfile.mkdtemp(prefix="meshline-sql-"))
        self.file = place / "books.db"
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        self.run(SCHEMA)
        Books.last = self

    @property
    def url(self) -> str:
        return f"sqlite+aiosqlite:///{self.file}"

    def run(self, script: str) -> None:
        connection = sqlite3.connect(self.file)
        try:
            connection.executescript(script)
        finally:
            connection.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.file)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


def options(_: str) -> dict[str, Any]:
    books = Books.last or Books()
    return {"url": books.url, "timezone": "UTC", "entities": ENTITIES}


HARNESS = Harness(
    options=options,
    fake=Books,
    get=("invoices", "1"),
    create=("invoices", "crm-deal-5", {"customer": "Beta", "total": "12.50", "issued": "2026-11-20", "paid": False}),
    count=lambda books: len(books.rows("SELECT 1 FROM invoices WHERE reference = 'crm-deal-5'")),
    read="orders",
    polled=True,
)
