"""Checks that ask another system are made last, pass only on an answer, and fail as the connection fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.asking import answer_elsewhere
from sync.errors import Rejected, Unavailable
from sync.model import Found, Overlay, Record, Violations
from sync.prepare import prepare, questions, questions_elsewhere
from sync.questions import Lookups, Question
from sync.traffic import needs_of
from sync.workspace import load
from sync.workspace.flow import Flow

WORKSPACE = load(Path(__file__).parents[2] / "examples" / "quote_to_cash")
DEAL: Record = {
    "id": "7",
    "dealname": "Adler",
    "dealstage": "closedwon",
    "amount": "4980.50",
    "deal_currency_code": "EUR",
    "tax": "T19",
}
TAX = {"check": "lookup", "path": "tax", "connection": "tax", "entity": "tax_codes", "by": {"code": "tax"}}
CREDIT = {
    "check": "credit", "path": "amount", "connection": "erp", "entity": "credit", "key": "c-{id}", "limit": "limit", "used": "used",
}  # fmt: skip
STATUS = {
    "check": "status_agreement", "path": "dealstage", "connection": "erp", "entity": "project", "key": "p-{id}",
    "agrees": {"closedwon": ["open", "running"]},
}  # fmt: skip


def flow_of(*checks: dict[str, Any]) -> Flow:
    write = {"name": "w", "connection": "erp", "entity": "invoice", "operation": "create", "key": "k-{id}"}
    return Flow.model_validate({
        "flow": "test", "title": "Test", "version": 1, "owner": "revops", "contract": "deal@1.0.0", "checks": checks,
        "trigger": {"connection": "crm", "entity": "deals"}, "writes": [write],
        "record": {"title": "dealname", "amount": "amount", "currency": "deal_currency_code"},
    })  # fmt: skip


def stopped(
    record: Record, check: dict[str, Any], *answers: Record, overlays: tuple[Overlay, ...] = ()
) -> list[tuple[str, str, str]]:
    flow, lookups = flow_of(check), Lookups()
    for question in questions_elsewhere(record, flow, WORKSPACE):
        lookups = lookups.plus(question, answers)
    outcome = prepare(record, flow, WORKSPACE, overlays, lookups)
    return (
        [(each.reason, each.path, each.expected) for each in outcome.found] if isinstance(outcome, Violations) else []
    )


CASES: list[tuple[dict[str, Any], list[Record], str, str]] = [
    (TAX, [], "unknown_value", "has a tax codes for"),
    (TAX, [{"id": "1"}], "", ""),
    ({**TAX, "field": "active", "any_of": [True]}, [{"active": False}], "unknown_value", "whose active is true"),
    ({**TAX, "field": "active", "any_of": [True]}, [{"active": False}, {"active": "true"}], "", ""),
    (CREDIT, [{"limit": "9000", "used": "4019.50"}], "", ""),
    (CREDIT, [{"limit": "9000", "used": "4019.51"}], "credit_exceeded", "at most 4980.49 EUR"),
    (CREDIT, [{"limit": 1, "used": "5"}], "credit_exceeded", "at most 0.00 EUR"),
    ({**CREDIT, "minor": True}, [{"limit": 498050, "used": 0}], "", ""),
    ({**CREDIT, "minor": True}, [{"limit": 498049, "used": 0}], "credit_exceeded", "4980.49 EUR"),
    (CREDIT, [], "credit_exceeded", "there is none"),
    (CREDIT, [{"limit": "1"}, {"limit": "2"}], "credit_exceeded", "several"),
    (CREDIT, [{"limit": 9000.5, "used": "0"}], "rule_failed", "shows no plain limit"),
    (CREDIT, [{"limit": "9000", "used": None}], "rule_failed", "shows no plain used"),
    (STATUS, [{"status": "running"}], "", ""),
    (STATUS, [{"status": "cancelled"}], "status_differs", "whose status is open or running; it is cancelled"),
    (STATUS, [], "", ""),
    ({**STATUS, "must_exist": True}, [], "status_differs", "there is none"),
    ({**STATUS, "agrees": {"lost": ["closed"]}}, [{"status": "running"}], "", ""),
]


@pytest.mark.parametrize(("check", "answers", "reason", "words"), CASES)
def test_what_the_other_system_answers_decides(
    check: dict[str, Any], answers: list[Record], reason: str, words: str
) -> None:
    found = stopped(DEAL, check, *answers)
    assert [each[0] for each in found] == ([reason] if reason else [])
    assert not reason or words in found[0][2]


@pytest.mark.parametrize("check", [TAX, CREDIT, STATUS])
def test_a_system_that_was_not_asked_is_no_pass_and_an_empty_value_is_not_asked_about(check: dict[str, Any]) -> None:
    outcome = prepare(DEAL, flow_of(check), WORKSPACE)
    assert isinstance(outcome, Violations)
    assert [each.reason for each in outcome.found] == ["rule_failed"]
    empty = {**DEAL, check["path"]: ""}
    assert questions_elsewhere(empty, flow_of(check), WORKSPACE) == ()
    assert stopped(empty, check) == []


def test_nobody_else_is_asked_while_something_else_is_wrong() -> None:
    flow = flow_of(TAX, {"check": "required", "path": "purchase_order"})
    assert questions_elsewhere(DEAL, flow, WORKSPACE) == ()
    outcome = prepare(DEAL, flow, WORKSPACE)
    assert isinstance(outcome, Violations)
    assert [each.reason for each in outcome.found] == ["missing_field"]
    fixed = {**DEAL, "purchase_order": "7"}
    [question] = questions_elsewhere(fixed, flow, WORKSPACE)
    assert question == Question(check=0, entity="tax_codes", by={"code": "T19"}, purpose="search", connection="tax")
    waived = Overlay(path="purchase_order", found="", action="waive", reason="missing_field")
    assert questions_elsewhere(DEAL, flow, WORKSPACE, (waived,)) == (question,)


def test_an_amount_over_the_credit_may_be_approved_as_it_stands() -> None:
    approved = Overlay(path="amount", found="4980.50", action="waive", reason="credit_exceeded")
    assert stopped(DEAL, CREDIT, {"limit": "1", "used": "0"}, overlays=(approved,)) == []


def test_a_replay_of_the_past_asks_nobody() -> None:
    outcome = prepare(DEAL, flow_of(TAX, CREDIT, STATUS), WORKSPACE, (), Lookups(others=False))
    assert not isinstance(outcome, Violations)


def test_a_document_may_be_a_record_that_belongs_to_the_deal() -> None:
    check = {"check": "attachment", "path": "id", "related": {"entity": "notes", "by": {"deal": "id"}}}
    flow = flow_of(check)
    [question] = questions(DEAL, flow)
    assert (question.entity, question.by, question.purpose) == ("notes", {"deal": "7"}, "related")
    there, gone = Lookups().plus(question, [{"id": "1"}]), Lookups().plus(question, [])
    assert not isinstance(prepare(DEAL, flow, WORKSPACE, (), there), Violations)
    for lookups, reason in ((gone, "missing_document"), (Lookups(), "rule_failed")):
        outcome = prepare(DEAL, flow, WORKSPACE, (), lookups)
        assert isinstance(outcome, Violations)
        assert [(each.reason, each.path) for each in outcome.found] == [(reason, "id")]


def test_the_connections_that_checks_ask_are_needed() -> None:
    assert needs_of(flow_of(TAX, CREDIT)) == ("crm", "tax", "erp")


class OnlyFinds:
    """A target that knows one record."""

    async def find(self, entity: str, reference: str) -> Found | None:
        if entity == "down":
            raise Unavailable("503")
        return Found(id="5", record={"limit": "9"}, status="ok") if reference == "c-7" else None

    async def get(self, entity: str, target_id: str) -> None: ...

    async def create(self, entity: str, reference: str, body: Record) -> None: ...

    async def update(self, entity: str, target_id: str, body: Record) -> None: ...

    async def post(self, entity: str, target_id: str) -> None: ...


def ask(purpose: str = "find", entity: str = "credit", reference: str = "c-7") -> Question:
    return Question(check=0, entity=entity, by={"reference": reference}, purpose=purpose, connection="erp")


async def test_a_target_is_asked_for_the_record_with_the_reference() -> None:
    assert await answer_elsewhere(OnlyFinds(), ask()) == [{"id": "5", "status": "ok", "limit": "9"}]
    assert await answer_elsewhere(OnlyFinds(), ask(reference="c-8")) == []


async def test_an_error_names_the_connection_that_did_not_answer() -> None:
    with pytest.raises(Unavailable) as down:
        await answer_elsewhere(OnlyFinds(), ask(entity="down"))
    assert down.value.connection == "erp"
    for purpose in ("search", "find"):
        with pytest.raises(Rejected) as refused:
            await answer_elsewhere(OnlyFinds() if purpose == "search" else None, ask(purpose))
        assert refused.value.reason == "rule_failed"
