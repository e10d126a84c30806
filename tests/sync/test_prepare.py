"""A record becomes a plan, or everything that is wrong with it, and no record whatever makes it raise."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.mapping import get, put, text
from sync.model import NotDue, Overlay, Plan, Record, Ref, Violations
from sync.money import Money
from sync.prepare import Lookups, Question, apply, prepare, questions
from sync.reasons import REASONS
from sync.workspace import load
from sync.workspace.flow import Flow, RecordWords, VerifyRow, When, WriteRow
from sync.workspace.samples import read_samples

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
WORKSPACE = load(EXAMPLE)
FLOW = WORKSPACE.flow("quote_to_cash")
CLEAN: Record = next(
    sample.record or {} for document, sample in read_samples(EXAMPLE)[0] if document.file.endswith("/clean.yaml")
)


def answered(record: Record, flow: Flow = FLOW, overlays: tuple[Overlay, ...] = (), **known: list[Record]) -> Lookups:
    """Lookups with everything asked; the source knows the given records by entity."""
    lookups = Lookups()
    for _ in range(3):
        for question in questions(record, flow, overlays, lookups):
            records = known.get(question.entity, [])
            if question.purpose != "candidates":
                records = [each for each in records if all(each.get(k) == v for k, v in question.by.items())]
            lookups = lookups.plus(question, records)
    assert questions(record, flow, overlays, lookups) == ()
    return lookups


def outcome(record: Record, flow: Flow = FLOW, overlays: tuple[Overlay, ...] = (), **known: list[Record]) -> Any:
    return prepare(record, flow, WORKSPACE, overlays, answered(record, flow, overlays, **known))


def reasons(result: Any) -> list[tuple[str, str]]:
    assert isinstance(result, Violations)
    return [(each.reason, each.path) for each in result.found]


def with_write(**write: Any) -> Flow:
    row = WriteRow.model_validate(
        {"name": "only", "connection": "erp", "entity": "invoice", "operation": "create", "key": "k-{id}", **write}
    )
    return FLOW.model_copy(update={"writes": (row,), "checks": ()})


def with_rows(*rows: dict[str, Any]) -> Flow:
    return with_write(record=list(rows))


def test_a_clean_deal_becomes_four_writes_in_order() -> None:
    plan = outcome(CLEAN)
    assert isinstance(plan, Plan)
    customer, invoice, posted, billed = plan.writes
    assert (customer.operation, customer.key) == ("upsert", "crm-company-2001")
    assert (invoice.operation, invoice.key, invoice.of) == ("create", "crm-deal-7001", None)
    assert (posted.operation, posted.key, posted.of) == ("post", "crm-deal-7001-posted", "invoice")
    assert (billed.operation, billed.key, billed.of) == ("update", "billed-7001", "7001")
    assert invoice.body["customer_id"] == Ref("customer")
    assert billed.body["invoice_number"] == Ref("posted", "number")
    stamped = {"contract_reference": "7001", "sync_reference": "quote_to_cash/7001"}
    assert invoice.verify == {"total_minor": 596000, "status": "draft", **stamped}
    assert (plan.customer, plan.money) == ("2001", Money(currency="EUR", minor=596000))
    assert plan.title == "Adler & Söhne Werkzeugbau – rollout"


def test_the_same_record_gives_the_same_plan_and_stays_as_it_was() -> None:
    before = copy.deepcopy(CLEAN)
    assert outcome(CLEAN) == outcome(copy.deepcopy(CLEAN))
    assert before == CLEAN


def test_no_float_ever_reaches_a_body() -> None:
    flow = with_rows({"to": "a", "from": "inner"}, {"to": "b", "from": "weight"})
    plan = outcome({**CLEAN, "weight": 1.5, "inner": {"list": [0.5, 1]}}, flow)
    assert plan.writes[0].body == {"a": {"list": ["0.5", 1]}, "b": "1.5"}


def test_what_is_not_won_is_not_due() -> None:
    result = outcome({**CLEAN, "dealstage": "closedlost"})
    assert result == NotDue(why="dealstage is closedlost, not closedwon")
    assert outcome({**CLEAN, "dealstage": None}) == NotDue(why="dealstage is empty, not closedwon")


def test_a_trigger_may_name_several_values_or_none() -> None:
    several = When.model_validate({"path": "dealstage", "any_of": ["closedwon", "signed"]})
    flow = FLOW.model_copy(update={"trigger": FLOW.trigger.model_copy(update={"when": several})})
    assert isinstance(outcome({**CLEAN, "dealstage": "signed"}, flow), Plan)
    assert outcome({**CLEAN, "dealstage": "x"}, flow) == NotDue(why="dealstage is x, not closedwon or signed")
    always = FLOW.model_copy(update={"trigger": FLOW.trigger.model_copy(update={"when": None})})
    assert isinstance(outcome({**CLEAN, "dealstage": "x"}, always), Plan)


def test_a_trigger_that_cannot_be_evaluated_stops_the_record() -> None:
    broken = When.model_validate({"path": "sum(lines)", "equals": 1})
    flow = FLOW.model_copy(update={"trigger": FLOW.trigger.model_copy(update={"when": broken})})
    assert reasons(outcome(CLEAN, flow)) == [("rule_failed", "sum(lines)")]


def test_all_violations_come_at_once_with_the_money_at_stake() -> None:
    record = put(
        put({**CLEAN, "billing_code": "", "payment_terms": None}, "lines[0].product_code", "AtlasPro"),
        "lines[1].quantity",
        "0",
    )
    result = outcome(record)
    assert reasons(result) == [
        ("missing_billing_code", "billing_code"),
        ("missing_payment_terms", "payment_terms"),
        ("unknown_product", "lines[0].product_code"),
        ("invalid_value", "lines[1].quantity"),
        ("amount_mismatch", "amount"),
    ]
    assert result.money == Money(currency="EUR", minor=596000)
    assert result.customer == "2001"


def test_a_decision_applies_only_while_the_source_shows_what_it_was_about() -> None:
    entered = Overlay(path="billing_code", found="", action="set", value="BC-1", reason="missing_billing_code")
    assert apply({"billing_code": None}, (entered,)) == {"billing_code": "BC-1"}
    assert apply({"billing_code": "BC-CRM"}, (entered,)) == {"billing_code": "BC-CRM"}
    again = Overlay(path="billing_code", found="BC-1", action="set", value="BC-2")
    assert apply({"billing_code": ""}, (entered, again)) == {"billing_code": "BC-2"}
    assert apply({"a": 1}, (Overlay(path="no path!", found="", action="set", value="x"),)) == {"a": 1}
    assert apply({"a": 1}, (Overlay(path="a", found="1", action="waive"),)) == {"a": 1}


def test_a_company_that_a_person_picked_is_read_from_the_source_and_must_be_unique_too() -> None:
    record = {**CLEAN, "company": None}
    picked = (Overlay(path="company.id", found="", action="set", value="2005", reason="missing_account"),)
    company = {"id": "2005", "name": "Atelier Lumière SARL", "vat_id": "FR1", "country": "FR"}
    [first] = questions(record, FLOW, picked)
    assert first == Question(check=0, entity="companies", by={"id": "2005"}, purpose="read")
    [second] = questions(record, FLOW, picked, Lookups().plus(first, [company]))
    assert (second.purpose, second.by) == ("unique", {"vat_id": "FR1"})
    plan = outcome(record, FLOW, picked, companies=[company])
    assert isinstance(plan, Plan)
    assert (plan.customer, plan.writes[0].key) == ("2005", "crm-company-2005")
    twin = {**company, "id": "2006"}
    assert reasons(outcome(record, FLOW, picked, companies=[company, twin])) == [
        ("duplicate_customer", "company.vat_id")
    ]
    assert reasons(outcome(record, FLOW, picked)) == [("missing_account", "company.id")]


def test_a_missing_company_is_searched_by_the_words_of_the_deal() -> None:
    [question] = questions({**CLEAN, "company": None}, FLOW)
    assert (question.purpose, question.by) == ("candidates", {"*": "Adler & Söhne Werkzeugbau – rollout"})
    assert questions({**CLEAN, "company": None, "dealname": ""}, FLOW) == ()
    assert questions({**CLEAN, "company": None, "dealstage": "open"}, FLOW) == ()


def test_duplicates_bring_one_merge_task_for_both_whichever_deal_found_them() -> None:
    twins = [
        {"id": "2001", "name": "Adler & Söhne", "vat_id": "DE100007919"},
        {"id": "2077", "name": "Adler", "vat_id": "DE100007919"},
    ]
    other = put(put(CLEAN, "company.id", "2077"), "company.name", "Adler")
    left, right = outcome(CLEAN, companies=twins), outcome(other, companies=twins)
    [task], [same] = left.remedies, right.remedies
    assert (task.name, task.connection, task.entity, task.operation) == ("merge_task", "crm", "tasks", "create")
    assert task.key == same.key == "merge-2001-2077"
    assert task.body["companies"] == ["2001", "2077"]
    assert "DE100007919" in task.body["subject"]
    assert left.found[0].found == right.found[0].found


def test_a_waived_duplicate_brings_no_task() -> None:
    twin = [{"id": "2077", "name": "Adler", "vat_id": "DE100007919"}]
    waived = (Overlay(path="company.vat_id", found="DE100007919", action="waive", reason="duplicate_customer"),)
    assert isinstance(outcome(CLEAN, FLOW, waived, companies=twin), Plan)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"to": "a", "from": "amount", "transform": "iso_date"}], [("invalid_value", "amount")]),
        ([{"to": "a", "from": "dealname", "transform": "minor_units"}], [("invalid_amount", "dealname")]),
        ([{"to": "a", "from": "sum(lines)"}], [("rule_failed", "a")]),
        ([{"to": "a", "from": "lines[0].id || id", "transform": "iso_date"}], [("invalid_value", "a")]),
        ([{"to": "a", "from": "nothing", "required": True}], [("missing_field", "nothing")]),
        ([{"to": "a", "text": "{nothing}-{id}"}], [("missing_field", "nothing")]),
        ([{"to": "a", "text": "{sum(lines)}"}], [("rule_failed", "a")]),
        ([{"to": "a", "each": "dealname", "record": [{"to": "b", "from": "c"}]}], [("invalid_value", "dealname")]),
        ([{"to": "a", "each": "sum(lines)", "record": []}], [("rule_failed", "a")]),
        (
            [{"to": "a", "each": "lines", "record": [{"to": "b", "from": "name", "transform": "integer"}]}],
            [("invalid_value", "lines[0].name"), ("invalid_value", "lines[1].name")],
        ),
        (
            [{"to": "a", "from": "dealname", "lookup": {"reference": "price_list", "column": "account"}}],
            [("invalid_value", "dealname")],
        ),
        ([{"to": "a", "from": "id", "lookup": {"reference": "gone", "column": "account"}}], [("rule_failed", "id")]),
        (
            [{"to": "a", "from": "id", "lookup": {"reference": "price_list", "column": "gone"}}],
            [("invalid_value", "id")],
        ),
    ],
)
def test_a_row_that_cannot_be_mapped_is_a_violation_at_its_field(
    rows: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    flow = with_rows(*rows)
    assert reasons(outcome(CLEAN, flow)) == expected


@pytest.mark.parametrize(
    ("rows", "body"),
    [
        ([{"to": "a", "from": "nothing"}], {}),
        ([{"to": "a", "from": "nothing", "default": "none"}], {"a": "none"}),
        ([{"to": "a", "value": True}], {"a": True}),
        ([{"to": "a", "from": "amount", "transform": ["minor_units", "text"]}], {"a": "596000"}),
        ([{"to": "a", "each": "nothing", "record": []}], {}),
        ([{"to": "a", "each": "lines", "record": [{"to": "b", "from": "quantity"}]}], {"a": [{"b": "2"}, {"b": "1"}]}),
        (
            [{"to": "a", "from": "lines[0].product_code", "lookup": {"reference": "price_list", "column": "account"}}],
            {"a": "4000"},
        ),
    ],
)
def test_rows_say_what_the_body_is(rows: list[dict[str, Any]], body: dict[str, Any]) -> None:
    plan = outcome(CLEAN, with_rows(*rows))
    assert plan.writes[0].body == body


def test_a_key_needs_its_values_and_holds_only_harmless_characters() -> None:
    flow = with_write(key="crm-{dealname}-{flow}")
    assert outcome({**CLEAN, "dealname": "a/b ü"}, flow).writes[0].key == "crm-a%2Fb%20%C3%BC-quote_to_cash"
    assert reasons(outcome({**CLEAN, "dealname": ""}, flow)) == [("missing_field", "dealname")]
    assert reasons(outcome({**CLEAN, "dealname": "ü" * 190}, flow)) == [("invalid_value", "only")]
    assert reasons(outcome(CLEAN, with_write(key="{sum(lines)}"))) == [("rule_failed", "only")]
    assert reasons(outcome(CLEAN, with_write(key="{a || b}"))) == [("missing_field", "a || b")]


def test_an_id_that_is_the_name_of_a_write_is_no_id() -> None:
    flow = with_write(operation="update", of={"source": "id"}, key="k")
    assert outcome(CLEAN, flow).writes[0].of == "7001"
    assert reasons(outcome({**CLEAN, "id": "only"}, flow)) == [("invalid_value", "id")]


def test_a_verify_row_may_be_empty_or_fail() -> None:
    flow = with_write(verify=[{"field": "a", "from": "nothing"}, {"field": "b", "value": 1}])
    assert outcome(CLEAN, flow).writes[0].verify == {"a": None, "b": 1}
    assert VerifyRow.model_validate({"field": "a", "value": 1}).transforms == ()
    assert reasons(outcome(CLEAN, with_write(verify=[{"field": "t", "from": "id", "transform": "iso_date"}]))) == [
        ("invalid_value", "id")
    ]


def test_a_title_is_never_empty_and_customer_and_money_may_be_unknown() -> None:
    words = RecordWords.model_validate({"title": "dealname", "customer": "sum(lines)"})
    flow = FLOW.model_copy(update={"record": words})
    result = outcome({**CLEAN, "dealname": ""}, flow)
    assert (result.title, result.customer, result.money) == ("deals 7001", None, None)
    assert outcome({**CLEAN, "amount": "1,5"}).money is None
    broken = FLOW.model_copy(update={"record": words.model_copy(update={"currency": "sum(lines)"})})
    assert outcome(CLEAN, broken).money is None


ODD = [
    ("amount", "1.234,56", "invalid_amount"),
    ("amount", "12,5", "invalid_amount"),
    ("amount", "abc", "invalid_amount"),
    ("amount", "-5960.00", "negative_amount"),
    ("amount", float("inf"), "invalid_amount"),
    ("amount", float("nan"), "invalid_amount"),
    ("amount", "9" * 50_000, "invalid_amount"),
    ("amount", 10**5000, "invalid_amount"),
    ("amount", ["5960.00"], "invalid_amount"),
    ("deal_currency_code", "XXQ", "unknown_currency"),
    ("deal_currency_code", {}, "unknown_currency"),
    ("closedate", "31.03.2026", "invalid_value"),
    ("payment_terms", "NET30\x00", None),
    ("payment_terms", "\u202eNET30", None),
    ("payment_terms", "صافي", "unknown_value"),
    ("billing_code", "\x00", "missing_billing_code"),
    ("billing_code", "B" * 50_000, "invalid_value"),
    ("company", "Adler", "missing_field"),
    ("lines", "none", "invalid_value"),
    ("lines", {"0": {}}, "invalid_value"),
    ("lines", [None], "unknown_product"),
    ("lines[0].quantity", "-1", "invalid_value"),
    ("lines[0].quantity", "1.5", "invalid_value"),
    ("lines[0].price", "2.490,00", "invalid_amount"),
    ("lines[0].price", "-2490", "negative_amount"),
    ("dealname", "x" * 50_000, None),
    ("dealname", "<!channel> & <b>", None),
    ("id", "", "missing_field"),
    ("id", "../../etc", None),
]


@pytest.mark.parametrize("odd", range(len(ODD)))
def test_odd_values_become_the_right_violation_or_none(odd: int) -> None:
    path, value, reason = ODD[odd]
    result = outcome(put(CLEAN, path, value))
    if reason is None:
        assert isinstance(result, Plan)
    else:
        assert isinstance(result, Violations)
        assert reason in [each.reason for each in result.found]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        ["", "EUR", "XXQ", "closedwon", "1.234,56", "Atlas Pro", "2490.00", "\x00", "\ud800", "9" * 5000, "NET30"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = ["id", "dealname", "amount", "deal_currency_code", "closedate", "billing_code", "payment_terms", "company",
          "company.id", "company.vat_id", "company.country", "lines", "lines[0]", "lines[0].price", "lines[1].quantity",
          "lines[0].product_code"]  # fmt: skip
OVERLAYS = st.builds(
    Overlay,
    path=st.sampled_from([*FIELDS, "no path", "lines[*].price"]),
    found=st.sampled_from(["", "7001", "2490.00"]),
    action=st.sampled_from(["set", "waive"]),
    value=st.text(max_size=10),
    reason=st.sampled_from(["missing_field", "price_off_list"]),
)
FREELY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sound(result: Any) -> None:
    assert isinstance(result, Plan | Violations | NotDue)
    for violation in result.found if isinstance(result, Violations) else ():
        assert violation.reason in REASONS
        assert violation.path
        assert violation.label
        assert violation.expected
        assert len(violation.found) <= 200
    if isinstance(result, Violations):
        assert result.found
        assert len(result.found) == len({(each.path, each.reason) for each in result.found})


@FREELY
@given(st.dictionaries(st.sampled_from([*FIELDS[:8], "dealstage", "lines"]), JSON), st.lists(OVERLAYS, max_size=3))
@pytest.mark.slow
def test_no_record_whatever_makes_it_raise(record: Record, overlays: list[Overlay]) -> None:
    sound(prepare({**record, "dealstage": "closedwon"}, FLOW, WORKSPACE, tuple(overlays)))
    sound(prepare(record, FLOW, WORKSPACE, tuple(overlays)))


@FREELY
@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
    st.lists(OVERLAYS, max_size=3),
    st.lists(st.dictionaries(st.sampled_from(["id", "name", "vat_id"]), JSON), max_size=3),
)
@pytest.mark.slow
def test_a_deal_spoiled_in_any_way_is_judged(spoils: Record, overlays: list[Overlay], companies: list[Record]) -> None:
    record = CLEAN
    for path, value in spoils.items():
        record = put(record, path, value)
    lookups = Lookups()
    for question in questions(record, FLOW, overlays):
        lookups = lookups.plus(question, companies)
    result = prepare(record, FLOW, WORKSPACE, overlays, lookups)
    sound(result)
    assert prepare(record, FLOW, WORKSPACE, overlays, lookups) == result


@FREELY
@given(st.sampled_from(FIELDS), JSON)
@pytest.mark.slow
def test_setting_what_was_found_mends_the_field(path: str, value: Any) -> None:
    """An overlay made from a violation applies to the very record that the violation is about."""
    spoiled = put(CLEAN, path, value)
    result = outcome(spoiled)
    for violation in result.found if isinstance(result, Violations) else ():
        overlay = Overlay(path=violation.path, found=violation.found, action="set", value="chosen")
        mended = apply(spoiled, (overlay,))
        applies = text(get(spoiled, violation.path)) == violation.found
        assert get(mended, violation.path) == "chosen" or mended == spoiled
        assert applies or violation.reason in ("duplicate_customer", "rule_failed")
