"""Two directories compared: what is told of a side with mistakes, where each change stands, and what its proposer left out."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sync.workspace import load
from sync.workspace.diff import Category, Change, diff
from sync.workspace.diff.comparing import Comparison, compare
from sync.workspace.documents import read
from sync.workspace.loader import attempt
from tests.sync.diff.pairs import DEAL, EXAMPLE, FLOW, INVOICE, PRICES, SETTINGS, Edit, apply, made
from tests.sync.diff.test_diff import PAIRS
from tests.sync.diff.verdicts import Pair

pytestmark = pytest.mark.slow

SAMPLE = "samples/deals/clean.yaml"
OWNER = "  - property: owner\n    value: sales-ops\n"
RENAME = Edit(DEAL, "name: billing_code,", "name: billing_reference,")
Compare = Callable[..., Comparison]


@pytest.fixture
def edited(tmp_path: Path) -> Compare:
    """The example compared with itself after some edits."""

    def compared(*edits: Edit, proposer: str = "") -> Comparison:
        shutil.copytree(EXAMPLE, tmp_path / "new")
        for edit in edits:
            apply(tmp_path / "new", edit)
        return compare(EXAMPLE, tmp_path / "new", proposer=proposer)

    return compared


NO_WRITE_BACK = Edit(FLOW, "write_back: [billing_code, payment_terms]", "write_back: []")
"""So that a field may go: the example's flow writes decided values back into it."""


def kinds(found: Comparison) -> list[str]:
    return [each.change.kind for each in found.changes]


def test_a_contract_without_owner_is_a_mistake_and_blocks(edited: Compare) -> None:
    found = edited(Edit(DEAL, OWNER, ""), Edit(FLOW, "tolerance: 10%", "tolerance: 12%"))
    assert [each.file for each in found.mistakes] == [DEAL]
    assert found.blocked
    [owner] = [each for each in found.changes if each.change.kind == "owner_removed"]
    assert (owner.change.old, owner.change.approvers) == ("sales-ops", ())
    assert "check_loosened" in kinds(found), "what else changes is told all the same"


@pytest.mark.parametrize("empty", ["  - property: owner\n    value:\n", '  - property: owner\n    value: ""\n'])
def test_an_empty_owner_is_no_owner(edited: Compare, empty: str) -> None:
    assert "owner_removed" in kinds(edited(Edit(DEAL, OWNER, empty)))


def test_of_a_side_with_mistakes_only_the_mistakes_are_told(edited: Compare) -> None:
    found = edited(Edit(FLOW, "owner: revops", "owner: nobody-here"), Edit(DEAL, "name: amount,", "name: total,"))
    assert [(each.file, each.line) for each in found.mistakes] == [(FLOW, 5)]
    assert not found.changes and not found.blocked


@pytest.mark.parametrize(
    ("edit", "kind", "file", "line", "side"),
    [
        (RENAME, "field_renamed", DEAL, "billing_reference", "new"),
        (Edit(DEAL, "resolve: 8h", "resolve: 9h"), "clock_loosened", DEAL, "missing_account", "new"),
        (Edit(DEAL, "  - {property: frequency, value: 5, unit: m}\n", ""), "sla_withdrawn", DEAL, "frequency", "old"),
        (Edit(FLOW, "tolerance: 10%", "tolerance: 12%"), "check_loosened", FLOW, "tolerance", "new"),
        (Edit(FLOW, "      - {to: invoice_number, ref: posted.number}\n", ""), "row_removed", FLOW, "invoice_number", "old"),
        (Edit(FLOW, "from: quantity, transform: integer", "from: quantity, transform: text"), "transform_changed", FLOW, "to: quantity", "new"),
        (Edit(PRICES, "3850.00", "3851.00"), "rows_changed", PRICES, "Atlas Plus", "new"),
        (Edit(PRICES, "Beacon Max,Beacon Max gateway,1749.50,EUR,4000\n", ""), "rows_removed", PRICES, "Beacon Max", "old"),
        (Edit(SETTINGS, "quarantine: 5s", "quarantine: 7s"), "quarantine_changed", SETTINGS, "quarantine: 7s", "new"),
        (Edit("connections/erp.yaml", "status: status", "status: state"), "description_changed", "connections/erp.yaml", "status: state", "new"),
    ],
)  # fmt: skip
def test_a_change_is_shown_where_it_stands(
    edited: Compare, tmp_path: Path, edit: Edit, kind: str, file: str, line: str, side: str
) -> None:
    [found] = [each for each in edited(edit, NO_WRITE_BACK).changes if each.change.kind == kind]
    assert (found.file, found.side) == (file, side)
    text = (EXAMPLE if side == "old" else tmp_path / "new") / file
    assert line in text.read_text(encoding="utf-8").splitlines()[found.line - 1]


def test_a_change_without_sample_and_without_a_word_of_the_dictionary_is_refused(edited: Compare) -> None:
    found = edited(Edit(FLOW, "tolerance: 10%", "tolerance: 12%"), proposer="Dana <dana@northwind.example>")
    [refused] = [each.change for each in found.changes if each.change.kind == "no_samples"]
    assert refused.category is Category.BREAKING and refused.name == "quote_to_cash"
    assert "Dana <dana@northwind.example> proposes it" in refused.hint


