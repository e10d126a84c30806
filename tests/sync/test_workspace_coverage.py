"""What can stop a record in a flow is shown by a sample, or the check names what is missing and where it would come from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sync.connectors import kinds
from sync.workspace import load
from sync.workspace.check import check
from sync.workspace.coverage import raised
from sync.workspace.documents import read
from sync.workspace.spots import whole

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "quote_to_cash"
FLOW = "flows/quote_to_cash.yaml"
REASONS = {
    "missing_account": "missing_account.yaml", "duplicate_customer": "duplicate_customer.yaml", "missing_lines": "missing_lines.yaml",
    "price_off_list": "price_off_list.yaml", "missing_field": "missing_close_date.yaml", "negative_amount": "negative_amount.yaml",
    "invalid_amount": "malformed_amount.yaml", "unknown_currency": "unknown_currency.yaml", "unknown_value": "unknown_payment_terms.yaml",
}  # fmt: skip


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "workspace")
    return tmp_path / "workspace"


def edit(directory: Path, file: str, old: str, new: str) -> None:
    text = (directory / file).read_text(encoding="utf-8")
    assert old in text
    (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("job", ["examples/quote_to_cash", "tests/faults/job", "benchmarks/job"])
def test_every_workspace_in_the_tree_shows_all_that_can_happen(job: str) -> None:
    report = check(ROOT / job, kinds())
    assert report.ok, (report.mistakes, [each.problems for each in report.samples])


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_without_its_negative_sample_is_named_where_the_flow_raises_it(directory: Path, reason: str) -> None:
    (directory / "samples/deals" / REASONS[reason]).unlink()
    [mistake] = check(directory).mistakes
    assert f"`{reason}`" in mistake.what and f"add a sample that must be stopped by {reason}" in mistake.right
    line = (directory / FLOW).read_text(encoding="utf-8").splitlines()[mistake.line - 1]
    spot = raised(whole(read(directory, FLOW)), load(directory).contracts["deal@1.0.0"])[reason]
    assert mistake.file == FLOW and ("check:" in line or reason in line)
    assert spot.document.line(spot.place) == mistake.line


def test_a_flow_of_which_no_sample_is_written_is_named(directory: Path) -> None:
    for file in (directory / "samples/deals").iterdir():
        text = file.read_text(encoding="utf-8")
        if file.name != "clean.yaml" and "record:" in text:
            file.unlink()
    edit(directory, "samples/deals/clean.yaml", "expect:\n", "expect: {not_due: true}\nrest:\n")
    whats = [each.what for each in check(directory).mistakes]
    assert "no sample shows a record that the flow writes" in whats


def test_a_workspace_without_samples_loads_and_does_not_pass_the_check(directory: Path) -> None:
    shutil.rmtree(directory / "samples")
    report = check(directory)
    assert report.workspace is not None and not report.ok
    assert sum("no sample shows" in each.what for each in report.mistakes) == 15
    assert load(directory).flows


@pytest.mark.parametrize(("flag", "named"), [("off", False), ("0%", False), ("10%", True)])
def test_a_check_that_is_off_for_everybody_needs_no_sample(directory: Path, flag: str, named: bool) -> None:
    edit(directory, "meshline.yaml", "digests:\n", f'flags: {{lengths: "{flag}"}}\ndigests:\n')
    check_ = "  - {check: length, path: dealname, max: 100, reason: missing_document, flag: lengths}\n"
    edit(directory, FLOW, "\nchecks:\n", f"\nchecks:\n{check_}")
    found = [each.what for each in check(directory).mistakes]
    assert found == (["no sample shows what `missing_document` stops"] if named else [])


ROW = "flow: f\nwrites: [{{key: '{key}', record: [{row}]}}]\nchecks: {checks}\n"
CHECKED = "[{check: required, path: a}, {check: regex, path: a, pattern: x, reason: unknown_value}]"


@pytest.mark.parametrize(
    ("row", "raises", "though_checked"),
    [
        ("{to: x, from: a, transform: iso_date}", {"invalid_value"}, set()),
        ("{to: x, from: a, transform: [text, decimal_text]}", {"invalid_amount"}, set()),
        ("{to: x, from: a, lookup: {reference: r, column: c}}", {"invalid_value"}, set()),
        ("{to: x, from: a, required: true}", {"missing_field"}, set()),
        ("{to: x, from: a, required: true, default: 1}", set(), set()),
        ("{to: x, text: '{flow}-{a}'}", {"missing_field"}, set()),
        ("{to: x, each: a, record: [{to: y, from: b, transform: integer}]}", {"invalid_value"}, {"invalid_value"}),
        ("{to: x, from: a, transform: upper}", set(), set()),
    ],
)
def test_a_mapping_row_asks_for_a_sample_where_no_check_answers_for_its_field(
    tmp_path: Path, row: str, raises: set[str], though_checked: set[str]
) -> None:
    for checks, expected in (("[]", raises), (CHECKED, {*though_checked, "missing_field", "unknown_value"})):
        (tmp_path / "flow.yaml").write_text(ROW.format(key="k", row=row, checks=checks), encoding="utf-8")
        assert set(raised(whole(read(tmp_path, "flow.yaml")), None)) == expected


def test_a_key_needs_the_fields_that_it_is_made_of(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(ROW.format(key="{flow}-{id}", row="", checks="[]"), encoding="utf-8")
    assert set(raised(whole(read(tmp_path, "flow.yaml")), None)) == {"missing_field"}


def test_a_row_whose_field_a_check_looks_at_asks_for_nothing_more() -> None:
    flow = read(EXAMPLE, FLOW)
    found = raised(whole(flow), load(EXAMPLE).contracts["deal@1.0.0"])
    assert not any(spot.place[:1] == ("writes",) for reason, spot in found.items() if reason != "invalid_value")
    assert set(found) == {*REASONS, "missing_billing_code", "missing_payment_terms", "unknown_product", "invalid_value",
                          "amount_mismatch"}  # fmt: skip


def test_nothing_is_said_to_be_missing_while_a_sample_cannot_be_read(directory: Path) -> None:
    (directory / "samples/deals/missing_lines.yaml").write_text("sample: [", encoding="utf-8")
    assert [each.file for each in check(directory).mistakes] == ["samples/deals/missing_lines.yaml"]
