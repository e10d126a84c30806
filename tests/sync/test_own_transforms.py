"""A company's own transforms run beside us: whatever they do, the record is a violation in time and the next one goes on."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from sync.model import Record, Violations
from sync.own import NeverReturned, Own, OwnFailed, own
from sync.prepare import prepare
from sync.workspace import Workspace, load
from sync.workspace.check import check
from sync.workspace.flow import Flow
from sync.workspace.loader import attempt

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
GOOD = """
from decimal import Decimal

RATES = {"EUR": "0.81", "JPY": "1"}


def net(value: str, currency: str | None) -> str:
    return f"{Decimal(value) * Decimal(RATES[currency or 'EUR']):.2f}"


def words(value: str) -> list[str]:
    return sorted(set(value.split()))


def _helper(value: str) -> str:
    return value
"""
BAD = """
from dataclasses import dataclass


@dataclass
class Odd:
    x: int = 1


def loops(value: str) -> str:
    while True:
        pass


def counts(value: str) -> int:
    return sum(range(10**12))


def swallows(value: str) -> str:
    while True:
        try:
            while True:
                pass
        except (Exception, KeyboardInterrupt):
            continue


def fails(value: str) -> str:
    return {"a": "b"}[value]


def halves(value: str) -> object:
    return {"inner": [int(value) / 2]}


def odd(value: str) -> object:
    return Odd()


def eats(value: str) -> str:
    return "x" * 10**11


def swells(value: str) -> str:
    return "x" * 10**7


def recurses(value: str) -> str:
    return recurses(value)


def leaves(value: str) -> str:
    raise SystemExit


def empty(value: str) -> str:
    return ""


def mirror(value: object) -> object:
    return value
