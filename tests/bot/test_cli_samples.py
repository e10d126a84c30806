"""A resolved exception becomes samples of the workspace: nobody's name stands in them, and they come out as the exception did."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from sync.connectors import kinds
from sync.workspace.check import check
from sync.workspace.documents import read
from tests.bot.hands import DANA, FAYE, PRIYA
from tests.bot.test_cli import Terminal, lived, missing_code, off_list
from tests.bot.test_cli import terminal as terminal
from tests.ledgers import on_sqlite

PRIVATE = ("Acme", "ap@acme.example", "DE123456789", "Workstations", "Petra")


def added(terminal: Terminal, tmp_path: Path, exception: str = "EX-1") -> dict[str, str]:
    """The samples that were written, by file."""
    directory = tmp_path / "company"
    files = terminal.says("samples", "add", exception).split()
    found = {file: (directory / file).read_text(encoding="utf-8") for file in files}
    report = check(directory, kinds())
    assert report.ok, (report.mistakes, [each.problems for each in report.samples if each.problems])
    assert set(files) <= {each.file for each in report.samples}
    assert [(word, file) for file, text in found.items() for word in PRIVATE if word in text] == []
    return found


def test_what_was_stopped_and_what_the_decision_made_of_it_become_two_samples(
    terminal: Terminal, tmp_path: Path
) -> None:
    lived(terminal, tmp_path, missing_code)
    terminal.says("exceptions", "resolve", "EX-1", "--as", DANA, "--set", "billing_code=BC-77")
    found = added(terminal, tmp_path)
    assert list(found) == ["samples/deals/ex-1.yaml", "samples/deals/ex-1-resolved.yaml"]
    stopped = read(tmp_path / "company", "samples/deals/ex-1.yaml").value
    assert stopped["expect"] == {"reasons": [{"reason": "missing_billing_code", "path": "billing_code"}]}
    assert stopped["record"]["amount"] == "4980.00" and stopped["record"]["company"]["country"] == "DE"
    resolved = read(tmp_path / "company", "samples/deals/ex-1-resolved.yaml").value
    assert resolved["overlays"][0]["value"] == "BC-77"
    assert resolved["expect"]["record"]["invoice"]["billing_code"] == "BC-77"
    assert "is there already" in terminal.refuses(1, "samples", "add", "EX-1")


def test_a_price_that_two_people_accepted_is_accepted_in_the_sample_too(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, off_list)
    terminal.says("exceptions", "resolve", "EX-1", "--as", FAYE, "--accept")
    assert "EX-1 is proposed" in terminal.refuses(1, "samples", "add", "EX-1")
    terminal.says("exceptions", "approve", "EX-1", "--as", PRIYA)
    found = added(terminal, tmp_path)
    assert "waive" in found["samples/deals/ex-1-resolved.yaml"]


def test_an_open_exception_is_no_sample_yet(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, missing_code)
    assert "EX-1 is open; a sample shows what was decided" in terminal.refuses(1, "samples", "add", "EX-1")


def test_a_sample_that_would_come_out_otherwise_is_not_written(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, missing_code)
    terminal.says("exceptions", "resolve", "EX-1", "--as", DANA, "--set", "billing_code=BC-77")
    flow = tmp_path / "company/flows/quote_to_cash.yaml"
    text = flow.read_text(encoding="utf-8").replace("reason: missing_billing_code", "reason: missing_field", 1)
    flow.write_text(text, encoding="utf-8")
    said = terminal.refuses(1, "samples", "add", "EX-1")
    assert "does not come out as it did" in said and "missing_billing_code at billing_code was not found" in said
    assert not (tmp_path / "company/samples/deals/ex-1.yaml").exists()


@pytest.mark.parametrize(
    ("exception", "code", "said"),
    [("EX-4711", 1, "no exception EX-4711"), ("EX", 2, "is not an exception"), ("²", 2, "is not an exception")],
)
def test_what_is_no_exception_is_said(terminal: Terminal, exception: str, code: int, said: str) -> None:
    assert said in terminal.refuses(code, "samples", "add", exception)


@on_sqlite
def test_what_retention_let_go_cannot_become_a_sample(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, missing_code)
    terminal.says("exceptions", "resolve", "EX-1", "--as", DANA, "--set", "billing_code=BC-77")
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("UPDATE attempts SET snapshot = NULL")
        database.execute("UPDATE events SET payload = NULL")
    database.close()
    assert "is not kept any more" in terminal.refuses(1, "samples", "add", "EX-1")
    assert not (tmp_path / "company/samples/deals/ex-1.yaml").exists()
