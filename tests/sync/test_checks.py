"""Each kind of check finds what it is for, says so in words, suggests what was meant, and keeps quiet about the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from sync.checks import RULES, violations
from sync.model import Overlay, Record, Violation
from sync.questions import Lookups, asked
from sync.scene import Scene
from sync.workspace import Workspace, load
from sync.workspace import flow as f
from sync.workspace.flow import Check, Flow

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(EXAMPLE)


def line(code: str = "Atlas Pro", price: Any = "2490.00", quantity: Any = "2", **more: Any) -> Record:
    return {"id": "1", "product_code": code, "price": price, "quantity": quantity, **more}


def deal(**changes: Any) -> Record:
    record: Record = {
        "id": "7",
        "dealname": "Adler – rollout",
        "amount": "4980.00",
        "deal_currency_code": "EUR",
        "closedate": "2026-03-31",
        "startdate": "2026-03-01",
        "payment_terms": "NET30",
        "company": {"id": "2", "name": "Adler GmbH", "vat_id": "DE1"},
        "lines": [line()],
    }
    return {**record, **changes}


def scene_of(workspace: Workspace, checks: tuple[dict[str, Any], ...], record: Record, lookups: Lookups) -> Scene:
    example = workspace.flow("quote_to_cash")
    raw = {
        "flow": "test", "title": "Test", "version": 1, "owner": "revops", "contract": "deal@1.0.0",
        "trigger": {"connection": "crm", "entity": "deals"},
        "record": {"title": "dealname", "amount": "amount", "currency": "deal_currency_code"},
        "checks": list(checks),
        "writes": [{"name": "w", "connection": "erp", "entity": "invoice", "operation": "create", "key": "k-{id}"}],
    }  # fmt: skip
    flow = Flow.model_validate(raw)
    return Scene(
        record=record, flow=flow, contract=workspace.contract_of(example), tables=workspace.tables, lookups=lookups
    )


def found(
    workspace: Workspace,
    record: Record,
    *checks: dict[str, Any],
    lookups: Lookups | None = None,
    overlays: tuple[Overlay, ...] = (),
) -> list[Violation]:
    scene = scene_of(workspace, checks, record, lookups or Lookups())
    return [violation for _, violation in violations(scene, overlays)]


REQUIRED_COMPANY = {
    "check": "required", "path": "company", "reason": "missing_account", "fill": "company.id",
    "candidates": {"entity": "companies", "by": "dealname"},
}  # fmt: skip
UNIQUE = {"check": "unique", "path": "company.vat_id", "id": "company.id", "entity": "companies", "task": {}}
PRODUCT = {
    "check": "in_reference", "path": "lines[*].product_code", "reference": "price_list", "column": "code",
    "reason": "unknown_product",
}  # fmt: skip
PRICE = {
    "check": "price_within", "path": "lines[*].price", "of": "product_code", "reference": "price_list",
    "column": "list_price", "currency_column": "currency", "tolerance": "10%",
}  # fmt: skip
SUM = {"check": "sum_equals", "path": "amount", "of": "lines[*]", "quantity": "quantity", "price": "price"}
NET = {**SUM, "discount": "off"}
SAME = {"check": "same_as", "path": "domain", "other": "company.domain"}
AMOUNT = {"check": "amount", "path": "amount"}
LINE_PRICE = {"check": "amount", "path": "lines[*].price"}

WRONG: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, str, str]]] = [
    ("required", {"check": "required", "path": "billing_code"}, {}, ("missing_field", "billing_code", "")),
    ("required", {"check": "required", "path": "amount"}, {"amount": "  "}, ("missing_field", "amount", "")),
    ("required", {"check": "required", "path": "lines"}, {"lines": []}, ("missing_field", "lines", "")),
    ("required", REQUIRED_COMPANY, {"company": None}, ("missing_account", "company.id", "")),
    ("enum", {"check": "enum", "path": "payment_terms", "values": ["A", "B"]}, {}, ("unknown_value", "payment_terms", "NET30")),
    ("in_reference", PRODUCT, {"lines": [line(), line("AtlasPro")]}, ("unknown_product", "lines[1].product_code", "AtlasPro")),
    ("range", {"check": "range", "path": "amount", "max": 10}, {"amount": "10.01"}, ("invalid_value", "amount", "10.01")),
    ("range", {"check": "range", "path": "amount", "min": 1}, {"amount": "many"}, ("invalid_value", "amount", "many")),
    ("range", {"check": "range", "path": "amount", "whole": True}, {"amount": "1.5"}, ("invalid_value", "amount", "1.5")),
    ("regex", {"check": "regex", "path": "id", "pattern": "[A-Z]+"}, {}, ("invalid_value", "id", "7")),
    ("regex", {"check": "regex", "path": "id", "pattern": ".*"}, {"id": "x" * 300}, ("invalid_value", "id", "x" * 200)),
    ("currency", {"check": "currency", "path": "deal_currency_code"}, {"deal_currency_code": "XXQ"},
     ("unknown_currency", "deal_currency_code", "XXQ")),
    ("amount", AMOUNT, {"amount": "1.234,56"}, ("invalid_amount", "amount", "1.234,56")),
    ("amount", AMOUNT, {"amount": "12,5"}, ("invalid_amount", "amount", "12,5")),
    ("amount", AMOUNT, {"amount": "abc"}, ("invalid_amount", "amount", "abc")),
    ("amount", AMOUNT, {"amount": "12.345"}, ("invalid_amount", "amount", "12.345")),
    ("amount", AMOUNT, {"amount": 12.5}, ("invalid_amount", "amount", "12.5")),
    ("amount", AMOUNT, {"amount": float("nan")}, ("invalid_amount", "amount", "NaN")),
    ("amount", AMOUNT, {"amount": 10**40}, ("invalid_amount", "amount", str(10**40))),
    ("amount", AMOUNT, {"amount": "-1"}, ("negative_amount", "amount", "-1")),
    ("amount", AMOUNT, {"amount": {"a": 1}}, ("invalid_amount", "amount", '{"a": 1}')),
    ("sum_equals", SUM, {"amount": "4980.01"}, ("amount_mismatch", "amount", "4980.01")),
    ("sum_equals", SUM, {"amount": "much"}, ("invalid_amount", "amount", "much")),
    ("sum_equals", SUM, {"lines": [line(price="1,5")]}, ("invalid_amount", "lines[0].price", "1,5")),
    ("sum_equals", SUM, {"lines": [line(price=None)]}, ("missing_field", "lines[0].price", "")),
    ("sum_equals", SUM, {"lines": [line(quantity="some")]}, ("invalid_value", "lines[0].quantity", "some")),
    ("sum_equals", NET, {"lines": [line(off="12.5")]}, ("amount_mismatch", "amount", "4980.00")),
    ("sum_equals", NET, {"lines": [line(off="101")]}, ("invalid_value", "lines[0].off", "101")),
    ("sum_equals", NET, {"lines": [line(off="a little")]}, ("invalid_value", "lines[0].off", "a little")),
    ("same_as", SAME, {"domain": "acme.example", "company": {"domain": "other.example"}},
     ("invalid_value", "domain", "acme.example")),
    ("price_within", PRICE, {"lines": [line(price="2240.99")]}, ("price_off_list", "lines[0].price", "2240.99")),
    ("price_within", PRICE, {"lines": [line("Harbor Core", "4999.00")]}, ("price_off_list", "lines[0].price", "4999.00")),
    ("price_within", PRICE, {"lines": [line("Nothing")]}, ("rule_failed", "lines[*].price", "")),
    ("date", {"check": "date", "path": "closedate"}, {"closedate": "soon"}, ("invalid_value", "closedate", "soon")),
    ("date_order", {"check": "date_order", "path": "startdate", "before": "closedate"}, {"startdate": "2026-04-01"},
     ("invalid_value", "startdate", "2026-04-01")),
    ("range", {"check": "range", "path": "amount", "max": "0.5"}, {"amount": "0.51"}, ("invalid_value", "amount", "0.51")),
    ("type", {"check": "type", "path": "amount"}, {"amount": "1e5"}, ("invalid_value", "amount", "1e5")),
    ("type", {"check": "type", "path": "amount"}, {"amount": True}, ("invalid_value", "amount", "true")),
    ("type", {"check": "type", "path": "lines"}, {"lines": {"a": 1}}, ("invalid_value", "lines", '{"a": 1}')),
    ("type", {"check": "type", "path": "lines[*].quantity"}, {"lines": [line(quantity="1.5")]},
     ("invalid_value", "lines[0].quantity", "1.5")),
    ("type", {"check": "type", "path": "id", "type": "boolean"}, {}, ("invalid_value", "id", "7")),
    ("type", {"check": "type", "path": "dealname", "type": "string"}, {"dealname": 5}, ("invalid_value", "dealname", "5")),
    ("type", {"check": "type", "path": "unheard_of"}, {"unheard_of": 1}, ("rule_failed", "unheard_of", "1")),
    ("length", {"check": "length", "path": "dealname", "max": 5}, {}, ("invalid_value", "dealname", "Adler – rollout")),
    ("length", {"check": "length", "path": "dealname", "max": 5}, {"dealname": "x" * 300}, ("invalid_value", "dealname", "300 characters")),
    ("length", {"check": "length", "path": "id", "min": 2}, {"id": 7}, ("invalid_value", "id", "7")),
    ("length", {"check": "length", "path": "lines", "max": 1}, {"lines": [line()] * 2}, ("invalid_value", "lines", "2 items")),
    ("attachment", {"check": "attachment", "path": "contract_url"}, {}, ("missing_document", "contract_url", "")),
    ("attachment", {"check": "attachment", "path": "contract_url"}, {"contract_url": "http://a.example/x.pdf"},
     ("missing_document", "contract_url", "http://a.example/x.pdf")),
    ("attachment", {"check": "attachment", "path": "contract_url"}, {"contract_url": "javascript:alert(1)"},
     ("missing_document", "contract_url", "javascript:alert(1)")),
    ("attachment", {"check": "attachment", "path": "contract_url"}, {"contract_url": "https://a.example/x y"},
     ("missing_document", "contract_url", "https://a.example/x y")),
    ("date_order", {"check": "date_order", "path": "startdate", "before": "closedate"}, {"closedate": "soon"},
     ("invalid_value", "startdate", "2026-03-01")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "check", "changes", "expected"), WRONG)
def test_a_check_finds_what_it_is_for(
    workspace: Workspace, kind: str, check: dict[str, Any], changes: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert check["check"] == kind
    [violation] = found(workspace, deal(**changes), check)
    assert (violation.reason, violation.path, violation.found) == expected
    assert violation.expected
    assert violation.label


RIGHT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"check": "enum", "path": "payment_terms", "values": ["NET30"]}, {}),
    (PRODUCT, {}),
    ({"check": "range", "path": "amount", "min": 1, "max": 4980}, {}),
    ({"check": "regex", "path": "id", "pattern": "[0-9]+"}, {"id": 7}),
    ({"check": "currency", "path": "deal_currency_code"}, {}),
    (AMOUNT, {"amount": 4980}),
    (AMOUNT, {"amount": "4980.5", "deal_currency_code": "XXQ"}),
    (SUM, {}),
    ({"check": "sum_equals", "path": "amount", "of": "lines[*]", "price": "price"}, {"amount": "2490.00"}),
    (SUM, {"lines": []}),
    (NET, {"lines": [line(off="12.5")], "amount": "4357.50"}),
    (
        NET,
        {
            "lines": [line(quantity="1", price="0.05", off="50"), line(quantity="3", price="0.05", off="10")],
            "amount": "0.16",
        },
    ),
    (SAME, {"domain": "ACME.example", "company": {"domain": "acme.example"}}),
    (SAME, {"domain": "acme.example", "company": None}),
    (PRICE, {"lines": [line(price="2241.00"), line(price="2739.00")]}),
    (PRICE, {"lines": [line("Harbor Core", "4999.00")], "deal_currency_code": "XXQ"}),
    ({"check": "date", "path": "closedate"}, {}),
    ({"check": "date_order", "path": "startdate", "before": "closedate"}, {"startdate": "2026-03-31"}),
    ({"check": "date_order", "path": "startdate", "before": "closedate"}, {"closedate": None}),
    (UNIQUE, {"company": None}),
    ({"check": "range", "path": "amount", "min": "0.5", "max": "4980.5"}, {}),
    ({"check": "type", "path": "amount"}, {}),
    ({"check": "type", "path": "amount"}, {"amount": 4980}),
    ({"check": "type", "path": "closedate"}, {}),
    ({"check": "type", "path": "company"}, {}),
    ({"check": "type", "path": "id", "type": "boolean"}, {"id": "true"}),
    ({"check": "length", "path": "dealname", "min": 1, "max": 20}, {}),
    ({"check": "length", "path": "lines", "max": 1}, {}),
    ({"check": "length", "path": "id", "max": 1}, {"id": 7}),
    ({"check": "attachment", "path": "contract_url"}, {"contract_url": "https://files.example.com/7/order.pdf?v=1"}),
    ({"check": "required", "path": "company.name"}, {}),
]


@pytest.mark.parametrize(("check", "changes"), RIGHT)
def test_a_right_record_passes(workspace: Workspace, check: dict[str, Any], changes: dict[str, Any]) -> None:
    assert found(workspace, deal(**changes), check) == []


def test_every_kind_of_check_has_a_rule_and_a_negative_test() -> None:
    kinds = set(get_args(get_args(f.AnyCheck)[0]))
    assert set(RULES) == kinds | {f.Off}
    told_elsewhere = {"unique", "rule", "lookup", "credit", "status_agreement"}
    assert {kind for kind, *_ in WRONG} | told_elsewhere == {
        each.model_fields["check"].annotation.__args__[0] for each in kinds
    }


@pytest.mark.parametrize(
    "check", [each for _, each, *_ in WRONG if each["check"] not in ("required", "sum_equals", "attachment")]
)
def test_every_check_but_required_passes_over_an_empty_value(workspace: Workspace, check: dict[str, Any]) -> None:
    assert found(workspace, {"id": "", "deal_currency_code": "EUR", "lines": [{}]}, check) == []


def test_a_company_is_missing_once_and_its_fields_are_not_missing_too(workspace: Workspace) -> None:
    name = {"check": "required", "path": "company.name"}
    [violation] = found(workspace, deal(company=None), REQUIRED_COMPANY, name)
    assert (violation.path, violation.kind, violation.candidates) == ("company.id", "company", ())


def test_companies_that_the_source_found_are_suggested_best_first(workspace: Workspace) -> None:
    record = deal(company=None)
    scene = scene_of(workspace, (REQUIRED_COMPANY,), record, Lookups())
    [question] = asked(record, scene.flow)
    companies = [{"id": "8", "name": "Zeppelin"}, {"id": "9", "name": "Adler GmbH"}, {"name": "no id"}]
    [violation] = found(workspace, record, REQUIRED_COMPANY, lookups=Lookups().plus(question, companies))
    assert [(each.value, each.label) for each in violation.candidates] == [("9", "Adler GmbH")]
    [violation] = found(workspace, record, REQUIRED_COMPANY, lookups=Lookups().plus(question, companies[:1]))
    assert [each.value for each in violation.candidates] == ["8"]


def test_a_picked_company_that_is_gone_is_missing_again(workspace: Workspace) -> None:
    [violation] = found(workspace, deal(company={"id": "404"}), REQUIRED_COMPANY)
    assert (violation.path, violation.found) == ("company.id", "404")
    assert "404 does not" in violation.expected


def test_a_missing_value_of_a_list_offers_the_list(workspace: Workspace) -> None:
    check = {"check": "required", "path": "payment_terms", "reference": "billing_terms"}
    [violation] = found(workspace, deal(payment_terms=""), check)
    assert violation.kind == "select"
    assert [each.value for each in violation.candidates] == ["NET14", "NET30", "NET45", "NET60"]


def test_an_unknown_product_suggests_the_catalogue_spelling(workspace: Workspace) -> None:
    [violation] = found(workspace, deal(lines=[line("AtlasPro")]), PRODUCT)
    assert violation.candidates[0].value == "Atlas Pro"
    assert violation.candidates[0].why == "same letters, spacing differs"
    assert violation.label == "Product (line 1)"
    [violation] = found(workspace, deal(lines=[line("?")]), PRODUCT)
    assert len(violation.candidates) == 5


def test_the_sum_of_the_lines_and_the_list_price_are_suggested(workspace: Workspace) -> None:
    [mismatch] = found(workspace, deal(amount="1.00"), SUM)
    assert [each.value for each in mismatch.candidates] == ["4980.00"]
    assert mismatch.expected == "4980.00 EUR, the sum of the line items"
    [price] = found(workspace, deal(lines=[line(price="1.00")]), PRICE)
    assert [each.value for each in price.candidates] == ["2490.00"]
    assert price.expected == "2490.00 EUR ± 10% (list price)"


@pytest.mark.parametrize(
    ("words", "reading"),
    [
        ("1.234,56", "1234.56"),
        ("12,5", "12.5"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1'234.56", "1234.56"),
    ],
)
def test_a_foreign_amount_is_suggested_but_never_taken(workspace: Workspace, words: str, reading: str) -> None:
    [violation] = found(workspace, deal(amount=words), AMOUNT)
    assert reading in [each.value for each in violation.candidates]


def test_an_amount_that_can_be_read_in_two_ways_suggests_both(workspace: Workspace) -> None:
    [violation] = found(workspace, deal(amount="1,234"), AMOUNT)
    assert {each.value for each in violation.candidates} == {"1.234", "1234"}


def test_a_dependent_check_keeps_quiet_when_its_inputs_are_wrong_already(workspace: Workspace) -> None:
    wrong = deal(lines=[line("AtlasPro"), line(price="1,5"), line(price="much"), line(quantity="some")])
    whole = {"check": "range", "path": "lines[*].quantity", "whole": True}
    assert [(each.reason, each.path) for each in found(workspace, wrong, PRODUCT, LINE_PRICE, whole, PRICE, SUM)] == [
        ("unknown_product", "lines[0].product_code"),
        ("invalid_amount", "lines[1].price"),
        ("invalid_amount", "lines[2].price"),
        ("invalid_value", "lines[3].quantity"),
    ]
    dates = (
        {"check": "date", "path": "closedate"},
        {"check": "date_order", "path": "startdate", "before": "closedate"},
    )
    assert len(found(workspace, deal(closedate="soon"), *dates)) == 1
    assert len(found(workspace, deal(amount="much"), AMOUNT, SUM)) == 1


def test_what_a_person_accepted_is_accepted_as_long_as_it_stands(workspace: Workspace) -> None:
    waived = Overlay(path="lines[0].price", found="1.00", action="waive", reason="price_off_list")
    record = deal(lines=[line(price="1.00")])
    assert found(workspace, record, PRICE, overlays=(waived,)) == []
    assert found(workspace, deal(lines=[line(price="1.01")]), PRICE, overlays=(waived,)) != []
    other = Overlay(path="lines[0].price", found="1.00", action="waive", reason="invalid_amount")
    assert found(workspace, record, PRICE, overlays=(other,)) != []


def test_two_companies_with_one_vat_id_are_found_and_both_are_shown(workspace: Workspace) -> None:
    record = deal()
    scene = scene_of(workspace, (UNIQUE,), record, Lookups())
    [question] = asked(record, scene.flow)
    assert (question.entity, question.by, question.purpose) == ("companies", {"vat_id": "DE1"}, "unique")
    twins = [{"id": "2", "name": "Adler GmbH"}, {"id": "5", "name": "Adler"}]
    [violation] = found(workspace, record, UNIQUE, lookups=Lookups().plus(question, twins))
    assert (violation.reason, violation.path, violation.found) == ("duplicate_customer", "company.vat_id", "DE1")
    assert [each.value for each in violation.candidates] == ["2", "5"]
    assert found(workspace, record, UNIQUE, lookups=Lookups().plus(question, twins[:1])) == []


def test_two_spellings_of_one_vat_id_have_one_cause(workspace: Workspace) -> None:
    causes = set()
    for spelling in ("DE 100.200", "de100200"):
        record = deal(company={"id": "2", "name": "A", "vat_id": spelling})
        [question] = asked(record, scene_of(workspace, (UNIQUE,), record, Lookups()).flow)
        [violation] = found(workspace, record, UNIQUE, lookups=Lookups().plus(question, [{"id": "5"}]))
        causes.add(violation.found)
    assert causes == {"DE100200"}


def test_a_source_that_was_not_asked_is_no_pass(workspace: Workspace) -> None:
    [violation] = found(workspace, deal(), UNIQUE)
    assert violation.reason == "rule_failed"


def test_unique_values_of_lines_belong_to_their_line(workspace: Workspace) -> None:
    check = {
        "check": "unique",
        "path": "lines[*].serial",
        "id": "id",
        "entity": "line_items",
        "reason": "invalid_value",
    }
    record = deal(lines=[line(serial="S1", id="1"), line(serial="S2", id="2")])
    first, second = asked(record, scene_of(workspace, (check,), record, Lookups()).flow)
    lookups = Lookups().plus(first, [{"id": "1"}]).plus(second, [{"id": "9", "name": "other"}])
    [violation] = found(workspace, record, check, lookups=lookups)
    assert violation.path == "lines[1].serial"


def test_a_table_that_is_gone_is_a_failed_rule(workspace: Workspace) -> None:
    [violation] = found(workspace, deal(), {**PRODUCT, "reference": "gone"})
    assert (violation.reason, violation.found) == ("rule_failed", "")


def test_a_selector_that_fails_finds_no_currency_and_asks_nothing(workspace: Workspace) -> None:
    record = deal(company=None)
    bad = {**REQUIRED_COMPANY, "candidates": {"entity": "companies", "by": "sum(lines)"}}
    scene = scene_of(workspace, (bad,), record, Lookups())
    assert asked(record, scene.flow) == ()
    assert [each.reason for each in found(workspace, record, bad)] == ["rule_failed"]


def test_labels_come_from_the_check_the_contract_or_the_field(workspace: Workspace) -> None:
    plain, known = {"check": "required", "path": "purchase_order"}, {"check": "required", "path": "billing_code"}
    named = {**plain, "label": "Order number"}
    assert found(workspace, deal(), plain)[0].label == "Purchase order"
    assert found(workspace, deal(), known)[0].label == "Billing code"
    assert found(workspace, deal(), named)[0].label == "Order number"


def test_how_a_field_is_entered_follows_its_type(workspace: Workspace) -> None:
    kinds = {
        path: found(workspace, {}, {"check": "required", "path": path})[0].kind
        for path in ("amount", "closedate", "billing_code", "unheard_of")
    }
    assert kinds == {"amount": "money", "closedate": "date", "billing_code": "text", "unheard_of": "text"}


def test_checks_are_values() -> None:
    assert all(issubclass(each, Check) for each in RULES)