"""
TAKES = (
    "loops",
    "counts",
    "swallows",
    "fails",
    "halves",
    "odd",
    "eats",
    "swells",
    "recurses",
    "leaves",
    "empty",
    "mirror",
)
WORKSPACE = load(EXAMPLE)


@pytest.fixture(scope="module")
def bad() -> Own:
    return own(BAD, tuple((name, 1) for name in TAKES))


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("loops", NeverReturned, "did not return; it was in transforms.py:"),
        ("counts", NeverReturned, "did not return"),
        ("swallows", NeverReturned, "did not return"),
        ("fails", OwnFailed, "raised KeyError in transforms.py:29"),
        ("halves", OwnFailed, "returned a float"),
        ("odd", OwnFailed, "returned a Odd, which JSON does not carry"),
        ("eats", OwnFailed, "raised MemoryError"),
        ("swells", NeverReturned, "returned too much"),
        ("recurses", OwnFailed, "raised RecursionError"),
        ("leaves", OwnFailed, "raised SystemExit"),
    ],
)
def test_a_call_that_goes_wrong_is_told_in_time_and_the_next_one_works(
    bad: Own, name: str, kind: type, words: str
) -> None:
    bad.prove()
    began = time.monotonic()
    with pytest.raises(kind) as failed:
        bad.call(name, "7 secret")
    if kind is NeverReturned:
        assert time.monotonic() - began < 2  # a tenth of that where the machine has time for it
    assert words in str(failed.value) or (name == "halves" and "ValueError" in str(failed.value))
    assert "secret" not in str(failed.value)
    assert bad.call("mirror", "again") == "again"


def test_a_float_deep_inside_is_found(bad: Own) -> None:
    with pytest.raises(OwnFailed, match="a float"):
        bad.call("halves", "7")


@pytest.mark.parametrize(
    "value",
    ["", "\x00\u202e", "x" * 99_000, 0, -1, 10**30, None, True, [], {}, {"a": [{"b": None}]}, "\ud83d\ude00", 1.5],
)
def test_every_json_value_comes_there_and_back(bad: Own, value: Any) -> None:
    sent = (
        {"\x00\u202e": "", 1.5: "1.5", "\ud83d\ude00": ""}.get(value, value)
        if not isinstance(value, list | dict)
        else value
    )
    assert bad.call("mirror", value) == sent


def test_a_process_that_somebody_ended_is_begun_again(bad: Own) -> None:
    bad.end()
    assert bad.call("mirror", 5) == 5


def flow_of(*rows: dict[str, Any]) -> Flow:
    write = {
        "name": "w",
        "connection": "erp",
        "entity": "invoice",
        "operation": "create",
        "key": "k-{id}",
        "record": rows,
    }
    return Flow.model_validate({
        "flow": "test", "title": "Test", "version": 1, "owner": "revops", "contract": "deal@1.0.0", "writes": [write],
        "trigger": {"connection": "crm", "entity": "deals"}, "record": {"title": "id", "currency": "currency"},
    })  # fmt: skip


def outcome(mine: Own, record: Record, *rows: dict[str, Any]) -> Any:
    workspace = Workspace(
        **{name: getattr(WORKSPACE, name) for name in WORKSPACE.__slots__ if name != "own"}, own=mine.transforms
    )
    return prepare(record, flow_of(*rows), workspace)


def test_rows_call_them_by_name_with_the_currency_and_beside_ours() -> None:
    good = own(GOOD, (("net", 2), ("words", 1)))
    rows = (
        {"to": "net", "from": "amount", "transform": ["ours.net", "minor_units"]},
        {"to": "words", "from": "name", "transform": ["upper", "ours.words"]},
        {"to": "lines", "each": "lines", "record": [{"to": "n", "from": "price", "transform": "ours.net"}]},
    )
    record = {
        "id": "1",
        "amount": "100.00",
        "currency": "EUR",
        "name": "b a b",
        "lines": [{"price": "10"}, {"price": "20"}],
    }
    [write] = outcome(good, record, *rows).writes
    assert write.body == {"net": 8100, "words": ["A", "B"], "lines": [{"n": "8.10"}, {"n": "16.20"}]}
    assert good.called >= {"net", "words"}


def test_a_record_on_which_one_fails_is_a_violation_at_the_field(bad: Own) -> None:
    rows = [{"to": name, "from": "x", "transform": f"ours.{name}"} for name in ("fails", "halves", "mirror")]
    result = outcome(bad, {"id": "1", "x": "7"}, *rows)
    assert isinstance(result, Violations)
    assert [(each.reason, each.path, each.label) for each in result.found] == [
        ("rule_failed", "x", "Fails"),
        ("rule_failed", "x", "Halves"),
    ]
    assert "KeyError in transforms.py:29" in result.found[0].expected
    required = {"to": "e", "from": "x", "transform": "ours.empty", "required": True}
    assert [each.reason for each in outcome(bad, {"id": "1", "x": "7"}, required).found] == ["missing_field"]


def test_several_that_never_return_cost_the_time_of_one(bad: Own) -> None:
    bad.prove()
    rows = [
        {"to": f"{name}{each}", "from": "x", "transform": f"ours.{name}"}
        for name in ("counts", "loops")
        for each in range(5)
    ]
    began = time.monotonic()
    result = outcome(bad, {"id": "1", "x": "8"}, *rows)
    assert time.monotonic() - began < 2
    assert {each.reason for each in result.found} == {"rule_failed"}
    assert ["was not tried" in each.expected for each in result.found] == [False] + [True] * 9


BROKEN: dict[str, tuple[str, int, str]] = {
    "syntax": ("def net(value: str) -> str:\n    return (\n", 2, "this is not Python"),
    "import": ("import os\n", 1, "do not import os"),
    "import from": ("from socket import socket\n", 1, "do not import socket"),
    "relative import": ("from . import x\n", 1, "do not import"),
    "random": ("x = 1\nimport random\n", 2, "do not import random"),
    "an import that fails": ("from decimal import Nothing\n", 1, "raised ImportError"),
    "an endless loop": ("x = 1\nwhile True:\n    x = x\n", 2, "does not end"),
    "an error": ("x = 1\ny = {}['a']\n", 2, "raised KeyError"),
    "open": ("def f(value: str) -> str:\n    return open(value).read()\n", 2, "`open` is not for transforms"),
    "dunder": ("def f(value: str) -> str:\n    return str(value.__class__)\n", 2, "`__class__`"),
    "a clock": ("from datetime import date\n\n\ndef f(value: str) -> str:\n    return str(date.today())\n", 5, "reads a clock"),
    "a float": ("def f(value: str) -> str:\n    return str(int(value) * 0.9)\n", 2, "a float stands near money"),
    "float()": ("def f(value: str) -> str:\n    return str(float(value))\n", 2, "a float stands near money"),
    "memory": ("N = 0\n\n\ndef f(value: str) -> int:\n    global N\n    return N\n", 5, "remembers"),
    "untyped": ("def f(value):\n    return value\n", 1, "is not typed"),
    "too many": ("def f(a: str, b: str, c: str) -> str:\n    return a\n", 1, "takes other things"),
    "none": ("def f() -> str:\n    return ''\n", 1, "takes other things"),
    "star": ("def f(*a: str) -> str:\n    return ''\n", 1, "takes other things"),
    "async": ("async def f(value: str) -> str:\n    return value\n", 1, "asynchronous"),
    "bare except": ("def f(value: str) -> str:\n    try:\n        return value\n    except:\n        return ''\n", 4, "catches everything"),
    "binary": ("\x00\n", 1, "not UTF-8"),
    "deep": ("x = " + "(" * 500 + ")" * 500 + "\n", 1, "this is not Python"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_a_mistake_with_its_line(tmp_path: Path, name: str) -> None:
    source, line, what = BROKEN[name]
    directory = shutil.copytree(EXAMPLE, tmp_path / "workspace")
    (directory / "transforms.py").write_text(source, encoding="utf-8")
    workspace, mistakes = attempt(directory)
    assert workspace is None
    assert [(each.file, each.line, what in each.what) for each in mistakes] == [("transforms.py", line, True)], mistakes


def test_a_workspace_with_transforms_loads_and_a_misspelt_one_is_named(tmp_path: Path) -> None:
    directory = shutil.copytree(EXAMPLE, tmp_path / "workspace")
    (directory / "transforms.py").write_text(GOOD, encoding="utf-8")
    file = directory / "flows" / "quote_to_cash.yaml"
    text = file.read_text(encoding="utf-8")
    for name, right in (("ours.words", True), ("ours.wrds", False)):
        file.write_text(
            text.replace("from: company.vat_id, transform: text", f"from: company.vat_id, transform: {name}"),
            encoding="utf-8",
        )
        workspace, mistakes = attempt(directory)
        assert (workspace is not None) == right
        assert right or "did you mean `ours.words`?" in mistakes[0].right


def test_what_no_sample_calls_is_a_mistake_though_the_workspace_loads(tmp_path: Path) -> None:
    directory = shutil.copytree(EXAMPLE, tmp_path / "workspace")
    (directory / "transforms.py").write_text(GOOD, encoding="utf-8")
    file = directory / "flows" / "quote_to_cash.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("from: company.vat_id, transform: text", "from: company.vat_id, transform: ours.words"),
        encoding="utf-8",
    )
    report = check(directory)
    mine = [each for each in report.mistakes if each.file == "transforms.py"]
    assert report.workspace is not None
    assert [(each.line, each.what) for each in mine] == [(7, "no sample calls `net`")]
