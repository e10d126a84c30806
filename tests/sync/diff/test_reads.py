"""Which fields of its source a flow reads: whatever selects something counts, in kinds of checks that nobody knows here too."""

from __future__ import annotations

from typing import Any

import pytest

from sync.workspace import Workspace, load
from sync.workspace.diff.reading import paths, reach, reads
from sync.workspace.flow import Check, MapRow, VerifyRow
from tests.sync.diff.pairs import made


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return load(made(tmp_path_factory.mktemp("reads") / "workspace"))


class Odd(Check):
    """A kind of check that the comparison does not know."""

    check: str = "tea_leaves"
    reason: str = "invalid_value"
    leaf: str = ""
    by: dict[str, str] | None = None
    expr: str = ""


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("company.name", {"company", "company.name"}),
        ("company.currency || deal_currency_code", {"company", "company.currency", "deal_currency_code"}),
        ("lines[*].price", {"lines", "lines[*]", "lines[*].price"}),
        ("lines[].price", {"lines", "lines[*]", "lines[*].price"}),
        ("lines[?price > `1`].name", {"lines", "lines[*]", "lines[*].price", "lines[*].name"}),
        ("join('-', [a, lines[0].b])", {"a", "lines", "lines[*].b"}),
        ("record.amount > 0 && size(lines) < 9", {"amount", "size", "lines"}),
        ("(" * 3000, set()),
    ],
)
def test_a_selector_looks_at_every_field_on_its_way(selector: str, found: set[str]) -> None:
    assert paths(selector) == found


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"path": "amount", "leaf": "signed_at"}, "signed_at"),
        ({"path": "lines[*].price", "leaf": "floor"}, "lines[*].floor"),
        ({"path": "amount", "by": {"code": "tax.code"}}, "tax.code"),
        ({"path": "amount", "expr": "record.discount < 5 && true"}, "discount"),
        ({"path": "amount", "when": {"path": "region", "equals": "north"}}, "region"),
    ],
)
def test_a_check_of_any_kind_reads_what_its_keys_select(workspace: Workspace, given: dict[str, Any], read: str) -> None:
    flow = workspace.flows["quote_to_cash"]
    assert read not in reads(flow)
    assert read in reads(flow.model_copy(update={"checks": (*flow.checks, Odd.model_validate(given))}))


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"to": "x", "from": "discount"}, "discount"),
        ({"to": "x", "text": "{po_number}/{id}"}, "po_number"),
        ({"to": "x", "xref": "company", "of": "parent.id"}, "parent.id"),
        ({"to": "x", "value": 1, "when": {"path": "region", "equals": "north"}}, "region"),
        ({"to": "x", "each": "fees", "record": [{"to": "y", "from": "cost"}]}, "fees[*].cost"),
        (
            {"to": "x", "each": "fees", "record": [{"to": "y", "value": 1, "when": {"path": "region", "equals": "n"}}]},
            "region",
        ),
    ],
)
def test_a_mapping_row_reads_what_it_selects(workspace: Workspace, given: dict[str, Any], read: str) -> None:
    flow = workspace.flows["quote_to_cash"]
    write = flow.writes[1].model_copy(update={"record": (MapRow.model_validate(given),)})
    assert read not in reads(flow)
    assert read in reads(flow.model_copy(update={"writes": (write,)}))


def test_a_confirmation_reads_the_items_that_it_sums(workspace: Workspace) -> None:
    flow = workspace.flows["quote_to_cash"]
    row = VerifyRow.model_validate({"field": "total", "total": {"of": "fees[*]", "quantity": "count", "price": "cost"}})
    write = flow.writes[1].model_copy(update={"verify": (row,)})
    assert {"fees[*].count", "fees[*].cost"} <= reads(flow.model_copy(update={"writes": (write,)}))


def test_the_flow_tells_on_which_side_a_contract_stands(workspace: Workspace) -> None:
    sides = {ref: reach(each, workspace) for ref, each in workspace.contracts.items()}
    assert {ref: (each.source, each.target) for ref, each in sides.items()} == {
        "deal@1.0.0": (True, False),
        "invoice@1.0.0": (False, True),
        "company@1.0.0": (True, False),
        "line_item@1.0.0": (True, False),
    }
    assert sides["deal@1.0.0"].readers("company.vat_id") == ("quote_to_cash",)
    assert sides["deal@1.0.0"].readers("contract_url") == ()
    assert sides["company@1.0.0"].readers("city") == ("perhaps somebody",)
    assert "lines[*].account" in sides["invoice@1.0.0"].writes
