"""Files as people have them: each content is read once, each reference is written once, and what is wrong is said by file and line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from connector_fakes import NOW
from harness_csv import ENTITIES, Place

from sync.connectors import build
from sync.connectors.csv_cells import guarded, number_read, unguarded
from sync.connectors.csv_options import CsvEntity
from sync.connectors.csv_sheets import read_sheet
from sync.errors import ConfigurationError, Rejected, Unavailable, WebhookRefused
from sync.ports import Incoming
from sync.returning import Refusal

HOUR = timedelta(hours=1)
WHY = Refusal(why="Billing code is missing", what_to_do="Enter it.")


@asynccontextmanager
async def directory(place: Place, **options: Any) -> AsyncIterator[Any]:
    files = build("csv", {"directory": str(place.path), "entities": ENTITIES, **options}, name="files")
    try:
        yield files
    finally:
        await files.close()


async def poll(files: Any, cursor: Any = None, now: Any = NOW) -> tuple[list[Any], Any]:
    """All changes there are, with the cursor through JSON as the ledger keeps it."""
    seen: list[Any] = []
    for _ in range(100):
        page = await files.changes("orders", cursor, now=now)
        cursor = json.loads(json.dumps(page.cursor))
        seen += page.changes
        if not page.more:
            return seen, cursor
    raise AssertionError("the walk does not end")


def ids(changes: list[Any]) -> list[str]:
    return [each.record_id for each in changes]


def orders(first: int, count: int) -> str:
    return "order_id,customer,amount\n" + "".join(f"{n},C{n},{n}.00\n" for n in range(first, first + count))


async def test_a_content_is_read_once_under_whatever_name_and_however_often_it_is_put_there() -> None:
    place = Place()
    async with directory(place) as files:
        first, cursor = await poll(files)
        place.put("orders.csv", place.text("orders.csv"), at=NOW - HOUR / 2)  # touched
        again, cursor = await poll(files, cursor)
        assert again == []
        place.put("orders (1).csv", place.text("orders.csv"), at=NOW - HOUR / 2)
        copy, cursor = await poll(files, cursor)
        assert [each.key for each in copy] == [each.key for each in first]  # the ledger takes it for the same
        (place.path / "orders.csv").unlink()
        assert (await poll(files, cursor))[0] == []
        assert [each.key for each in (await poll(files))[0]] == [each.key for each in first]


async def test_a_content_that_comes_back_after_another_one_is_news() -> None:
    place = Place()
    before = place.text("orders.csv")
    async with directory(place) as files:
        first, cursor = await poll(files)
        place.put("orders.csv", before.replace("10.50", "11.00"), at=NOW - HOUR / 2)
        changed, cursor = await poll(files, cursor)
        place.put("orders.csv", before, at=NOW - HOUR / 3)
        back, _ = await poll(files, cursor)
        assert ids(first) == ids(changed) == ids(back) == ["1"]
        assert len({each.key for each in (*first, *changed, *back)}) == 3
        assert (await files.read("orders", "1"))["amount"] == "10.50"


async def test_thousands_of_rows_come_page_by_page_and_go_on_after_a_crash_in_the_middle() -> None:
    place = Place()
    place.put("orders-big.csv", orders(100, 2600), at=NOW - HOUR / 2)
    async with directory(place) as files:
        cursor, seen = None, []
        for _ in range(2):
            page = await files.changes("orders", cursor, now=NOW)
            cursor, seen = json.loads(json.dumps(page.cursor)), [*seen, *page.changes]
    async with directory(place) as files:  # another process
        rest, _ = await poll(files, cursor)
    assert ids([*seen, *rest]) == ["1", *(str(n) for n in range(100, 2700))]


async def test_a_file_that_is_put_back_while_another_content_is_being_read_is_read_again() -> None:
    place = Place()
    before = orders(100, 2)
    place.put("orders.csv", before, at=NOW - HOUR)
    async with directory(place) as files:
        first, cursor = await poll(files)
        place.put("orders.csv", orders(100, 700).replace("C100", "other"), at=NOW - HOUR / 2)
        page = await files.changes("orders", cursor, now=NOW)
        assert page.more and page.changes[0].record_id == "100"
        place.put("orders.csv", before, at=NOW - HOUR / 3)
        rest, _ = await poll(files, json.loads(json.dumps(page.cursor)))
    assert ids(rest) == ["100", "101"]
    assert not {each.key for each in rest} & {each.key for each in (*first, *page.changes)}


async def test_a_file_that_is_moved_away_while_it_is_read_is_read_to_its_end() -> None:
    place = Place()
    place.put("orders.csv", orders(100, 700), at=NOW - HOUR)
    async with directory(place) as files:
        page = await files.changes("orders", None, now=NOW)
        (place.path / "orders.csv").rename(place.path / "done.txt")
        rest, cursor = await poll(files, json.loads(json.dumps(page.cursor)))
        assert ids([*page.changes, *rest]) == [str(n) for n in range(100, 800)]
        assert (await poll(files, cursor))[0] == []


async def test_a_file_that_is_still_being_written_waits() -> None:
    place = Place()
    async with directory(place) as files:
        _, cursor = await poll(files)
        place.put("orders-2.csv", orders(5, 2), at=NOW - timedelta(seconds=2))
        place.put("orders-3.csv.part", orders(7, 2), at=NOW - HOUR)
        place.put(".orders-4.csv", orders(8, 2), at=NOW - HOUR)
        seen, cursor = await poll(files, cursor)
        assert seen == []
        place.put("orders-2.csv", orders(5, 3), at=NOW - timedelta(seconds=1))
        seen, cursor = await poll(files, cursor, NOW + timedelta(seconds=10))
        assert ids(seen) == ["5", "6", "7"]


async def test_history_is_left_alone_unless_it_is_asked_for_and_an_old_file_moved_in_later_is_news() -> None:
    place = Place()
    async with directory(place) as files:
        assert ids((await poll(files, files.start_at("orders", NOW - 2 * HOUR)))[0]) == ["1"]
        cursor = files.start_at("orders", NOW)
        assert (await poll(files, cursor))[0] == []
        place.put("orders-old.csv", orders(5, 1), at=NOW - 100 * HOUR)
        assert ids((await poll(files, cursor))[0]) == ["5"]


async def test_a_file_may_be_replaced_or_moved_away_before_its_rows_are_delivered() -> None:
    place = Place()
    async with directory(place) as files:
        _, cursor = await poll(files)
        place.put("orders.csv", orders(5, 1), at=NOW - HOUR / 2)
        _, cursor = await poll(files, cursor)
        assert (await files.read("orders", "1"))["customer"] == "Acme"
        (place.path / "orders.csv").unlink()
        assert (await files.read("orders", "5"))["customer"] == "C5"
        await poll(files, cursor, datetime.now(UTC) + timedelta(days=31))
        with pytest.raises(Rejected) as gone:
            await files.read("orders", "5")
        assert gone.value.reason == "not_found"


def rows_of(text: str | bytes, **said: Any) -> Any:
    entity = CsvEntity(**{"files": "*.csv", "key": "id", "numbers": ("amount",), **said})
    return read_sheet("a.csv", text if isinstance(text, bytes) else text.encode(), entity)


def test_encodings_delimiters_and_decimal_signs_are_read_as_declared() -> None:
    french = 'id;nom;amount\n1;Müller & Söhne;1.234,50\n2;"zwei\nZeilen";12,5-\n'
    for text in (french.encode("cp1252"), french.encode("utf-8-sig"), french.encode("utf-16")):
        sheet = rows_of(text, encoding="cp1252", delimiter=";", decimal=",")
        assert [(row.record["nom"], row.record["amount"]) for row in sheet.rows] == [
            ("Müller & Söhne", "1234.50"), ("zwei\nZeilen", "-12.5"),
        ]  # fmt: skip
    assert rows_of("sep=|\nid|amount\n1|2\n").rows[0].record == {"id": "1", "amount": "2"}
    assert rows_of("id\tamount\r\n1\t2\r\n", delimiter="tab").rows[0].record == {"id": "1", "amount": "2"}


@pytest.mark.parametrize(
    ("text", "decimal", "read"),
    [("1,234.56", ".", "1234.56"), ("1.234,56", ",", "1234.56"), ("1'234.50", ".", "1234.50"), ("1 234,5", ",", "1234.5"),
     ("1.234", ",", "1234"), ("1.234", ".", "1.234"), ("12,34,56", ",", "12,34,56"), ("1,23", ".", "1,23"),
     ("5,00-", ",", "-5.00"), ("abc", ",", "abc"), ("1.23.4", ",", "1.23.4"), ("", ".", "")],
)  # fmt: skip
def test_a_number_is_read_in_one_way_or_left_as_it_stands(text: str, decimal: str, read: str) -> None:
    assert number_read(text, decimal) == read


def test_what_cannot_be_read_is_said_by_file_and_line() -> None:
    for text, said, words in (
        ("id,name\n1,M\xfcller\n".encode("latin-1"), {}, "line 2 is not utf-8; declare the `encoding`"),
        ("order,name\n1,x\n", {}, "it has no column id; its columns are order, name"),
        ("id,id\n1,2\n", {}, "two columns called id"),
        ('id,name\n1,"open\n2,x\n', {}, "line 2"),
        ("", {}, "it is empty"),
        (b"\xff\xfeabc", {}, "line 1 is not utf-16"),
    ):
        sheet = rows_of(text, **said)
        assert sheet.rows[0].id == "a.csv" and words in sheet.rows[0].problem, sheet.rows[0].problem
    sheet = rows_of("id,name\n1,x\n2,y,z\n,w\n3,p\n3,q\n4,r\n4,r\n")
    assert [(row.id, row.problem) for row in sheet.rows] == [
        ("1", ""),
        ("a.csv line 3", "line 3 of a.csv has 3 cells, and its first line 2"),
        ("a.csv line 4", "line 4 of a.csv has no id that can be used"),
        ("3", "3 stands in a.csv more than once with different values: lines 5, 6"),
        ("4", ""),
    ]


async def test_a_row_that_cannot_be_read_stops_by_itself_until_the_file_is_corrected() -> None:
    place = Place()
    place.put("orders.csv", "order_id,customer,amount\n1,a,1\n2,b,2\n2,c,3\n", at=NOW - HOUR)
    async with directory(place) as files:
        changes, _ = await poll(files)
        assert ids(changes) == ["1", "2"]
        with pytest.raises(Rejected, match="more than once") as refused:
            await files.read("orders", "2")
        assert refused.value.reason == "unreadable_file"
        place.put("orders.csv", "order_id,customer,amount\n1,a,1\n2,b,2\n", at=NOW)
        assert (await files.read("orders", "2"))["customer"] == "b"


async def test_refused_rows_come_back_beside_the_file_once_and_go_when_they_went_through() -> None:
    place = Place()
    place.put("orders.csv", 'order_id,customer,amount\n1,"=HYPERLINK(""http://x"")",1\n2,b,2\n', at=NOW - HOUR)
    async with directory(place) as files:
        await poll(files)
        for record_id in ("1", "2", "1"):
            await files.refused("orders", record_id, WHY)
        text = place.text("orders.rejected.csv")
        assert list(csv.DictReader(io.StringIO(text))) == [
            {"meshline_record": n, "order_id": n, "customer": c, "amount": n, "refused_because": "Billing code is missing",
             "what_to_do": "Enter it."} for n, c in (("1", "'=HYPERLINK(\"http://x\")"), ("2", "b"))
        ]  # fmt: skip
        assert (await poll(files))[0] != [] and len(list(place.path.glob("*.rejected.csv"))) == 1
        place.put("orders-fixed.csv", text, at=NOW - HOUR / 2)  # as people put it back
        assert (await files.read("orders", "1"))["customer"] == '=HYPERLINK("http://x")'
        await files.settled("orders", "2")
        assert "b" not in [row["customer"] for row in csv.DictReader(io.StringIO(place.text("orders.rejected.csv")))]
        await files.settled("orders", "1")
        await files.settled("orders", "1")
        assert not list(place.path.glob("*.rejected.csv"))


@pytest.mark.parametrize(
    ("meant", "cell"),
    [("=1+1", "'=1+1"), ("+49 30 1", "'+49 30 1"), ("-5.00", "-5.00"), ("+5", "+5"), ("@x", "'@x"), ("'=x", "''=x"),
     ("'quoted'", "'quoted'"), ("-", "'-"), ("\t=1", "'\t=1"), ("", ""), ("a=b", "a=b"), ("-1+2", "'-1+2")],
)  # fmt: skip
def test_no_cell_is_a_formula_and_each_reads_back_as_it_was_meant(meant: str, cell: str) -> None:
    assert guarded(meant) == cell and unguarded(cell) == meant


async def test_a_record_is_one_row_found_by_its_reference_whoever_writes_at_once() -> None:
    place = Place()
    async with directory(place) as one, directory(place) as other:
        asked = [
            each.create("invoices", f"r{n}", {"customer": "=x", "total": "-1.50"})
            for n in range(20)
            for each in (one, other)
        ]
        got = await asyncio.gather(*asked, return_exceptions=True)
        assert [each.reason for each in got if isinstance(each, Rejected)] == ["reference_taken"] * 20
        made = await one.find("invoices", "r7")
        assert (made.id, made.status, made.record["customer"], made.record["total"]) == ("r7", "draft", "=x", "-1.50")
        assert (await one.update("invoices", "r7", {"total": "2.00"})).record["total"] == "2.00"
        assert (await one.post("invoices", "r7")).status == (await other.post("invoices", "r7")).status == "posted"
        for refused in (one.update("invoices", "r7", {"total": "3"}), one.void("invoices", "r7")):
            with pytest.raises(Rejected, match="is not changed any more"):
                await refused
    rows = list(csv.DictReader(io.StringIO(place.text("invoices.csv"))))
    assert len(rows) == 21 and rows[0]["reference"] == "old"
    assert {"reference": "r7", "customer": "'=x", "total": "2.00", "status": "posted"} in rows


CUT = """
import os, sys
from pathlib import Path
from sync.connectors.csv_books import Book
book = Book(path=Path(sys.argv[1]), heads=("reference", "customer", "total", "status"), key="reference", sign=",", encoding="utf-8")
real = Path.replace
def killed(self, target):
    if sys.argv[2] == "after":
        real(self, target)
    os.kill(os.getpid(), 9)
