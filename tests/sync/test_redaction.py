"""A record without what is personal in it is wrong in the same way as the record was."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model import Candidate, Overlay, Record, Violation
from sync.redaction import Redactor
from sync.workspace import Workspace, load
from sync.workspace.exhibits import Stopped, exhibits
from sync.workspace.samples import read_samples

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
CLEAN: Record = next(
    sample.record or {} for document, sample in read_samples(EXAMPLE)[0] if document.file.endswith("/clean.yaml")
)
WORKSPACE = load(EXAMPLE)


@pytest.fixture
def workspace() -> Workspace:
    return WORKSPACE


@pytest.fixture
def redactor(workspace: Workspace) -> Redactor:
    flow = workspace.flow("quote_to_cash")
    return Redactor(contract=workspace.contract_of(flow), flow=flow)


def test_names_numbers_of_tax_and_addresses_go_and_what_is_billed_stays(redactor: Redactor) -> None:
    record = redactor.record({**CLEAN, "payment_terms": "NET30, ask petra@acme.example", "mobile": "+49 171 55"})
    words = str(record)
    assert not any(each in words for each in ("Adler", "Söhne", "100007919", "ap@", "petra", "171"))
    assert record["amount"] == CLEAN["amount"] and record["company"]["country"] == "DE"
    assert [each["product_code"] for each in record["lines"]] == ["Atlas Pro", "Priority Care"]
    assert re.fullmatch(r"[A-Z]{2}\d{9}", record["company"]["vat_id"])
    assert record["payment_terms"].startswith("NET30, ask person") and record["payment_terms"].endswith("@example.com")


def test_one_value_has_one_placeholder_and_two_values_have_two(redactor: Redactor) -> None:
    company = {"vat_id": "DE1234", "name": "DE1234"}
    first = redactor.record({"company": company, "dealname": "DE1235"})
    assert first["company"]["vat_id"] == first["company"]["name"] == redactor.words("company.vat_id", "DE1234")
    assert first["dealname"] != first["company"]["vat_id"]


@given(words=st.text(max_size=30))
def test_a_placeholder_is_as_long_and_as_empty_as_the_value(words: str) -> None:
    flow = WORKSPACE.flow("quote_to_cash")
    made = Redactor(contract=WORKSPACE.contract_of(flow), flow=flow).words("company.name", words)
    assert bool(made.strip()) == bool(words.strip())
    assert len(made) == len(words) or "@" in words or "-" in words


def stopped(workspace: Workspace, record: Record, *violations: Violation, decided: tuple[Overlay, ...] = ()) -> Stopped:
    return Stopped(
        ref="EX-9", title="It was stopped", flow=workspace.flow("quote_to_cash"), record=record, violations=violations,
        before=(), decided=decided,
    )  # fmt: skip


def violation(reason: str, path: str, found: str = "", candidates: tuple[Candidate, ...] = ()) -> Violation:
    return Violation(reason=reason, path=path, label="", found=found, expected="", candidates=candidates)


def test_two_customers_with_one_number_are_two_customers_with_one_other_number(workspace: Workspace) -> None:
    twins = tuple(Candidate(value=each, label="Adler", score=100, why="") for each in ("2001", "2077"))
    case = stopped(workspace, CLEAN, violation("duplicate_customer", "company.vat_id", "DE100007919", twins))
    [exhibit] = exhibits(workspace, case)
    assert exhibit.problems == () and "DE100007919" not in exhibit.text and "2077" in exhibit.text


def test_a_decision_that_mends_the_value_makes_a_second_sample(workspace: Workspace) -> None:
    record = {**CLEAN, "company": {**CLEAN["company"], "country": "Adlerland"}}
    decided = Overlay(path="company.country", found="Adlerland", action="set", value="Germany", reason="invalid_value")
    case = stopped(workspace, record, violation("invalid_value", "company.country", "Adlerland"), decided=(decided,))
    first, second = exhibits(workspace, case)
    assert (first.problems, second.problems) == ((), ())
    assert "country: DE" in second.text


def test_what_the_checks_do_not_stop_becomes_no_sample(workspace: Workspace) -> None:
    [exhibit] = exhibits(workspace, stopped(workspace, CLEAN, violation("erp_rejected", "")))
    assert any("it should be stopped" in each for each in exhibit.problems)


def test_a_company_that_a_person_picked_is_no_second_sample_because_nobody_kept_it(workspace: Workspace) -> None:
    record = {**CLEAN, "company": None}
    decided = Overlay(path="company.id", found="", action="set", value="2001", reason="missing_account")
    case = stopped(workspace, record, violation("missing_account", "company.id"), decided=(decided,))
    [exhibit] = exhibits(workspace, replace(case, ref="EX-10"))
    assert exhibit.file == "samples/deals/ex-10.yaml" and exhibit.problems == ()
