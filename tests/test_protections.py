"""The table of protections is true: what each row takes out stands in its file once, and the tests that it names exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.protections.table import MUTANTS

ROOT = Path(__file__).resolve().parent.parent


@cache
def text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _told(file: str) -> str:
    """The tests of a file; the stories that every connector has to pass are told in one place."""
    return text(file) + (text("sync/connectors/testing/suite.py") if file == "tests/test_connectors.py" else "")


def test_what_a_row_takes_out_stands_in_its_file_once() -> None:
    wrong = [
        f"{one.file}: {one.name}" for one in MUTANTS if text(one.file).count(one.text) != 1 or one.text == one.instead
    ]
    assert wrong == []


def test_the_tests_that_a_row_names_exist() -> None:
    wrong = []
    for one in MUTANTS:
        for named in one.tests:
            file, *names = named.split("::")
            name = names[-1].partition("[")[0] if names else ""
            if not (ROOT / file).exists() or (name and not re.search(rf"(def|class) {re.escape(name)}\b", _told(file))):
                wrong.append(f"{one.name}: {named}")
    assert wrong == []


def test_no_two_rows_are_the_same() -> None:
    rows = [(one.file, one.text, one.instead, one.postgres) for one in MUTANTS]
    assert len(rows) == len(set(rows))
