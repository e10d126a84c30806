"""Samples live with the contract: the example's all hold, and one that does not hold says where it differs."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator

from sync.connectors import kinds
from sync.workspace.check import Report, check

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
KINDS = kinds()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "workspace")
    return tmp_path / "workspace"


def report_with(directory: Path, sample: dict[str, Any] | str, name: str = "mine.yaml") -> Report:
    words = sample if isinstance(sample, str) else yaml.safe_dump(sample, allow_unicode=True)
    (directory / "samples/deals" / name).write_text(words, encoding="utf-8")
    return check(directory)


def problems(directory: Path, expect: dict[str, Any], **more: Any) -> tuple[str, ...]:
    sample = {"sample": "Mine", "entity": "deals", "like": "clean.yaml", "expect": expect, **more}
    report = report_with(directory, sample)
    assert report.mistakes == ()
    return next(each.problems for each in report.samples if each.file == "samples/deals/mine.yaml")


def test_the_example_holds() -> None:
    report = check(EXAMPLE, KINDS)
    assert report.mistakes == ()
    assert [each for each in report.samples if not each.ok] == []
    assert report.ok
    assert len(report.samples) >= 15


@pytest.mark.parametrize("path", sorted((EXAMPLE / "contracts").glob("*.yaml")), ids=lambda path: path.name)
def test_the_contracts_of_the_example_follow_the_published_standard(path: Path) -> None:
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8"))
    errors = list(Draft201909Validator(schema).iter_errors(yaml.safe_load(path.read_text(encoding="utf-8"))))
    assert errors == []


@pytest.mark.parametrize(
    ("expect", "changes", "problem"),
    [
        ({"record": {"invoice": {"payment_terms": "NET60"}}}, {}, "invoice.payment_terms is 'NET30', expected 'NET60'"),
        ({"record": {"invoice": {"lines": [{"quantity": 3}, {}]}}}, {}, "invoice.lines[0].quantity is 2, expected 3"),
        ({"record": {"invoice": {"lines": []}}}, {}, "invoice.lines is "),
        ({"record": {"invoce": {}}}, {}, "there is no write called invoce; did you mean `invoice`?"),
        (
            {"record": {"invoice": {}}},
            {"amount": "1"},
            "it should become a record, but it is stopped by amount_mismatch at amount",
        ),
        ({"record": {"invoice": {}}}, {"dealstage": "open"}, "but it is not due: dealstage is open, not closedwon"),
        ({"not_due": True}, {}, "it should not be due, but it becomes customer, invoice, posted, billed"),
        ({"reasons": [{"reason": "amount_mismatch", "path": "amount"}]}, {}, "it should be stopped, but it becomes"),
        (
            {"reasons": [{"reason": "unknown_value", "path": "amount"}]},
            {"amount": "1"},
            "unknown_value at amount was not found",
        ),
        ({"reasons": []}, {"amount": "1"}, "amount_mismatch at amount was found and is not expected"),
    ],
)
def test_a_sample_that_comes_out_otherwise_says_where(
    directory: Path, expect: dict[str, Any], changes: dict[str, Any], problem: str
) -> None:
    assert any(problem in each for each in problems(directory, expect, changes=changes))


def test_a_sample_with_a_wrong_outcome_makes_the_whole_report_red(directory: Path) -> None:
    report = report_with(
        directory, {"sample": "Mine", "entity": "deals", "like": "clean.yaml", "expect": {"not_due": True}}
    )
    assert not report.ok
    assert report.mistakes == ()


def test_a_renamed_field_turns_samples_red_without_any_meeting(directory: Path) -> None:
    flow = directory / "flows/quote_to_cash.yaml"
    flow.write_text(
        flow.read_text(encoding="utf-8").replace(
            "{to: billing_code, from: billing_code", "{to: billing_code, from: billing_ref"
        )
    )
    failed = {each.file for each in check(directory).samples if not each.ok}
    assert {"samples/deals/clean.yaml", "samples/deals/filled_billing_code.yaml"} <= failed


@pytest.mark.parametrize(
    ("sample", "what"),
    [
        (
            {"sample": "M", "entity": "deals", "like": "gone.yaml", "expect": {"not_due": True}},
            "no sample with a record called 'gone.yaml'",
        ),
        (
            {"sample": "M", "entity": "deals", "like": "yen.yaml", "expect": {"not_due": True}},
            "no sample with a record called 'yen.yaml'",
        ),
        (
            {"sample": "M", "entity": "deal", "like": "clean.yaml", "expect": {"not_due": True}},
            "no flow is triggered by 'deal'",
        ),
        (
            {"sample": "M", "entity": "deals", "flow": "other", "like": "clean.yaml", "expect": {"not_due": True}},
            "no flow is triggered",
        ),
        ({"sample": "M", "entity": "deals", "expect": {"not_due": True}}, "is wrong"),
        ({"sample": "M", "entity": "deals", "like": "clean.yaml", "expect": {}}, "`expect` is wrong"),
        (
            {
                "sample": "M",
                "entity": "deals",
                "like": "clean.yaml",
                "changes": {"a b": 1},
                "expect": {"not_due": True},
            },
            "is wrong",
        ),
        (
            {"sample": "M", "entity": "deals", "like": "clean.yaml", "expct": {}, "expect": {"not_due": True}},
            "`expct` is no known key",
        ),
        ("sample: [", "not YAML"),
    ],
)
def test_a_sample_that_cannot_be_read_is_a_mistake(directory: Path, sample: dict[str, Any] | str, what: str) -> None:
    report = report_with(directory, sample)
    assert not report.ok
    assert [mistake.file for mistake in report.mistakes] == ["samples/deals/mine.yaml"]
    assert what in report.mistakes[0].what


def test_a_broken_workspace_runs_no_samples_but_reads_them(directory: Path) -> None:
    (directory / "meshline.yaml").write_text("name: 5\n")
    report = report_with(directory, "sample: [")
    assert report.workspace is None
    assert report.samples == ()
    assert {mistake.file for mistake in report.mistakes} == {"meshline.yaml", "samples/deals/mine.yaml"}


def test_the_source_of_a_sample_answers_what_the_flow_asks(directory: Path) -> None:
    twin = {"id": "2077", "name": "Adler", "vat_id": "DE100007919"}
    expect = {"reasons": [{"reason": "duplicate_customer", "path": "company.vat_id"}]}
    assert problems(directory, expect, source={"companies": [twin]}) == ()
    assert problems(directory, expect, source={"companies": [{**twin, "vat_id": "DE9"}]}) != ()
