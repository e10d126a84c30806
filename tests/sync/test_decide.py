"""What happened becomes one step: try again, ask a person, wait, or be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync.decide import (
    About,
    Blocked,
    Failed,
    Outcome,
    Resting,
    Written,
    Wrong,
    cause_of,
    decide,
    overlays_for,
    shared_questions,
)
from sync.errors import AnswerLost, ConnectorError, Rejected, Unauthorized, Unavailable
from sync.model import BillingHold, NotDue, Overlay, Violation, Violations
from sync.money import Money
from sync.steps import Bury, Deliver, Discard, Hold, Retry, Step, Wait
from sync.words import LONGEST
from sync.workspace.flow import RetryPolicy

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = RetryPolicy(attempts=3, first=timedelta(seconds=2), factor=3, cap=timedelta(minutes=5))
EUROS = Money(currency="EUR", minor=100)
ABOUT = About(title="Workstations", customer="77", money=EUROS)


def step(outcome: Outcome, *, retries: int = 0, jitter: float = 1.0) -> Step:
    return decide(outcome, subject="deals:1", retries=retries, policy=POLICY, now=NOW, jitter=jitter)


def failed(error: ConnectorError, side: str = "erp") -> Failed:
    return Failed(error=error, connection="ledger", side=side, about=ABOUT)


def violation(reason: str, found: str = "", path: str = "billing_code") -> Violation:
    return Violation(reason=reason, path=path, label="Field", found=found, expected="something else")


def test_what_is_written_is_delivered() -> None:
    assert step(Written(bindings=())) == Deliver(bindings=())


def test_what_is_not_due_is_discarded_with_the_reason() -> None:
    assert step(NotDue(why="the deal is open")) == Discard(why="the deal is open")


def test_a_held_customer_waits_for_the_hold() -> None:
    hold = BillingHold(id=7, key="77", case_id=None, why="late", placed_by="clock", placed_at=NOW)
    assert step(Blocked(hold=hold)) == Wait(hold_id=7, detail="billing of this customer is held: late")


def test_a_resting_write_comes_back_and_costs_no_try() -> None:
    until = NOW + timedelta(seconds=5)
    assert step(Resting(until=until, detail="rests"), retries=99) == Retry(due_at=until, detail="rests", counted=False)


@pytest.mark.parametrize("error", [Unavailable("503"), AnswerLost("cut")])
def test_what_may_work_later_is_tried_again_as_often_as_the_flow_says(error: ConnectorError) -> None:
    assert step(failed(error)) == Retry(due_at=NOW + timedelta(seconds=2), detail=str(error))
    assert step(failed(error), retries=1) == Retry(due_at=NOW + timedelta(seconds=6), detail=str(error))
    last = step(failed(error), retries=2)
    assert isinstance(last, Bury)
    assert (last.opening.reason, last.opening.cause) == ("erp_unavailable", "ledger")
    assert (last.opening.title, last.opening.customer, last.opening.money) == ("Workstations", "77", EUROS)


def test_a_source_that_stays_away_is_named_as_the_source() -> None:
    last = step(failed(Unavailable("503"), side="crm"), retries=2)
    assert isinstance(last, Bury)
    assert last.opening.reason == "crm_unavailable"


def test_nobody_comes_back_earlier_than_the_other_side_asked_for() -> None:
    assert step(failed(Unavailable("429", retry_after=60))) == Retry(due_at=NOW + timedelta(seconds=60), detail="429")
    assert step(failed(Unavailable("429", retry_after=0.5))) == Retry(due_at=NOW + timedelta(seconds=2), detail="429")


def test_refused_credentials_hold_everything_of_that_connection_under_one_cause() -> None:
    held = step(failed(Unauthorized("401")))
    assert isinstance(held, Hold)
    assert (held.opening.reason, held.opening.cause) == ("unauthorized", "ledger")


def test_a_refusal_is_grouped_by_its_code_and_customer() -> None:
    buried = step(failed(Rejected("Acme is blocked", code="customer_blocked", path="customer_id")))
    assert isinstance(buried, Bury)
    assert (buried.opening.reason, buried.opening.cause) == ("erp_rejected", "customer_blocked:77")
    assert buried.opening.detail == "Acme is blocked (customer_blocked)"
    [wrong] = buried.opening.violations
    assert (wrong.path, wrong.label) == ("customer_id", "Customer id")


def test_a_refusal_without_a_code_or_a_path_is_about_the_record() -> None:
    outcome = Failed(error=Rejected("gone", reason="not_found"), connection="crm", side="crm")
    held = step(outcome)
    assert isinstance(held, Hold)
    assert held.opening.cause == "not_found:deals:1"
    assert held.opening.violations[0].label == "Record"


def test_an_error_of_an_unknown_kind_is_a_bug() -> None:
    buried = step(failed(ConnectorError("something new")))
    assert isinstance(buried, Bury)
    assert buried.opening.reason == "crashed"


def test_what_is_wrong_with_one_record_is_its_own_cause() -> None:
    held = step(Wrong(reason="totals_differ", detail="1 is not 2", about=ABOUT))
    assert isinstance(held, Hold)
    assert (held.opening.cause, held.opening.title) == ("deals:1", "Workstations")
    grouped = [step(Wrong(reason="crashed", detail="", cause="x" * 300 + end)) for end in "aba"]
    causes = [one.opening.cause for one in grouped if isinstance(one, Bury)]
    assert causes[0] == causes[2] != causes[1]
    assert all(len(cause) <= LONGEST for cause in causes)


def test_violations_are_one_case_that_names_them_all() -> None:
    found = (violation("unknown_product", "Atlas Por"), violation("missing_billing_code"))
    held = step(Violations(found=found, title="Workstations", customer="77", money=EUROS))
    assert isinstance(held, Hold)
    assert (held.opening.reason, held.opening.cause) == ("unknown_product", "Atlas Por")
    assert held.opening.violations == found
    assert held.opening.detail.count(";") == 1


@pytest.mark.parametrize(
    ("reason", "found", "cause"),
    [
        ("unknown_product", "Atlas Por", "Atlas Por"),
        ("unknown_product", "", "deals:1"),
        ("duplicate_customer", "DE123", "DE123"),
        ("unknown_currency", "EURO", "EURO"),
        ("invalid_amount", "1.234,56", "deals:1"),
        ("price_off_list", "1990.00", "deals:1"),
    ],
)
def test_records_share_a_card_where_one_decision_mends_them_all(reason: str, found: str, cause: str) -> None:
    assert cause_of(violation(reason, found), "deals:1") == cause


def test_a_card_of_one_asks_everything_and_a_card_of_many_what_they_share() -> None:
    one, two = violation("unknown_product", "Atlas Por"), violation("missing_billing_code")
    assert shared_questions([(one, two)]) == (one, two)
    assert shared_questions([(one, two), (one,)]) == (one,)
    assert shared_questions([]) == ()


def test_an_answer_is_meant_for_every_value_it_was_asked_about() -> None:
    first = violation("unknown_product", "Atlas Por", "lines[0].product_code")
    again = violation("unknown_product", "Atlas Por", "lines[3].product_code")
    other = violation("missing_billing_code")
    chosen = overlays_for((first, again, other), (first,), {0: "Atlas Pro"})
    assert [(one.path, one.value, one.action) for one in chosen] == [
        ("lines[0].product_code", "Atlas Pro", "set"), ("lines[3].product_code", "Atlas Pro", "set"),
    ]  # fmt: skip


def test_questions_of_one_case_are_answered_each_at_its_own_place() -> None:
    first = violation("unknown_product", "X", "lines[0].product_code")
    second = violation("unknown_product", "X", "lines[1].product_code")
    chosen = overlays_for((first, second), (first, second), {0: "A", 1: "B"})
    assert [one.value for one in chosen] == ["A", "B"]
    assert overlays_for((first, second), (first, second), {1: "B"})[0].path == "lines[1].product_code"


def test_an_empty_answer_accepts_the_value_as_it_stands() -> None:
    price = violation("price_off_list", "1990.00", "lines[0].price")
    expected = Overlay(path="lines[0].price", found="1990.00", action="waive", value="", reason="price_off_list")
    assert overlays_for((price,), (price,), {0: ""}) == (expected,)
