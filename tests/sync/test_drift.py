"""Drift between a contract and what the source says of itself: every difference once, with the name that the field may have now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sync.described import Described, Property
from sync.drift import Difference, compare
from tests.sync.test_prepare import FLOW, WORKSPACE

CONTRACT = WORKSPACE.contract_of(FLOW)
WHOLE = {path: Property(label=each.label, type=each.type) for path, each in CONTRACT.fields.items()}


def found(fields: dict[str, Property], **more: Any) -> list[Difference]:
    return list(compare(CONTRACT, Described(entity="deals", fields=fields), **more))


def without(*paths: str, **others: Property) -> dict[str, Property]:
    kept = {path: each for path, each in WHOLE.items() if path not in paths}
    return kept | {path.replace("__", "."): each for path, each in others.items()}


def test_a_source_that_is_as_the_contract_says_differs_in_nothing() -> None:
    assert found(WHOLE) == []


@pytest.mark.parametrize(
    ("path", "now", "first"),
    [
        ("billing_code", {"billing_ref": Property(label="Billing code", type="string")}, "billing_ref"),
        ("billing_code", {"order_number": Property(label="Billing code", type="string")}, "order_number"),
        ("payment_terms", {"terms_of_payment": Property(label="Terms", type="string")}, "terms_of_payment"),
        ("amount", {"deal_amount": Property(label="Amount", type="number"),
                    "amount_text": Property(label="Amount", type="string")}, "deal_amount"),
        ("company.vat_id", {"company__tax_number": Property(label="VAT ID", type="string"),
                            "vat_id": Property(label="VAT id", type="string")}, "company.tax_number"),
    ],
)  # fmt: skip
def test_a_field_that_is_gone_is_named_with_the_name_that_it_probably_has_now(
    path: str, now: dict[str, Property], first: str
) -> None:
    gone, *unknown = found(without(path, **now))
    assert (gone.kind, gone.path, gone.candidates[0].value) == ("gone", path, first)
    assert gone.told == f"{CONTRACT.label(path)} ({path}) is not in the source any more; renamed to {first}?"
    assert {each.path for each in unknown} == {each.replace("__", ".") for each in now}
    assert all(each.harmless for each in unknown) and not gone.harmless


def test_a_field_that_resembles_nothing_has_no_candidates() -> None:
    [gone, _] = found(without("billing_code", hs_priority=Property(label="Priority", type="string")))
    assert gone.candidates == () and gone.told.endswith("is not in the source any more")


def test_what_is_inside_a_missing_object_is_not_said_again() -> None:
    inside = [path for path in WHOLE if path == "company" or path.startswith("company.")]
    assert [each.path for each in found(without(*inside))] == ["company"]


def test_an_archived_field_is_as_good_as_gone_and_is_no_candidate() -> None:
    archived = replace(WHOLE["billing_code"], archived=True)
    other = Property(label="Billing code", type="string", archived=True)
    [one] = found(WHOLE | {"billing_code": archived, "billing_ref": other})
    assert (one.kind, one.words, one.candidates) == (
        "archived", "Billing code (billing_code) is archived in the source", (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "type_", "differs"),
    [
        ("amount", "string", True),
        ("amount", "integer", False),
        ("amount", "", False),
        ("lines[*].quantity", "number", False),
        ("closedate", "date", True),
        ("closedate", "string", True),
        ("billing_code", "number", True),
        ("billing_code", "boolean", True),
    ],
)
def test_a_type_differs_when_the_contract_could_be_misread(path: str, type_: str, differs: bool) -> None:
    differences = found(WHOLE | {path: replace(WHOLE[path], type=type_)})
    assert [(each.kind, each.path) for each in differences] == ([("type", path)] if differs else [])


def test_an_option_that_a_flow_relies_on_and_that_is_gone_is_named() -> None:
    stages = Property(label="Stage", type="string", options=("open", "closed_won", "closedlost"))
    wanted = {"dealstage": {"closedwon"}}
    [one] = found(WHOLE | {"dealstage": stages}, options=wanted)
    assert (one.kind, one.path, one.candidates[0].value) == ("option", "dealstage", "closed_won")
    assert "no option closedwon" in one.words
    assert found(WHOLE | {"dealstage": replace(stages, options=("closedwon",))}, options=wanted) == []
    assert found(WHOLE, options=wanted) == []  # a source that lists no options says nothing of them
