"""Flags let a rule roll out: who is in follows from the record alone, and stays so while the share grows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from sync.inforce import in_force, is_in
from sync.model import Violations
from sync.prepare import prepare
from sync.workspace import load
from sync.workspace.conditions import Cohort, cohort
from sync.workspace.flow import Flow
from sync.workspace.loader import attempt

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
WORKSPACE = load(EXAMPLE)


def flow_of(checks: list[dict[str, Any]], rows: list[dict[str, Any]], **flags: str | dict[str, Any]) -> Flow:
    write = {
        "name": "w",
        "connection": "erp",
        "entity": "invoice",
        "operation": "create",
        "key": "k-{id}",
        "record": rows,
    }
    flow = Flow.model_validate({
        "flow": "test", "title": "Test", "version": 1, "owner": "revops", "contract": "deal@1.0.0", "checks": checks,
        "trigger": {"connection": "crm", "entity": "deals"}, "record": {"title": "id"}, "writes": [write],
    })  # fmt: skip
    known = {name: Cohort.model_validate(flag) if isinstance(flag, dict) else flag for name, flag in flags.items()}
    return flow.with_flags({name: cohort(flag) for name, flag in known.items()})


CHECK = {"check": "required", "path": "po", "flag": "strict"}


@pytest.mark.parametrize(
    ("flag", "record", "stops"),
    [
        ("on", {"id": "7"}, True),
        ("off", {"id": "7"}, False),
        ("100%", {"id": "7"}, True),
        ("0%", {"id": "7"}, False),
        ({"of": ["7", 8]}, {"id": "7"}, True),
        ({"of": ["7", 8]}, {"id": "8"}, True),
        ({"of": ["7"]}, {"id": "9"}, False),
        ({"by": "company.id", "of": [2]}, {"id": "9", "company": {"id": "2"}}, True),
        ({"by": "sum(id)", "share": "99%"}, {"id": "7"}, False),
    ],
)
def test_a_check_is_in_force_where_its_flag_is_on(flag: Any, record: dict[str, Any], stops: bool) -> None:
    assert isinstance(prepare(record, flow_of([CHECK], [], strict=flag), WORKSPACE), Violations) == stops


def test_a_share_is_about_as_large_as_it_says_and_only_grows() -> None:
    records = [{"id": str(each)} for each in range(2000)]
    inside = {
        share: [each["id"] for each in records if is_in("strict", cohort(share), each)]
        for share in ("10%", "25%", "50%")
    }
    assert [len(each) for each in inside.values()] == pytest.approx([200, 500, 1000], rel=0.15)
    assert set(inside["10%"]) < set(inside["25%"]) < set(inside["50%"])
    assert inside["10%"] != [each["id"] for each in records if is_in("other", cohort("10%"), each)]


def test_rows_roll_out_too_and_checks_keep_their_place() -> None:
    rows = [{"to": "a", "value": 1, "flag": "new"}, {"to": "a", "value": 2, "flag": "old"}, {"to": "b", "from": "id"}]
    checks = [CHECK, {"check": "range", "path": "id", "max": 5}]
    flow = flow_of(checks, rows, new="off", old="on", strict="off")
    [write] = prepare({"id": "3"}, flow, WORKSPACE).writes
    assert write.body == {"a": 2, "b": "3"}
    reduced, _ = in_force({"id": "9"}, flow)
    assert reduced.checks[1] is flow.checks[1]
    assert in_force({"id": "8"}, flow)[0] is reduced
    plain = flow_of(checks[1:], rows[2:])
    assert in_force({"id": "9"}, plain) == (plain, ())


def write(directory: Path, file: str, old: str, new: str) -> None:
    text = (directory / file).read_text(encoding="utf-8")
    assert old in text
    (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")


BREAKS = [
    ("flags: {strict: maybe}", "flag: strict", "'maybe'"),
    ("flags: {strict: 10%}", "flag: strikt", "no flag called 'strikt'"),
    ("flags: {strict: {share: 200%}}", "flag: strict", "`share`"),
    ("flags: {strict: on}", "when: {rule: 'amout_minor > 0'}", "'amout_minor', which is no field"),
    ("flags: {strict: on}", "when: {rule: 'amount > 1.5'}", "`rule` is wrong"),
    ("flags: {strict: on}", "when: {rule: 'true', path: id}", "is wrong"),
    ("flags: {strict: on}", "when: {equals: 5}", "is wrong"),
]


@pytest.mark.parametrize(("flags", "more", "what"), BREAKS)
def test_a_wrong_flag_or_condition_is_one_mistake_with_its_line(
    tmp_path: Path, flags: str, more: str, what: str
) -> None:
    if "rule:" in more:
        pytest.importorskip("cel_expr_python")
    directory = shutil.copytree(EXAMPLE, tmp_path / "workspace")
    write(directory, "meshline.yaml", "retention:", f"{flags}\nretention:")
    write(
        directory,
        "flows/quote_to_cash.yaml",
        "{check: date, path: closedate}",
        f"{{check: date, path: closedate, {more}}}",
    )
    workspace, mistakes = attempt(directory)
    assert workspace is None
    assert [what in each.what for each in mistakes] == [True], mistakes


def test_the_flags_of_the_workspace_reach_its_flows(tmp_path: Path) -> None:
    directory = shutil.copytree(EXAMPLE, tmp_path / "workspace")
    write(directory, "meshline.yaml", "retention:", "flags: {strict: 25%, now: on}\nretention:")
    write(
        directory,
        "flows/quote_to_cash.yaml",
        "{check: date, path: closedate}",
        "{check: date, path: closedate, flag: strict}",
    )
    assert set(load(directory).flow("quote_to_cash").flags) == {"strict", "now"}