Path.replace = killed
class Asked:
    @staticmethod
    def change(rows):
        rows["new"] = {"reference": "new"}
book._together([Asked])
"""


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_process_that_dies_while_it_writes_leaves_the_old_file_or_the_new_one(when: str) -> None:
    place = Place()
    command = [sys.executable, "-c", CUT, str(place.path / "invoices.csv"), when]
    done = await asyncio.to_thread(subprocess.run, command, env={**os.environ, "PYTHONPATH": "."}, check=False)
    assert done.returncode == -signal.SIGKILL
    async with directory(place) as files:
        found = await files.find("invoices", "new")
        assert (found is not None) == (when == "after")
        if found is None:
            await files.create("invoices", "new", {})
    assert place.text("invoices.csv").count("new") == 1


async def test_what_the_file_cannot_hold_is_refused_and_nothing_is_written() -> None:
    place = Place()
    before = place.text("invoices.csv")
    entities = {"invoices": {**ENTITIES["invoices"], "encoding": "cp1252"}}
    async with directory(place, entities=entities) as files:
        for body, words in (({"lines": [1]}, "none of the columns"), ({"customer": [1]}, "no cell holds"),
                            ({"customer": "株式会社"}, "cp1252 cannot write")):  # fmt: skip
            with pytest.raises(Rejected, match=words):
                await files.create("invoices", "r", body)
    assert place.text("invoices.csv") == before
    place.put("invoices.csv", "reference,customer\nold,x\n", at=NOW)
    async with directory(place) as files:
        with pytest.raises(Rejected, match=r"invoices\.csv has no column total, status") as drifted:
            await files.create("invoices", "r", {})
        assert drifted.value.reason == "schema_drift"


def upload(body: bytes, *, token: str = "Bearer geheim", query: str = "") -> Incoming:
    return Incoming(
        method="POST", url=f"http://x/hooks/files{query}", headers={"authorization": token} if token else {}, body=body
    )


async def test_an_uploaded_file_comes_with_its_rows_or_is_refused_whole_with_the_reasons() -> None:
    place = Place()
    async with directory(place, token="geheim") as files:
        first = files.accept(upload(b"order_id,amount\n7,1.5\n"), now=NOW)
        assert [(each.record_id, each.payload) for each in first] == [
            ("7", {"order_id": "7", "amount": "1.5", "id": "7"})
        ]
        assert files.accept(upload(b"order_id,amount\n7,1.5\n"), now=NOW)[0].key == first[0].key
        for incoming, status, words in (
            (upload(b"order_id\n7\n", token=""), 401, "Authorization"),
            (upload(b"order_id\n7\n", token="Bearer x"), 401, "Authorization"),
            (upload(b"order_id\n7\n", query="?entity=invoices"), 400, "orders"),
            (upload(b"order_id,amount\n7\n,2\n"), 400, "line 2 of the file has 1 cells"),
            (upload(b"<html>"), 400, "no column order_id"),
        ):
            with pytest.raises(WebhookRefused) as refused:
                files.accept(incoming, now=NOW)
            assert refused.value.status == status and words in refused.value.detail
    async with directory(place) as files:
        with pytest.raises(WebhookRefused, match="takes no uploads"):
            files.accept(upload(b"order_id\n7\n"), now=NOW)


async def test_the_columns_are_those_of_the_newest_file() -> None:
    place = Place()
    async with directory(place) as files:
        assert set((await files.describe("orders")).fields) == {"id", "order_id", "customer", "amount"}
        place.put("orders-2.csv", "order_id,client,amount\n1,x,1\n", at=NOW)
        assert "client" in (await files.describe("orders")).fields
        place.put("orders-3.csv", "id,client\n1,x\n", at=NOW + HOUR)
        with pytest.raises(Unavailable, match="no column order_id"):
            await files.describe("orders")


def test_options_that_contradict_each_other_are_told() -> None:
    for entity, words in (
        ({"key": "id"}, "either `files`"),
        ({"key": "id", "write": "a.csv"}, "names its `columns`"),
        ({"key": "id", "files": "*.csv", "decimal": ","}, "both the delimiter and the decimal sign"),
        ({"key": "id", "files": "../*.csv"}, "pattern"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            build("csv", {"directory": "x", "entities": {"a": entity}}, name="files")
