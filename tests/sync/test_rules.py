"""Rules in CEL see whole minor units, fail loudly, and can neither run long nor take the process down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cel_expr_python", reason="the extra `rules` is not installed")

from sync import cel
from sync.cel import RuleFailed
from sync.facts import holds
from sync.model import NotDue, Record, Violations
from sync.prepare import prepare
from sync.workspace import Workspace, load
from sync.workspace.flow import Flow
from tests.in_time import in_time

ROOT = Path(__file__).parents[2]
WORKSPACE: Workspace = load(ROOT / "examples" / "quote_to_cash")
DEAL: Record = {
    "id": "7", "dealname": "Adler", "dealstage": "closedwon", "amount": "4980.50", "deal_currency_code": "EUR", "weight": 0.5,
    "company": {"id": "2"}, "lines": [{"product_code": "A", "price": "10.00", "quantity": "2"}, {"price": "0.50"}],
}  # fmt: skip


def says(expression: str, record: Record = DEAL, currency: str | None = "EUR") -> bool:
    return holds(cel.compile(expression), record, currency)


def flow_of(
    *checks: dict[str, Any], trigger: dict[str, Any] | None = None, rows: tuple[dict[str, Any], ...] = ()
) -> Flow:
    write = {
        "name": "w",
        "connection": "erp",
        "entity": "invoice",
        "operation": "create",
        "key": "k-{id}",
        "record": rows,
    }
    return Flow.model_validate({
        "flow": "test", "title": "Test", "version": 1, "owner": "revops", "contract": "deal@1.0.0", "checks": checks,
        "trigger": {"connection": "crm", "entity": "deals", **(trigger or {})},
        "record": {"title": "dealname", "amount": "amount", "currency": "deal_currency_code"}, "writes": [write],
    })  # fmt: skip


def rule(expression: str, **more: Any) -> dict[str, Any]:
    return {"check": "rule", "path": "amount", "expr": expression, "expected": "what the rule says", **more}


def reasons(record: Record, *checks: dict[str, Any]) -> list[tuple[str, str]]:
    outcome = prepare(record, flow_of(*checks), WORKSPACE)
    return [(each.reason, each.path) for each in outcome.found] if isinstance(outcome, Violations) else []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("amount_minor == 498050 && amount == '4980.50'", True),
        ("lines.exists(line, line.price_minor < 100)", True),
        ("lines.all(line, line.price_minor > 100)", False),
        ("record.company.id == '2' && size(record.lines) == 2", True),
        ("closedate == null", True),
        ("has(company.vat_id)", False),
        ("weight == '0.5'", True),
        ("int(lines[0].quantity) * lines[0].price_minor == 2000", True),
        ("dealname.matches('^[A-Z][a-z]+$')", True),
    ],
)
def test_a_rule_reads_the_fields_by_name_and_amounts_in_whole_minor_units(expression: str, said: bool) -> None:
    assert says(expression) is said


@pytest.mark.parametrize(
    "expression",
    [
        "amount_minor / 0 == 1", "dealname > 5", "company.vat_id == 'DE1'", "unheard_of_minor > 0", "size(closedate) > 0", "amount",
        "lines[5].price == '1'",
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_evaluated_is_a_failed_rule_and_never_false(expression: str) -> None:
    with pytest.raises(RuleFailed):
        says(expression)
    assert reasons(DEAL, rule(expression)) == [("rule_failed", "amount")]


def test_amounts_of_an_unknown_currency_have_no_minor_units() -> None:
    with pytest.raises(RuleFailed):
        says("amount_minor > 0", currency=None)


def test_a_rule_that_says_no_stops_the_record_with_the_words_of_its_author() -> None:
    outcome = prepare(DEAL, flow_of(rule("amount_minor < 100", reason="price_off_list")), WORKSPACE)
    assert isinstance(outcome, Violations)
    [found] = outcome.found
    assert (found.reason, found.path, found.found) == ("price_off_list", "amount", "4980.50")
    assert found.expected == "what the rule says"
    assert reasons(DEAL, rule("amount_minor > 100")) == []


def test_a_rule_keeps_quiet_about_what_is_known_to_be_wrong_already() -> None:
    amount = {"check": "amount", "path": "amount"}
    broken = {**DEAL, "amount": "1.234,5"}
    assert reasons(broken, amount, rule("amount_minor > 0"), rule("size(record) > 99")) == [
        ("invalid_amount", "amount")
    ]
    assert reasons(broken, amount, rule("size(lines) > 5")) == [
        ("invalid_amount", "amount"),
        ("invalid_value", "amount"),
    ]


def test_a_flow_is_due_when_its_rule_says_so() -> None:
    def outcome(expression: str) -> Any:
        return prepare(DEAL, flow_of(trigger={"when": {"rule": expression}}), WORKSPACE)

    assert outcome("amount_minor > 100 && dealstage == 'closedwon'").writes
    assert outcome("amount_minor < 100") == NotDue(why="it is not so that amount_minor < 100")
    assert [each.reason for each in outcome("amount_minor / 0 > 1").found] == ["rule_failed"]


def test_a_check_and_a_row_are_in_force_where_their_condition_holds() -> None:
    check = {"check": "required", "path": "purchase_order"}
    assert reasons(DEAL, {**check, "when": {"rule": "amount_minor >= 498050"}}) == [("missing_field", "purchase_order")]
    assert reasons(DEAL, {**check, "when": {"rule": "amount_minor > 498050"}}) == []
    assert reasons(DEAL, {**check, "when": {"path": "dealstage", "equals": "lost"}}) == []
    assert reasons(DEAL, {**check, "when": {"rule": "1 / 0 == 1"}}) == [
        ("rule_failed", "purchase_order"),
        ("missing_field", "purchase_order"),
    ]
    rows = (
        {"to": "big", "value": True, "when": {"rule": "amount_minor > 100"}},
        {"to": "small", "value": True, "when": {"rule": "amount_minor < 100"}},
        {"to": "lines", "each": "lines", "record": [{"to": "p", "from": "price"}, {"to": "q", "value": 1, "when": {"rule": "size(lines) > 5"}}]},
    )  # fmt: skip
    [write] = prepare(DEAL, flow_of(rows=rows), WORKSPACE).writes
    assert write.body == {"big": True, "lines": [{"p": "10.00"}, {"p": "0.50"}]}
    failing = flow_of(rows=({"to": "x", "value": 1, "when": {"rule": "1 / 0 == 1"}},))
    assert [(each.reason, each.path) for each in prepare(DEAL, failing, WORKSPACE).found] == [("rule_failed", "x")]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("amount > 10.5", "minor units"),
        ("double(amount) > 1", "minor units"),
        ("amount_minor +", "does not compile"),
        ("amount_minor + 1", "true or false"),
        ("a" * 1001, "1,000 characters"),
        ("(" * 300 + "a" + ")" * 300, "nested"),
        ("-" * 40 + "(((((" * 6 + "1" + ")" * 30 + "> 0", "nested"),
        ("lines.all(a, lines.all(b, lines.all(c, true)))", "2 loops"),
        ("lines.all(a, a.x.matches(a.y))", "pattern"),
        ("matches(dealname, 'x')", "pattern"),
        ("dealname.matches('((x{1,30}){1,30}){1,30}')", "counts to 32"),
        ("lines.all(a, lines.all(b, b.n.matches('x')))", "matches"),
        (" + ".join(["dealname"] * 30) + " == ''", "adds at most"),
    ],
)
def test_a_rule_beyond_the_bounds_is_refused_before_it_runs(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        cel.compile(expression)


HOSTILE = [
    ("dealname.matches('(a+)+$')", {"dealname": "a" * 40 + "!"}),
    ("dealname.matches('(a|aa)+$')", {"dealname": "a" * 999 + "!"}),
    ("lines.all(a, lines.all(b, a.x != b.y))", {"lines": [{"x": "1", "y": "2"}] * 1000}),
    ("lines.all(a, a.x.matches('([a-z]{1,16})+-?'))", {"lines": [{"x": "a" * 9}] * 1000}),
    ("lines.map(a, dealname + dealname + dealname + dealname + dealname).size() > 0", {"dealname": "x" * 500, "lines": [1] * 1000}),
    ("lines.map(a, lines.map(b, dealname + dealname)).size() > 0", {"dealname": "x" * 500, "lines": [1] * 99}),
    ("size(lines) > 0", {"lines": [{"a": 1}] * 100_000}),
    ("size(dealname) > 0", {"dealname": "x" * 10_000_000}),
    ("size(record) > 0", {"a": {str(each): {"b": [1] * 99} for each in range(9999)}}),
    ("big > 1", {"big": 10**400}),
    ("big == 'nan'", {"big": float("nan")}),
    ("text == ''", {"text": "\ud800\x00\u202e"}),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "record"), HOSTILE)
def test_a_rule_over_hostile_input_ends_within_a_tenth_of_a_second(expression: str, record: Record) -> None:
    compiled = cel.compile(expression)

    def tried() -> str:
        try:
            return str(holds(compiled, record, "EUR"))
        except RuleFailed as error:
            return str(error)

    assert in_time(tried, 0.1)


def test_a_record_nested_a_thousand_deep_is_a_failed_rule() -> None:
    deep: Any = "x"
    for _ in range(1000):
        deep = {"a": deep}
    with pytest.raises(RuleFailed, match="20 levels"):
        says("size(record) > 0", {"deep": deep})


SHAPES = """
import sys
from sync import cel
n = 999
for shape in ("(" * 300 + "a" + ")" * 300, "!" * n + "a", "-" * n + "1 > 0", "[" * 400 + "]" * 400, "a" + ".a" * 400, "a?a:" * 200 + "a",
              "a&&" * 300 + "a", "a||" * 300 + "a", "f(" * 300 + ")" * 300, "{1:" * 250 + "1" + "}" * 250, "a[" * 300 + "]" * 300,
              "a" + "[0]" * 300, "a<" * 400 + "a", "a*" * 400 + "a", "'" * n, '\"\"\"' * 300, "r'" + chr(92) * 900, "a.all(" * 150, chr(0) * 50):
    try:
        rule = cel.compile(shape)
        cel.evaluate(rule, {"a": True})
    except ValueError as error:
        assert str(error), shape
print("alive")
"""


def test_no_rule_however_deep_takes_the_process_down() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SHAPES], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ran.stdout.strip(), ran.returncode) == ("alive", 0), ran.stderr[-500:]


def test_a_workspace_with_rules_is_refused_where_the_extra_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cel, "_cel", None)
    cel.compile.cache_clear()
    with pytest.raises(ValueError, match="install meshline"):
        flow_of(rule("amount_minor > 0"))
    cel.compile.cache_clear()
