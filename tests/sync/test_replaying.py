"""Recorded replay: what records of the past become under two versions, and the exact list of fields in which the two differ."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sync.mapping import put
from sync.model import Overlay, Record
from sync.recorded import Recorded
from sync.replaying import Comparing, Comparison, Example, compare_recorded
from sync.workspace import load
from sync.workspace.samples import read_samples
from sync.workspace.workspace import Workspace
from tests.world import MONDAY

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
OLD = load(EXAMPLE)
FLOW = "flows/quote_to_cash.yaml"
SAMPLES = {Path(document.file).stem: sample.record or {} for document, sample in read_samples(EXAMPLE)[0]}
CLEAN = SAMPLES["clean"]


def recorded(number: int, record: Record = CLEAN, *overlays: Overlay, flow: str = "quote_to_cash") -> Recorded:
    return Recorded(
        delivery_id=number, event_id=number, flow=flow, connection="crm", entity="deals", subject=f"deals:{number}",
        at=MONDAY, record=put(record, "id", str(number)), overlays=overlays,
    )  # fmt: skip


@pytest.fixture
def edited(tmp_path: Path):
    """The example with texts replaced in its files: (file, old text, new text)."""

    def edit(*edits: tuple[str, str, str]) -> Workspace:
        directory = tmp_path / "new"
        shutil.copytree(EXAMPLE, directory)
        for file, before, after in edits:
            words = (directory / file).read_text(encoding="utf-8")
            assert before in words
            (directory / file).write_text(words.replace(before, after), encoding="utf-8")
        return load(directory)

    return edit


def places(found: Comparison) -> dict[tuple[str, str], int]:
    return {(each.write, each.path): each.records for each in found.fields}


def test_the_same_version_twice_is_equal_and_adds_up_the_same() -> None:
    found = compare_recorded([recorded(1), recorded(2), recorded(3, SAMPLES["missing_lines"])], OLD, OLD)
    assert found.equal and found.records == 3
    [total] = found.totals
    assert (total.currency, total.before, total.after, total.difference) == ("EUR", 2 * 596_000, 2 * 596_000, 0)


def test_a_changed_transform_and_a_changed_key_are_named_field_by_field(edited) -> None:
    new = edited(
        (FLOW, "{to: payment_terms, from: payment_terms,", "{to: payment_terms, from: billing_code,"),
        (FLOW, 'key: "crm-deal-{id}"', 'key: "deal-{id}"'),
    )
    found = compare_recorded([recorded(7), recorded(8)], OLD, new)
    assert places(found) == {
        ("invoice", "payment_terms"): 2, ("invoice", "@key"): 2, ("posted", "@key"): 2,
    }  # fmt: skip
    first = next(each for each in found.fields if each.path == "payment_terms").examples[0]
    terms, code = CLEAN["payment_terms"], CLEAN["billing_code"]
    assert first == Example(event_id=7, subject="deals:7", path="payment_terms", before=terms, after=code)
    assert found.outcomes == () and found.differing == 2


def test_a_field_that_differs_in_many_lines_of_a_record_counts_the_record_once(edited) -> None:
    new = edited((FLOW, '"name || product_code", transform: clip200', "product_code, transform: clip200"))
    lines = [{**CLEAN["lines"][0], "quantity": "1", "price": "2490.00", "name": f"Line {n}"} for n in range(3)]
    record = {**CLEAN, "lines": lines, "amount": "7470.00"}
    found = compare_recorded([recorded(1, record)], OLD, new)
    [change] = found.fields
    assert (change.write, change.path, change.records) == ("invoice", "lines[*].description", 1)
    assert change.examples[0].path == "lines[0].description"


def test_a_record_that_stops_now_and_one_that_goes_through_now_are_outcomes_with_their_money(edited) -> None:
    new = edited(
        (FLOW, "- {check: required, path: closedate}", "- {check: required, path: contract_note}"),
        (FLOW, "- {check: required, path: lines, reason: missing_lines}", ""),
    )
    found = compare_recorded([recorded(1), recorded(2, SAMPLES["missing_payment_terms"])], OLD, new)
    assert {(each.before, each.after, each.records) for each in found.outcomes} == {
        ("record", "stopped by missing_field at contract_note", 1),
        (
            "stopped by missing_payment_terms at payment_terms",
            "stopped by missing_field at contract_note, missing_payment_terms at payment_terms",
            1,
        ),
    }
    [total] = found.totals
    assert (total.before, total.after, total.difference) == (596_000, 0, -596_000)


def test_the_decisions_of_the_time_apply_on_both_sides() -> None:
    filled = Overlay(path="billing_code", found="", action="set", value="BC-1", reason="missing_billing_code")
    record = SAMPLES["missing_billing_code"]
    [total] = compare_recorded([recorded(1, record, filled), recorded(2, record)], OLD, OLD).totals
    assert total.before == total.after == 596_000


def test_a_picked_relation_is_counted_because_nobody_was_asked_for_it() -> None:
    picked = Overlay(path="company.id", found="", action="set", value="2001", reason="missing_account")
    found = compare_recorded([recorded(1, SAMPLES["missing_account"], picked)], OLD, OLD)
    assert found.equal and found.picked == 1


def test_a_flow_that_is_gone_and_one_that_reads_something_else_take_up_nothing(edited) -> None:
    gone = replace(OLD, flows={})
    [change] = compare_recorded([recorded(1)], OLD, gone).outcomes
    assert (change.before, change.after) == ("record", "not taken up: there is no such flow")
    flow = OLD.flow("quote_to_cash")
    moved = flow.model_copy(update={"trigger": flow.trigger.model_copy(update={"entity": "orders"})})
    [change] = compare_recorded([recorded(1)], OLD, replace(OLD, flows={flow.name: moved})).outcomes
    assert change.after == "not taken up: the flow reads orders of crm"


def test_a_write_that_is_left_out_is_said_once_and_not_field_by_field(edited) -> None:
    new = edited((FLOW, "  - name: billed", "  - name: told"))
    found = compare_recorded([recorded(1)], OLD, new)
    assert places(found) == {("billed", "@write"): 1, ("told", "@write"): 1}
    one = next(each for each in found.fields if each.write == "billed")
    assert (one.examples[0].before, one.examples[0].after) == ("update crm/deals", "")


def test_a_comparison_of_many_records_keeps_three_examples_of_each_field(edited) -> None:
    new = edited((FLOW, 'key: "crm-deal-{id}"', 'key: "deal-{id}"'))
    comparing = Comparing(OLD, new)
    for number in range(200):
        comparing.add(recorded(number))
    found = comparing.result()
    assert (found.records, found.differing) == (200, 200)
    assert all(each.records == 200 and len(each.examples) == 3 for each in found.fields)
