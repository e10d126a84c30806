"""The quick way and the full way come to the same end for every record; a right record needs the quick way alone."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sync import elsewhere
from sync.bodies import Builder, plain_body
from sync.checks import RULES, judged, violations
from sync.mapping import clean, missing, put, safe, text
from sync.model import Overlay, Record
from sync.money import NotMoney
from sync.questions import Lookups, asked
from sync.quick import suspects
from sync.scene import Scene
from sync.transforms import TRANSFORMS, amount, apply
from sync.workspace import load
from sync.workspace.flow import Flow, Off, RuleCheck
from sync.workspace.tables import table

WORKSPACE = load(Path(__file__).parents[2] / "examples" / "quote_to_cash")
THIN = table(
    "thin",
    ("code", "title"),
    ({"code": "7", "title": ""}, {"code": "y", "title": " "}, {"code": "x" * 257, "title": "x"}),
)
TABLES = {**WORKSPACE.tables, "thin": THIN}
FREELY = settings(max_examples=200, deadline=None)
BRIEFLY = settings(max_examples=25, deadline=None)

LIST = {"reference": "price_list", "column": "code"}
PRICE = {"check": "price_within", "of": "code", "reference": "price_list", "column": "list_price", "tolerance": "10%"}
CHECKS: list[dict[str, Any]] = [
    {"check": "required", "path": "a"},
    {"check": "required", "path": "company", "fill": "company.id", "candidates": {"entity": "companies", "by": "a"}},
    {"check": "required", "path": "lines[*].code", **LIST},
    {"check": "required", "path": "lines[0].price"},
    {"check": "required", "path": "grid[*][*]"},
    {"check": "required", "path": "deep[*].in[*].x"},
    {"check": "enum", "path": "a", "values": ["Atlas Pro", "7", "true", " y "]},
    {"check": "enum", "path": "tags[*]", "values": ["7"]},
    {"check": "in_reference", "path": "lines[*].code", **LIST},
    {"check": "in_reference", "path": "nowhere", "reference": "gone", "column": "code"},
    {"check": "in_reference", "path": "a", "reference": "price_list", "column": "gone"},
    {"check": "in_reference", "path": "b", "reference": "thin", "column": "code"},
    {"check": "range", "path": "b", "min": 1, "max": 100},
    {"check": "range", "path": "lines[*].quantity", "min": 0, "whole": True},
    {"check": "range", "path": "b", "max": 10**20},
    {"check": "regex", "path": "b", "pattern": ".{1,5}"},
    {"check": "regex", "path": "deep[*].in[*].x", "pattern": "[0-9a-z]+"},
    {"check": "regex", "path": "grid[*][*]", "pattern": ".*"},
    {"check": "currency", "path": "currency"},
    {"check": "amount", "path": "amount"},
    {"check": "amount", "path": "lines[*].price", "currency": "lines.nowhere"},
    {"check": "date", "path": "start"},
    {"check": "date_order", "path": "start", "before": "end"},
    {"check": "date_order", "path": "lines[*].start", "before": "end"},
    {"check": "date_order", "path": "lines[*].days[007]", "before": "end"},
    {"check": "date_order", "path": "grid[*]", "before": "end"},
    {**PRICE, "path": "lines[*].price", "currency_column": "currency"},
    {**PRICE, "path": "amount", "of": "a"},
    {**PRICE, "path": "amount", "of": "a", "reference": "gone"},
    {"check": "sum_equals", "path": "amount", "of": "lines[*]", "quantity": "quantity", "price": "price"},
    {"check": "sum_equals", "path": "amount", "of": "company", "price": "worth"},
    {"check": "sum_equals", "path": "amount", "of": "lines[*]", "price": "price", "discount": "quantity"},
    {"check": "same_as", "path": "a", "other": "b"},
    {"check": "type", "path": "b", "type": "integer"},
    {"check": "type", "path": "lines", "type": "array"},
    {"check": "type", "path": "id", "type": "string"},
    {"check": "length", "path": "a", "max": 9},
    {"check": "length", "path": "lines", "max": 2},
    {"check": "length", "path": "b", "min": 1},
    {"check": "attachment", "path": "a"},
    {"check": "unique", "path": "company.vat_id", "id": "company.id", "entity": "companies"},
    {"check": "unique", "path": "lines[*].code", "id": "id", "entity": "line_items"},
]
ROWS: list[dict[str, Any]] = [
    *({"to": f"a_{name}", "from": "a", "transform": name} for name in TRANSFORMS),
    *({"to": f"b_{name}", "from": "b", "transform": name} for name in TRANSFORMS),
    {"to": "both", "from": "amount", "transform": ["minor_units", "text"], "required": True},
    {"to": "constant", "value": " "},
    {"to": "said", "value": False},
    {"to": "other", "ref": "only.number"},
    {"to": "words", "text": "N {a}/{flow}", "required": True},
    {"to": "blank", "text": " "},
    {"to": "picked", "from": "company.{i: id, n: name, l: lines[0], w: worth}"},
    {"to": "not", "from": "!(b)"},
    {"to": "either", "from": "nowhere || b", "default": "none", "transform": "upper"},
    {"to": "empty", "from": "nowhere", "default": ""},
    {"to": "raw", "from": "lines"},
    {"to": "failing", "from": "sum(lines)"},
    {"to": "account", "from": "a", "lookup": {"reference": "price_list", "column": "account"}, "transform": "integer"},
    {"to": "gone", "from": "a", "lookup": {"reference": "gone", "column": "account"}},
    {"to": "thin", "from": "b", "lookup": {"reference": "thin", "column": "title"}, "transform": "text"},
    {"to": "odd", "from": "a", "lookup": {"reference": "price_list", "column": "nowhere"}},
    {"to": "each", "each": "lines", "record": [{"to": "p", "from": "price", "transform": "minor_units"}]},
    {"to": "inside", "each": "deep", "record": [{"to": "i", "each": "in", "record": [{"to": "x", "from": "@"}]}]},
    {"to": "strict", "each": "lines", "record": [{"to": "q", "from": "quantity", "required": True}]},
]
RIGHT: Record = {
    "id": "1", "a": "Atlas Pro", "b": "7", "currency": "EUR", "amount": "2490.00", "start": "2026-01-01", "end": "2026-01-02",
    "company": {"id": "1", "name": "Adler", "worth": "2490"},
    "lines": [{"code": "Atlas Pro", "price": "2490.00", "quantity": "1", "start": "2026-01-01T10:00:00Z", "end": "2026-01-01"}],
    "grid": [["1", "2"], ["3"]], "tags": ["7", 7],
    "deep": [{"in": [{"x": "a1"}, {"x": 7}]}],
}  # fmt: skip

PLACES = [
    *RIGHT, "company.id", "company.vat_id", "company.worth", "lines[0]", "lines[0].code", "lines[0].price", "lines[0].quantity",
    "lines[0].start", "lines[0].days", "grid[0]", "grid[1][0]", "deep[0].in", "deep[0].in[0].x", "tags[0]",
]  # fmt: skip
ODD: list[Any] = [
    None, True, False, 0, -1, 7, 101, 10**15 - 1, 10**15, -(10**15), 10**200, 10**4000, 0.0, 1.5, float("nan"), {}, [], {"id": "5"},
    [None], [[]], [{}], "", " y ", "y", "7", "-0", "-1", "+5", "007", "1.50", "1.500", "12.345", "1,5", "0.000000001", "9" * 15,
    "9" * 16, "EUR", " EUR ", "eur", "JPY", "KWD", "XXQ", "Atlas Pro", " Atlas Pro", "Harbor Core", "AtlasPro", "DE", "2026-01-01",
    "2026-02-30", "9999-12-31T23:59:59-14:00", "٣", "\x00", "\x7fa", "\ud800", "\u200b", "\n", "x" * 200, "x" * 257, "é" * 300,
    " " * 1000 + "y",
]  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(ODD)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "x", "in", "price", "code", "quantity", "end", "days"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
SPOILS = st.dictionaries(st.sampled_from(PLACES), VALUES, max_size=4)
OVERLAYS = st.lists(
    st.builds(
        Overlay,
        path=st.sampled_from(["a", "amount", "lines[0].price", "lines[0].code"]),
        found=st.sampled_from(["", "y", "1,5", "AtlasPro"]),
        action=st.just("waive"),
        reason=st.sampled_from(["missing_field", "unknown_value", "invalid_amount"]),
    ),
    max_size=3,
)


def flow_of(*checks: dict[str, Any], rows: tuple[dict[str, Any], ...] = ()) -> Flow:
    write = {
        "name": "only",
        "connection": "erp",
        "entity": "invoice",
        "operation": "create",
        "key": "k-{id}",
        "record": rows,
    }
    raw = {
        "flow": "test", "title": "Test", "version": 1, "owner": "revops", "contract": "deal@1.0.0",
        "trigger": {"connection": "crm", "entity": "deals"},
        "record": {"title": "a", "amount": "amount", "currency": "currency"},
        "checks": checks, "writes": [write],
    }  # fmt: skip
    return Flow.model_validate(raw)


def scene_of(record: Record, flow: Flow, answer: list[Record] | None = None) -> Scene:
    lookups = Lookups(answers=[(each, answer or []) for each in asked(record, flow)])
    contract = WORKSPACE.contract_of(flow)
    return Scene(record=record, flow=flow, contract=contract, tables=TABLES, lookups=lookups)


def spoiled(spoils: Record, record: Record = RIGHT) -> Record:
    for path, value in spoils.items():
        record = put(record, path, value)
    return record


ALL, EACH = flow_of(*CHECKS), [flow_of(each) for each in CHECKS]
MAPPED = [flow_of(rows=(each,)) for each in ROWS]


def test_every_kind_of_check_is_here() -> None:
    assert {type(each) for each in ALL.checks} == set(RULES) - {Off, RuleCheck, *elsewhere.RULES}


@pytest.mark.parametrize("index", range(len(CHECKS)))
def test_a_check_finds_the_same_in_every_odd_value_with_and_without_the_glance(index: int) -> None:
    flow, named = EACH[index], {re.split(r"[.\[]", str(each))[0] for each in CHECKS[index].values()}
    for place, value in product([each for each in PLACES if re.split(r"[.\[]", each)[0] in named], ODD):
        record = put(RIGHT, place, value)
        assert violations(scene_of(record, flow)) == judged(scene_of(record, flow), [0]), (place, value)


@FREELY
@given(SPOILS, OVERLAYS, st.lists(st.fixed_dictionaries({"id": st.sampled_from(["1", "5"])}), max_size=2))
@pytest.mark.slow
def test_all_checks_together_find_the_same(spoils: Record, overlays: list[Overlay], answer: list[Record]) -> None:
    record, checks = spoiled(spoils), range(len(CHECKS))
    quick, full = scene_of(record, ALL, answer), scene_of(record, ALL, answer)
    assert violations(quick, tuple(overlays)) == judged(full, checks, tuple(overlays))
    assert quick.spoiled == full.spoiled


def test_a_right_record_is_cleared_at_a_glance_but_for_what_no_glance_can_tell() -> None:
    left = [CHECKS[index] for index in suspects(RIGHT, ALL, TABLES)]
    told = {"discount", "other"}  # kinds that no glance is made for
    unsure = [each for each in CHECKS if "gone" in each.values() or "[007]" in each["path"] or told & each.keys()]
    assert left == [*unsure, {"check": "attachment", "path": "a"}, CHECKS[-1]]


@pytest.mark.parametrize("value", ["1", "2", "3"] * 20)
def test_a_flow_that_took_the_place_of_another_has_its_own_checks(value: str) -> None:
    flow = flow_of({"check": "enum", "path": "a", "values": [value]})
    assert suspects({"a": value}, flow, TABLES) == ()
    assert suspects({"a": "other"}, flow, TABLES) == [0]


def test_more_items_than_a_path_can_count_are_left_to_the_check() -> None:
    lines = [{"price": "0"}] * (10**6 + 1)
    [order, total] = [
        {"check": "date_order", "path": "lines[*].start", "before": "end"},
        {"check": "sum_equals", "path": "amount", "of": "lines[*]", "price": "price"},
    ]
    assert suspects({"lines": lines, "amount": "0"}, flow_of(order, total), TABLES) == [0, 1]


def test_a_small_line_between_two_huge_ones_counts() -> None:
    huge = {"price": "999999999999999.999999999", "quantity": "999999999999999"}
    lines = [huge, {"price": "0.5", "quantity": "1"}, {**huge, "quantity": "-999999999999999"}]
    check = {"check": "sum_equals", "path": "amount", "of": "lines[*]", "quantity": "quantity", "price": "price"}
    flow = flow_of(check)
    assert suspects({"amount": "0", "lines": lines}, flow, TABLES) == [0]
    assert suspects({"amount": "0.5", "lines": lines}, flow, TABLES) == ()


@pytest.mark.parametrize("index", range(len(ROWS)))
@BRIEFLY
@given(SPOILS)
@pytest.mark.slow
def test_a_body_is_the_same_the_plain_way_and_only_a_body_in_order_is_made_that_way(index: int, spoils: Record) -> None:
    scene = scene_of(spoiled(spoils), MAPPED[index])
    [write], builder = scene.flow.writes, Builder(scene=scene)
    full, plain = builder.body(write.record, scene.record), plain_body(write, scene)
    assert (plain is None) == bool(builder.problems)
    assert plain is None or repr(plain) == repr(full)


@FREELY
@given(st.sampled_from(sorted(TRANSFORMS)), VALUES)
def test_no_transform_makes_nothing_of_something(name: str, value: Any) -> None:
    try:
        made = apply((name,), value, "EUR")
    except ValueError:
        return
    assert missing(value) or not missing(made)


@example("1" * 16)
@example("1.0000000001")
@given(st.from_regex(r"[0-9]{1,16}(\.[0-9]{1,10})?", fullmatch=True))
@pytest.mark.slow
def test_a_decimal_is_written_as_the_number_is(words: str) -> None:
    if len(words.partition(".")[0]) <= 15 and len(words.partition(".")[2]) <= 9:
        assert apply(("decimal_text",), words, None) == f"{amount(words):f}"
    else:
        with pytest.raises(NotMoney):
            apply(("decimal_text",), words, None)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_safe_text_is_percent_encoded(value: str) -> None:
    assert safe(value) == quote(value, safe="").replace("~", "%7E")


@FREELY
@given(st.builds(lambda word, times: word * times, st.text(max_size=3), st.sampled_from([1, 1, 67, 100, 400])))
def test_a_text_reads_as_it_is_cleaned(value: str) -> None:
    assert missing(value) == (clean(value[:1000]) == "")
    assert text(value) == clean(value[:1000])[:200]


@pytest.mark.parametrize("number", [0, -1, True, False, 10**200 - 1, -(10**200) + 1])
def test_a_number_reads_as_json(number: int) -> None:
    assert text(number) == json.dumps(number)[:201]
    assert text(10**200) == text(-(10**200)) == "a number of 665 bits"
