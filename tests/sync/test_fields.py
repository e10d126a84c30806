"""A field is entered as its contract says, and the flow's own checks judge an answer before it is taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bot.sandbox.stage import example
from sync import match
from sync.checks import judged
from sync.fields import Choices, field_of, objection, ranked
from sync.model import Candidate, Case, Violation
from sync.money import Money
from sync.questions import Lookups
from sync.scene import Scene
from sync.typed import Unusable, https_address, value_of
from sync.workspace.flow import InReference
from sync.workspace.tables import table
from sync.workspace.workspace import Workspace
from tests.world import loaded

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def case(currency: str = "EUR") -> Any:
    return SimpleNamespace(flow="quote_to_cash", money=Money(currency=currency, minor=1), violations=())


def asked(path: str, kind: str = "text", reason: str = "invalid_value") -> Violation:
    return Violation(reason=reason, path=path, label=path, found="", expected="a value", kind=kind)


@pytest.fixture(scope="module")
def company() -> Workspace:
    return loaded(example())


@pytest.mark.parametrize(
    ("path", "given", "kind", "list_name"),
    [
        ("billing_code", "text", "text", None),
        ("payment_terms", "select", "select", "billing terms"),
        ("lines[3].product_code", "select", "select", "price list"),
        ("lines[0].price", "money", "money", None),
        ("closedate", "date", "date", None),
        ("contract_url", "text", "link", None),
    ],
)
def test_a_field_is_entered_as_the_contract_and_the_checks_say(
    company: Workspace, path: str, given: str, kind: str, list_name: str | None
) -> None:
    found = field_of(asked(path, given), case(), company)
    assert (found.kind, found.choices.name if found.choices else None) == (kind, list_name)
    assert found.currency == "EUR"


def test_a_list_says_who_keeps_it_and_what_its_values_are_called(company: Workspace) -> None:
    found = field_of(asked("payment_terms", "select"), case(), company)
    assert found.choices is not None and found.choices.kept_by == "sales-ops"
    assert ("NET30", "30 days net") in [(value, label) for value, label in found.choices.pairs] or found.choices.pairs


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("billing_code", "BC-DE-1001", ""),
        ("billing_code", "B" * 41, "at most 40 letters"),
        ("billing_code", "B€", "at most 40 letters"),
        ("payment_terms", "NET30", ""),
        ("payment_terms", "NET31", "values in billing terms"),
        ("lines[2].product_code", "Atlas Pro", ""),
        ("lines[2].product_code", "Atlas Poro", "values in price list"),
        ("lines[1].quantity", "0", "at least 1"),
        ("lines[1].quantity", "1.5", "whole number"),
        ("deal_currency_code", "EURO", "ISO 4217"),
        ("amount", "1234.56", ""),
        ("amount", "1234.567", "plain amount"),
        ("closedate", "yesterday", "a date"),
        ("nothing.checks.this", "anything", ""),
    ],
)
def test_the_flows_own_checks_judge_an_answer(company: Workspace, path: str, answer: str, words: str) -> None:
    said = objection(answer, asked(path), case(), company)
    assert words in said and bool(said) is bool(words)


def test_a_yen_amount_has_no_decimals(company: Workspace) -> None:
    assert "1234 in JPY" in objection("1234.50", asked("amount"), case("JPY"), company)
    assert objection("1234", asked("amount"), case("JPY"), company) == ""


def test_a_search_shows_what_begins_with_the_words_first_and_never_more_than_a_hundred() -> None:
    pairs = (("c9", "Old Atlas"), ("c1", "Catlas"), ("c2", "Atlas Pro"), ("atl", "Zeta"), ("c3", "Zeta"))
    choices = Choices(name="list", pairs=pairs)
    assert [value for value, _ in ranked(choices, " atl ")] == ["c2", "atl", "c9", "c1"]
    many = Choices(name="list", pairs=tuple((f"P-{number}", f"Part {number}") for number in range(5_000)))
    assert len(ranked(many, "p")) == 100
    assert ranked(many, "Part 4999") == [("P-4999", "Part 4999")]


def scored(*scores: int) -> list[Candidate]:
    return [Candidate(value=str(place), label="x", score=score, why="w") for place, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("scores", "value"),
    [((95,), "0"), ((94,), None), ((99, 89), "0"), ((99, 90), None), ((100, 100), None), ((), None), ((70, 98), "1")],
)
def test_only_a_candidate_that_is_sure_and_clearly_ahead_is_chosen_beforehand(
    scores: tuple[int, ...], value: str | None
) -> None:
    found = match.safe(scored(*scores))
    assert (found.value if found else None) == value


@pytest.mark.parametrize("typed", ["\u200bBC", "BC\x07", "B\u202eC", "BC\ue000", "\u00adBC"])
def test_signs_that_nobody_can_see_are_said_back(typed: str) -> None:
    with pytest.raises(Unusable, match="cannot be seen"):
        value_of(typed)


def test_a_value_is_one_line_of_letters_or_digits() -> None:
    assert value_of("  PO\n 12\u00a0a ") == "PO 12 a"
    assert value_of("Größe 東京") == "Größe 東京"
    for nothing in ("🎉", "👩\u200d💻", "---"):
        with pytest.raises(Unusable, match="signs or emoji"):
            value_of(nothing)
    with pytest.raises(Unusable, match="these are 3,000"):
        value_of("x" * 3000)


@pytest.mark.parametrize(
    "typed",
    ["http://a.example/x", "https://", "https://a b.example", "ftp://a.example", "https://u:p@a.example/x", "x"],
)
def test_a_file_link_is_a_whole_https_address(typed: str) -> None:
    with pytest.raises(Unusable, match="https://"):
        https_address(typed)


def test_an_https_address_stays_as_it_is() -> None:
    assert https_address(" https://files.example.com/a%20b.pdf?x=1 ") == "https://files.example.com/a%20b.pdf?x=1"


def test_a_case_of_a_flow_that_is_gone_is_asked_as_it_says_itself(company: Workspace) -> None:
    gone: Case = case()
    gone.flow = "gone"  # type: ignore[misc]
    assert field_of(asked("x", "date"), gone, company).kind == "date"
    assert objection("x", asked("x"), gone, company) == ""
    assert replace(asked("x"), kind="strange").kind == "strange"


def test_a_value_that_was_renamed_is_offered_by_its_new_name(company: Workspace) -> None:
    rows = (
        {"code": "ATL-PRO", "name": "Atlas Pro", "formerly": "Atlas Professional", "renamed": "2026-03-03"},
        {"code": "ATL-ONE", "name": "Atlas One", "formerly": "Atlas Uno", "renamed": ""},
    )
    listed = table("products", ("code", "name", "formerly", "renamed"), rows)
    check = InReference.model_validate(
        {"check": "in_reference", "path": "product", "reference": "products", "column": "code", "title": "name",
         "formerly": "formerly", "renamed": "renamed"}
    )  # fmt: skip
    flow = company.flow("quote_to_cash").model_copy(update={"checks": (check,)})
    offered = []
    for written in ("atlas professional", "Atlas-Uno"):
        scene = Scene(
            record={"product": written}, flow=flow, contract=company.contract_of(flow), tables={"products": listed},
            lookups=Lookups(),
        )  # fmt: skip
        [(_, violation)] = judged(scene, [0])
        offered.append(violation.candidates[0])
    assert [(one.value, one.score, one.why) for one in offered] == [
        ("ATL-PRO", 99, "renamed on 3 March 2026"), ("ATL-ONE", 99, "called so before"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="formerly"):
        InReference.model_validate(check.model_dump(exclude_none=True) | {"formerly": None})
