"""Going over to Meshline with what is there already: it is shown before it is done, goes on after a kill, binds what the ERP has, and
ends with a report that finance can sign."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bot.__main__ import app
from tests.test_walkthroughs import _FILE, PAGES, section


class Company:
    """The workspace of the page on databases, with whatever the ERP had before."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for name, content in _FILE.findall(section(PAGES["sql"])):
            file = place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        self.run(
            (place / "schema.sql").read_text(encoding="utf-8").replace("reference TEXT NOT NULL", "reference TEXT")
        )
        self.environ = {
            "MESHLINE_WORKSPACE": str(place / "company"), "BOOKS_URL": f"sqlite:///{place / 'books.db'}",
            "MESHLINE_DATABASE_URL": f"sqlite:///{place / 'ledger.db'}",
        }  # fmt: skip

    def run(self, script: str) -> None:
        connection = sqlite3.connect(self.place / "books.db")
        try:
            connection.executescript(script)
        finally:
            connection.close()

    def rows(self, query: str, file: str = "books.db") -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.place / file)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def change(self, file: str, **more: Any) -> None:
        path = self.place / "company" / file
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text(encoding="utf-8")), **more}), encoding="utf-8")

    def bind_by(self, *fields: str) -> None:
        writes = yaml.safe_load((self.place / "company/flows/orders.yaml").read_text(encoding="utf-8"))["writes"]
        writes[0]["same"] = list(fields)
        reconcile = {"write": "invoice", "amount": "amount", "period": "invoice_date", "grace": "1s"}
        self.change("flows/orders.yaml", writes=writes, reconcile=reconcile)

    async def call(self, *words: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words), env=self.environ)
        return result.exit_code, result.stdout


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


HISTORY = """
INSERT INTO invoices (id, reference, status, customer, amount, currency, invoice_date) VALUES
  (1, 'order-1001', 'posted', 'Müller GmbH', 1234.50, 'EUR', '2026-11-20'),
  (2, NULL, 'posted', 'Beta AG', 99, 'EUR', '2026-11-20');
"""


async def test_a_dry_run_says_what_would_be_written_and_writes_nothing(company: Company) -> None:
    company.bind_by("customer", "amount", "invoice_date")
    company.run(HISTORY + "INSERT INTO orders VALUES (1004, 'Delta', 10, 'USD', '2026-11-21', '2026-11-21 09:00:00');")
    before = company.rows("SELECT * FROM invoices")
    code, said = await company.call("sync", "orders", "--since", "2026-01-01", "--dry-run", "--json", "--first", "2")
    told = json.loads(said)
    assert code == 0 and told["records"] == 4 and len(told["first"]) == 2
    assert told["outcomes"] == {
        "create": {"records": 1, "minor": {"USD": 1000}},
        "bind": {"records": 2, "minor": {"EUR": 133350}},
        "refuse": {"records": 1, "minor": {}},
    }
    assert told["refused"] == {"invalid_amount": {"records": 1, "minor": {}}}
    code, said = await company.call("sync", "orders", "--since", "2026-01-01", "--dry-run")
    assert (
        "4 records. Nothing was written." in said
        and "2 would be bound to the record that is there, 1,333.50 EUR" in said
    )
    assert company.rows("SELECT * FROM invoices") == before
    for table in ("events", "deliveries", "writes", "cases", "cursors"):
        assert company.rows(f"SELECT count(*) FROM {table}", "ledger.db") == [(0,)]
    assert (await company.call("sync", "orders", "--dry-run"))[0] == 2


