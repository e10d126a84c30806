"""Whole files that come, go or stand beside each other: contracts and their versions, flows, teams, connections, tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.workspace import Workspace, load
from sync.workspace.diff import Category, Change, diff
from tests.sync.diff.pairs import COMPANY, DEAL, FLOW, LINE, PRICES, SETTINGS, Edit, apply, made

BREAKING, PROOF, APPROVAL, SAFE = Category
Made = Callable[..., Workspace]


@pytest.fixture
def after(tmp_path: Path) -> Made:
    def workspace(*edits: Edit, copies: dict[str, str] | None = None, gone: tuple[str, ...] = ()) -> Workspace:
        directory = made(tmp_path / "after")
        for name, copy in (copies or {}).items():
            shutil.copy(directory / name, directory / copy)
        for name in gone:
            (directory / name).unlink()
        for edit in edits:
            apply(directory, edit)
        return load(directory)

    return workspace


@pytest.fixture
def before(tmp_path: Path) -> Workspace:
    return load(made(tmp_path / "before"))


def told(changes: tuple[Change, ...]) -> set[tuple[str, str, Category]]:
    return {(each.kind, each.name, each.category) for each in changes}


def test_a_new_version_beside_the_old_one_is_compared_with_it(before: Workspace, after: Made) -> None:
    newer = "contracts/deal_2.odcs.yaml"
    beside = after(
        Edit(newer, "version: 1.0.0", "version: 1.1.0"),
        Edit(newer, "{name: amount, logicalType: number", "{name: amount, logicalType: string"),
        copies={DEAL: newer},
    )
    found = told(diff(before, beside))
    assert ("type_changed", "deal@1.1.0", BREAKING) in found and ("version_raised", "deal@1.1.0", SAFE) in found
    assert not [each for each in found if each[1] == "deal@1.0.0"], "the old version stands as it was"


def test_a_flow_that_follows_a_new_version_says_so(before: Workspace, after: Made) -> None:
    raised = after(Edit(DEAL, "version: 1.0.0", "version: 2.0.0"), Edit(FLOW, "deal@1.0.0", "deal@2.0.0"))
    found = told(diff(before, raised))
    assert ("contract_version_changed", "quote_to_cash", SAFE) in found and (
        "version_raised",
        "deal@2.0.0",
        SAFE,
    ) in found
    assert ("contract_removed", "deal@1.0.0", APPROVAL) not in found


def test_a_contract_that_goes_needs_an_approval(before: Workspace, after: Made) -> None:
    [gone] = diff(before, after(gone=(COMPANY,)))
    assert (gone.kind, gone.name, gone.category, gone.approvers) == (
        "contract_removed",
        "company@1.0.0",
        APPROVAL,
        ("crm-ops",),
    )


def test_a_new_contract_changes_nothing(before: Workspace, after: Made) -> None:
    found = diff(
        before,
        after(Edit("contracts/b.odcs.yaml", "id: line_item", "id: position"), copies={LINE: "contracts/b.odcs.yaml"}),
    )
    assert told(found) == {("contract_added", "position@1.0.0", SAFE)}


def test_a_flow_that_comes_needs_a_proof_and_one_that_goes_an_approval(before: Workspace, after: Made) -> None:
    second = after(Edit("flows/b.yaml", "flow: quote_to_cash", "flow: again"), copies={FLOW: "flows/b.yaml"})
    assert told(diff(before, second)) == {("flow_added", "again", PROOF)}
    [gone] = diff(second, before)
    assert (gone.kind, gone.category, gone.gone, gone.approvers) == ("flow_removed", APPROVAL, True, ("finance",))


def test_writes_come_go_and_change_places(before: Workspace, after: Made) -> None:
    text = (before.directory / FLOW).read_text(encoding="utf-8")
    billed = text[text.index("\n  - name: billed") :].rstrip()
    [gone] = diff(before, after(Edit(FLOW, billed, "")))[:1]
    assert (gone.kind, gone.path, gone.category) == ("write_removed", "writes.billed", PROOF)


def test_the_order_of_writes_counts(before: Workspace, after: Made) -> None:
    text = (before.directory / FLOW).read_text(encoding="utf-8")
    start, middle, end = (
        text.index("  - name: customer"),
        text.index("  - name: invoice"),
        text.index("  - name: posted"),
    )
    turned = text[middle:end].replace("      - {to: customer_id, ref: customer}\n", "") + text[start:middle]
    found = diff(before, after(Edit(FLOW, text[start:end], turned)))
    assert ("writes_reordered", "quote_to_cash", PROOF) in told(found)
    assert ("demand_unmet", "invoice@1.0.0", BREAKING) in told(found), "the invoice has no customer any more"


@pytest.mark.parametrize(
    ("edit", "change"),
    [
        (Edit(SETTINGS, "teams:\n", "teams:\n  legal: {title: Legal, channel: C0LEGAL000, owner: U0MIRA0001, backup: U0DANA0001, calendar: emea}\n"),
         ("team_added", "legal", SAFE)),
        (Edit(SETTINGS, "  always:\n", "  never:\n    timezone: UTC\n  always:\n"), ("calendar_added", "never", SAFE)),
        (Edit(SETTINGS, "connections:\n", "connections:\n  spare: {kind: rest, base_url: env:SPARE_URL}\n"), ("connection_added", "spare", SAFE)),
        (Edit("reference/regions.csv", "", "code,name\nN,North\n"), ("table_added", "regions", SAFE)),
        (Edit(PRICES, "code,name,list_price,currency,account\nAtlas Basic,Atlas Basic workstation,1190.00,EUR,4000\n",
              "code,name,list_price,currency,account\n"), ("rows_removed", "price_list", PROOF)),
    ],
)  # fmt: skip
def test_things_that_come_are_told_by_name(
    before: Workspace, after: Made, edit: Edit, change: tuple[str, str, Category]
) -> None:
    later = after(edit)
    assert told(diff(before, later)) == {change}
    kind, name, _ = change
    if kind.endswith("_added"):
        [gone] = diff(later, before)
        assert (gone.kind, gone.name, gone.gone) == (kind.replace("added", "removed"), name, True)