@pytest.mark.parametrize(
    "shown",
    [
        Edit(SAMPLE, 'quantity: "2", price: "2490.00"', 'quantity: "2", price: "2490.0"'),
        Edit("samples/deals/new.yaml", "", "sample: Another\nentity: deals\nlike: clean.yaml\nexpect: {record: {}}\n"),
        Edit(DEAL, "Net total as a plain", "The net total as a plain"),
        Edit(FLOW, "Which flow wrote it", "The flow that wrote it"),
    ],
)
def test_a_changed_sample_or_a_changed_word_shows_what_is_meant(edited: Compare, shown: Edit) -> None:
    assert "no_samples" not in kinds(edited(Edit(FLOW, "tolerance: 10%", "tolerance: 12%"), shown))


def test_another_name_of_the_company_shows_nothing(edited: Compare) -> None:
    renamed = Edit(SETTINGS, "name: Northwind Trading", "name: Northwind")
    assert "no_samples" in kinds(edited(Edit(FLOW, "tolerance: 10%", "tolerance: 12%"), renamed))


def test_people_and_clocks_need_no_sample(edited: Compare) -> None:
    found = edited(Edit(DEAL, "resolve: 8h", "resolve: 9h"), Edit(FLOW, "attempts: 6", "attempts: 5"))
    assert not found.blocked and len(found.of(Category.APPROVAL)) == 2


def test_what_samples_hold_tells_a_rename_that_no_name_and_no_place_tells(edited: Compare, tmp_path: Path) -> None:
    row = "      - {name: payment_terms, logicalType: string, required: true, businessName: Payment terms}\n"
    renamed = (
        Edit(DEAL, row, ""),
        Edit(DEAL, "      - {name: dealname,", "      - {name: due, logicalType: string}\n      - {name: dealname,"),
    )
    plain = edited(*renamed, NO_WRITE_BACK)
    assert "field_removed" in kinds(plain)
    for sample in (tmp_path / "new" / "samples" / "deals").glob("*.yaml"):
        sample.write_text(
            sample.read_text(encoding="utf-8").replace("payment_terms: NET", "due: NET"), encoding="utf-8"
        )
    told = compare(EXAMPLE, tmp_path / "new")
    [change] = [each.change for each in told.changes if each.change.kind == "field_renamed"]
    assert (change.old, change.new) == ("payment_terms", "due")


def test_nothing_changes_between_a_workspace_and_itself(tmp_path: Path) -> None:
    assert diff(load(EXAMPLE), load(EXAMPLE)) == ()
    assert diff(load(made(tmp_path / "one")), load(made(tmp_path / "two"))) == ()


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: _shuffled(value[key], chance) for key in keys}
    return [_shuffled(each, chance) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_keys_means_nothing(tmp_path: Path, seed: int) -> None:
    directory = made(tmp_path / "shuffled")
    for file in directory.rglob("*.yaml"):
        value = _shuffled(read(directory, file.relative_to(directory).as_posix()).value, random.Random(seed))
        file.write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), encoding="utf-8")
    assert diff(load(made(tmp_path / "plain")), load(directory)) == ()


PLAIN = [name for name, each in PAIRS.items() if not each.more]


@given(names=st.lists(st.sampled_from(PLAIN), min_size=2, max_size=2, unique=True))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_two_edits_both_are_told(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    room = tmp_path_factory.mktemp("both")
    first, second = (PAIRS[name] for name in names)
    try:
        directory = made(room / "new", first.edit, second.edit)
    except AssertionError:
        assume(False)
    workspace, _ = attempt(directory)
    assume(workspace is not None)
    assert workspace is not None
    changes = diff(load(made(room / "old")), workspace)
    for each in (first, second):
        assert any(_tells(change, each) for change in changes), each


def _tells(change: Change, pair: Pair) -> bool:
    """It stands at the pair's place, around or within it; or says the same where a rename took that place to."""
    path = change.path
    if pair.old and (change.old, change.new) == (pair.old, pair.new):
        return True
    return path == pair.path or path.startswith(f"{pair.path}.") or pair.path.startswith(f"{path}.") or path == ""


FILES = (FLOW, DEAL, SETTINGS, INVOICE)


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_value_goes_unseen(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = made(tmp_path_factory.mktemp("leaf") / "new")
    before = load(directory)
    file = data.draw(st.sampled_from(FILES))
    value = read(directory, file).value
    holder, key = data.draw(st.sampled_from(list(_leaves(value))))
    old = holder[key]
    holder[key] = not old if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"{old}x"
    (directory / file).write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), encoding="utf-8")
    after, _ = attempt(directory)
    assume(after is not None)
    assert after is not None
    assert diff(before, after), (file, key, old)


def _leaves(value: Any) -> list[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, inner in pairs:
        found += _leaves(inner) if isinstance(inner, dict | list) else [(value, key)] if inner is not None else []
    return found