async def test_the_first_run_binds_what_is_there_and_the_report_tells_it_apart(company: Company) -> None:
    company.bind_by("customer", "amount", "invoice_date")
    company.run(HISTORY)
    code, said = await company.call("sync", "orders", "--since", "2026-01-01")
    assert code == 0 and "3 changes read" in said
    assert company.rows("SELECT id, reference, status FROM invoices ORDER BY id") == [
        (1, "order-1001", "posted"), (2, "order-1002", "posted"),
    ]  # fmt: skip
    code, said = await company.call("cutover", "orders", "--compare", "--json", "--csv", str(company.place / "c.csv"))
    told = json.loads(said)
    assert code == 1 and (told["bound"], told["created"], told["waiting"], told["done"]) == (2, 0, 0, False)
    assert told["refused"] == [{"name": "Amount cannot be read", "records": 1, "minor": {}}]
    [owned] = told["owners"]
    assert (owned["owner"], owned["team"], owned["records"]) == ("U0FAYE0001", "finance", 1)
    assert told["sides"] == [
        {"currency": "EUR", "source_records": 3, "source_minor": 133350, "target_records": 2, "target_minor": 133350}
    ]
    rows = list(csv.reader(io.StringIO((company.place / "c.csv").read_text("utf-8-sig"))))
    assert ["totals", "both sides", "3", "EUR", "1333.50", "1333.50", "0.00"] in rows
    await company.call("exceptions", "resolve", "EX-1", "--as", "U0FAYE0001", "--set", "amount=49.00")
    await company.call("sync", "orders")
    code, said = await company.call("cutover", "orders", "--compare")
    assert "2 records bound that were in the target, 1 created, 0 under way" in said
    assert "0 records differ" in said  # the amount that a person entered stands in the target alone
    assert "EUR: 1333.50 in the source, 1382.50 in the target, difference 49.00" in said
    assert code == 0, said


async def test_two_that_may_be_the_one_are_never_guessed(company: Company) -> None:
    company.bind_by("customer", "invoice_date")
    company.run(
        HISTORY
        + "INSERT INTO invoices SELECT 3, NULL, status, customer, 98, currency, invoice_date FROM invoices WHERE id = 2;"
    )
    await company.call("sync", "orders", "--since", "2026-01-01")
    cases = json.loads((await company.call("exceptions", "list", "--json"))[1])
    [case] = [each for each in cases if each["reason"] == "ambiguous_existing"]
    assert "2 or more records of invoices have customer Beta AG" in case["detail"]
    assert company.rows("SELECT reference FROM invoices WHERE id IN (2, 3)") == [(None,), (None,)]


async def test_a_field_that_the_write_does_not_fill_binds_nothing_and_is_a_mistake(company: Company) -> None:
    company.bind_by("number")
    code, said = await company.call("check", str(company.place / "company"))
    assert code == 1 and "number is none" in said


KILLED = """
import os
from bot.__main__ import main
from bot.cli.syncing import _Progress
_Progress.read = lambda self, got: os.kill(os.getpid(), 9)
main()
"""


@pytest.mark.slow
async def test_history_that_is_killed_while_it_is_read_goes_on_where_it_stopped(company: Company) -> None:
    company.run(
        "DELETE FROM orders; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "
        "INSERT INTO orders SELECT i, 'C' || i, 10, iif(i % 60, 'USD', 'EUR'), '2026-11-20', '2026-11-20 09:00:00' FROM n"
    )
    trigger = {"connection": "books", "entity": "orders", "when": {"path": "currency", "equals": "EUR"}}
    company.change("flows/orders.yaml", trigger=trigger)
    words, environ = ("sync", "orders", "--since", "2026-01-01"), {**os.environ, **company.environ, "PYTHONPATH": "."}
    killed = [sys.executable, "-c", KILLED, *words]
    done = await asyncio.to_thread(subprocess.run, killed, env=environ, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert company.rows("SELECT count(*) FROM events", "ledger.db") == [(500,)]
    code, said = await company.call(*words)
    assert code == 0 and "100 changes read, 0 known already" in said
    assert company.rows("SELECT count(*), count(DISTINCT reference) FROM invoices") == [(10, 10)]
    code, said = await company.call(*words)  # it was read to its end: now it is read anew, and all of it is known
    assert "0 changes read, 600 known already" in said
