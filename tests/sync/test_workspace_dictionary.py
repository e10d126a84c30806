"""A contract says of each field where it comes from and whose it is; nothing of what it says is lost, and nothing unsaid passes."""

from __future__ import annotations

import shutil
import types
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, ForwardRef, Union, get_args, get_origin

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import BaseModel

from sync.workspace import load
from sync.workspace.check import check
from sync.workspace.contract import read_contract, written
from sync.workspace.documents import Document, read
from sync.workspace.loader import attempt

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
DEAL = "contracts/deal.odcs.yaml"
Edit = Callable[[str, str], None]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "workspace")
    return tmp_path / "workspace"


@pytest.fixture
def edit(directory: Path) -> Edit:
    def change(old: str, new: str) -> None:
        text = (directory / DEAL).read_text(encoding="utf-8")
        assert old in text
        (directory / DEAL).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def test_a_field_says_where_it_comes_from_whose_it_is_and_who_is_right() -> None:
    fields = load(EXAMPLE).contracts["deal@1.0.0"].fields
    amount = fields["amount"].terms
    assert (amount.owner, amount.transforms, amount.system_of_record) == (
        "sales-ops",
        ("minor_units",),
        {"won": "CRM", "billed": "ERP"},
    )
    assert amount.source and amount.validation
    assert fields["company.vat_id"].terms.pii == ("tax_id",)
    assert fields["closedate"].terms.owner is None


def test_a_reason_that_is_routed_at_its_field_is_routed() -> None:
    rule = load(EXAMPLE).contracts["deal@1.0.0"].routes["missing_billing_code"]
    assert (rule.team, rule.holds_billing) == ("sales-ops", True)


WRONG = {
    "a field without a name": ("{name: dealstage, ", "{", "a field has no name"),
    "a name that no path can hold": ("{name: dealstage, ", "{name: deal stage, ", "`name` is 'deal stage'"),
    "an unknown owner of a field": ("{property: owner, value: crm-ops}", "{property: owner, value: crm}", "no team called 'crm'"),
    "an unknown transform": ("value: minor_units", "value: minor_unit", "no transform called 'minor_unit'"),
    "an unknown class of personal data": ("value: [tax_id]", "value: [taxid]", "'taxid'"),
    "a nearly right name": ("property: validation", "property: validatoin", "`validatoin` is no property"),
    "an unknown reason": ("missing_billing_code: {team", "missing_biling_code: {team", "no reason called 'missing_biling_code'"),
    "an unknown team of a route": ("missing_billing_code: {team: sales-ops", "missing_billing_code: {team: sales", "no team called 'sales'"),
    "a route in two places": ("missing_billing_code: {team", "missing_payment_terms: {team", "`missing_payment_terms` is routed in two places"),
    "a source twice": ("{property: transform, value: minor_units}", "{property: source, value: ERP}", "`source` stands twice"),
    "two owners": ("  - property: backup\n    value: revops", "  - property: owner\n    value: revops", "`owner` stands twice"),
    "a key that the standard has not": ("criticalDataElement: true", "criticalElement: true", "`criticalElement` is no key of the standard"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_the_dictionary_is_named(directory: Path, edit: Edit, name: str) -> None:
    old, new, what = WRONG[name]
    text = (EXAMPLE / DEAL).read_text(encoding="utf-8")
    edit(old, new)
    [mistake] = attempt(directory)[1]
    line = text[: text.index(old)].count("\n") + 1
    assert what in mistake.what and mistake.file == DEAL and abs(mistake.line - line) <= 1 and mistake.right


UNSAID = {
    "no backup": ("  - property: backup\n    value: revops\n", "", "the contract has no backup"),
    "no approvers": ("  - property: approvers\n    value: [finance]\n", "", "the contract has no approvers"),
    "no runbook": ("property: runbook", "property: handbook", "the contract has no runbook"),
    "no latency": ("property: latency", "property: retention", "the contract promises no latency"),
    "another team than the owner": ("team:\n  name: sales-ops", "team:\n  name: finance", "the owner is 'sales-ops'"),
    "public personal data": ("classification: restricted,", "classification: public,", "`vat_id` holds personal data and is public"),
    "personal data without a class": ("classification: restricted,", "", "`vat_id` holds personal data and is not classified"),
    "a quality rule without words": ("[{type: text, desc", "[{type: sql, desc", "a quality rule of type sql has no query"),
    "a quality rule without a rule": ("[{type: text, desc", "[{desc", "a quality rule demands nothing"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAID)
def test_a_contract_that_does_not_say_enough_loads_and_does_not_pass_the_check(
    directory: Path, edit: Edit, name: str
) -> None:
    old, new, what = UNSAID[name]
    edit(old, new)
    report = check(directory)
    [mistake] = report.mistakes
    assert what in mistake.what and mistake.file == DEAL and mistake.line >= 1
    assert report.workspace is not None and not report.ok


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=12).map(
    lambda words: f"w{words}"
)
PLAIN = WORDS | st.integers(-(10**9), 10**9) | st.booleans()
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2), max_leaves=4
)


def made(annotation: Any, depth: int) -> st.SearchStrategy[Any]:
    """Values that the standard's model takes for a type."""
    if annotation is Any:
        return ANYTHING
    if isinstance(annotation, ForwardRef):
        return block(SchemaProperty, depth)
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [made(each, depth) for each in get_args(annotation) if each is not type(None)]
        return st.one_of(*kinds)
    if get_origin(annotation) is list:
        return st.lists(made(get_args(annotation)[0], depth), min_size=2, max_size=2)
    if get_origin(annotation) is dict:
        return st.dictionaries(WORDS, ANYTHING, max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return block(annotation, depth)
    numbers = st.decimals(-1000, 1000, places=3).map(float)
    return {str: WORDS, bool: st.booleans(), int: st.integers(0, 10**6), float: numbers}[annotation]


def block(model: type[BaseModel], depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Blocks with some of the keys of a part of the standard."""
    keys = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    deep = {key for key, kind in keys.items() if "model." in str(kind)}
    usable = sorted(keys if depth < 3 else set(keys) - deep)

    named = {"name": st.from_regex(r"\A[a-z][a-z0-9_-]{0,8}\Z")} if model is SchemaProperty else {}

    def filled(chosen: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        rest = {key: made(keys[key], depth + 1) for key in chosen if key != "physicalName" or not named}
        return st.fixed_dictionaries(rest | named)

    return st.lists(st.sampled_from(usable), unique=True, max_size=3).flatmap(filled) if usable else st.just({})


@st.composite
def contracts(draw: st.DrawFn) -> dict[str, Any]:
    own = {"property": "owner", "value": "sales-ops"}
    taken = {"id", "version", "kind", "apiVersion", "status", "schema", "customProperties"}
    whole = {key: value for key, value in draw(block(OpenDataContractStandard)).items() if key not in taken}
    fields = [{**draw(block(SchemaProperty, 1)), "name": f"f{n}"} for n in range(draw(st.integers(0, 2)))]
    entity = {**draw(block(SchemaObject, 1)), "name": "deals", "properties": fields}
    others = [{"property": f"x_{draw(WORDS)}", "value": draw(ANYTHING)}]
    return {
        **whole, "apiVersion": draw(st.sampled_from(["v3.1.0", "v3.2.0"])), "kind": "DataContract", "id": "deal",
        "version": "1.0.0", "status": "active", "schema": [entity], "customProperties": [*others, own],
    }  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Whether two values say the same; a number is the same as its text."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return one == other or (isinstance(one, float | int) and Decimal(str(one)) == Decimal(str(other)))


def read_back(directory: Path, value: dict[str, Any]) -> Document:
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    (directory / "a.odcs.yaml").write_text(text, encoding="utf-8")
    return read(directory, "a.odcs.yaml")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=contracts())
@pytest.mark.slow
def test_a_contract_that_is_read_and_written_out_has_lost_nothing(tmp_path: Path, value: dict[str, Any]) -> None:
    document = read_back(tmp_path, value)
    contract = read_contract(document)
    assert contract is not None, document.mistakes
    assert same(written(contract), document.value)
    again = read_contract(read_back(tmp_path, written(contract)))
    assert again is not None and again.document == contract.document


@pytest.mark.parametrize("path", sorted((EXAMPLE / "contracts").iterdir()), ids=lambda path: path.name)
def test_the_contracts_of_the_example_lose_nothing_either(path: Path) -> None:
    document = read(path.parent, path.name)
    contract = read_contract(document)
    assert contract is not None and same(written(contract), document.value)


def test_properties_of_others_survive_at_every_place(directory: Path, edit: Edit) -> None:
    edit("{property: source, value: signed order form}", "{property: lineage_hint, value: {a: [1, x]}}")
    edit("  - property: backup", "  - {property: cost_center, value: 4711}\n  - property: backup")
    contract = load(directory).contracts["deal@1.0.0"]
    text = yaml.safe_dump(written(contract))
    assert "lineage_hint" in text and "cost_center" in text and "4711" in text
