"""Suggestions are counted with the decision that took them or passed them over, and a rule is proposed, once, and never applied."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from store.ledger import Store
from sync.errors import IllegalMove, NotFound
from sync.model import Candidate, Overlay, Violation
from sync.suggestions import Counting, Mark, marks, matcher
from tests.store.words import MONDAY, press, receive, rows, stopped

GTX = Candidate(value="GTX-PRO", label="GTX Pro", score=94, why="name 94%")
PLUS = Candidate(value="GTX-PLUS", label="GTX Plus", score=71, why="name 71%")
WRONG = Violation(
    reason="unknown_product", path="lines[2].product_code", label="Product (line 3)", found="GTXPro",
    expected="one of the 42 values", candidates=(GTX, PLUS), kind="select",
)  # fmt: skip


def chosen(value: str, wrong: Violation = WRONG) -> tuple[tuple[Violation, ...], tuple[Overlay, ...]]:
    return (wrong,), (Overlay(path=wrong.path, found=wrong.found, action="set", value=value, reason=wrong.reason),)


TAKEN = marks("bill", [chosen("GTX-PRO")])
PASSED = marks("bill", [chosen("GTX-OTHER")])


def test_what_was_suggested_first_is_taken_or_passed_over() -> None:
    [taken] = TAKEN
    assert (taken.accepted, taken.found, taken.value, taken.means, taken.matcher) == (
        True, "GTXPro", "GTX-PRO", "GTX Pro", "name",
    )  # fmt: skip
    assert (taken.path, taken.label) == ("lines[*].product_code", "Product")
    assert [(one.value, one.accepted) for one in PASSED] == [("GTX-PRO", False)]
    assert [(one.value, one.accepted) for one in marks("bill", [chosen("GTX-PLUS")])] == [
        ("GTX-PLUS", True), ("GTX-PRO", False),
    ]  # fmt: skip


def test_one_decision_for_many_records_counts_once() -> None:
    other = replace(WRONG, path="lines[7].product_code")
    assert len(marks("bill", [chosen("GTX-PRO"), chosen("GTX-PRO"), chosen("GTX-PRO", other)])) == 1


def test_of_an_empty_field_a_list_or_an_accepted_value_nothing_follows() -> None:
    empty = replace(WRONG, found="")
    listed = replace(WRONG, candidates=(replace(GTX, score=0),))
    waived = ((WRONG,), (Overlay(path=WRONG.path, found=WRONG.found, action="waive"),))
    assert marks("bill", [chosen("GTX-PRO", empty), chosen("GTX-PRO", listed), waived, ((WRONG,), ())]) == ()


def test_the_kind_of_likeness_has_no_figures() -> None:
    assert (
        matcher("name 94%") == "name" and matcher("renamed on 3 March 2026") == "renamed" and matcher("") == "unknown"
    )


async def decide(store: Store, *found: tuple[Mark, ...], enough: int = 3) -> None:
    """The oldest exceptions, each decided with one of these words about the suggestion."""
    counted = (Counting(marks=one, enough=enough, channels={"bill": "C0REVOPS"}) for one in found)
    for case, counting in zip(sorted(await store.exceptions(), key=lambda one: one.id), counted, strict=False):
        await press(store, "resolve", [case.id], counting=counting)


async def test_a_rule_is_proposed_after_enough_in_a_row_and_told_once(store: Store) -> None:
    await stopped(store, "1", "2", "3", "4", "5")
    for many in range(1, 6):
        await decide(store, TAKEN)
        assert len(await store.proposed_rules(MONDAY)) == (many >= 3)
    [rule] = await store.proposed_rules(MONDAY - timedelta(days=1))
    assert (rule.found, rule.value, rule.accepted, rule.state) == ("GTXPro", "GTX-PRO", 3, "proposed")
    told = await rows(store, "SELECT channel, kind, body FROM messages WHERE kind LIKE 'rule:%'")
    assert [(one.channel, one.kind) for one in told] == [("C0REVOPS", f"rule:{rule.id}")]
    [counted] = await store.suggestions()
    assert (counted.accepted, counted.rejected, counted.streak, counted.matcher) == (5, 0, 5, "name")
    assert [one.verb for one in await store.entries(noun="rule")] == ["propose_rule"]
    assert await store.proposed_rules(MONDAY + timedelta(days=30)) == []


async def test_one_that_is_passed_over_begins_to_count_anew(store: Store) -> None:
    await stopped(store, *"123456")
    await decide(store, TAKEN, TAKEN, PASSED, TAKEN, TAKEN)
    assert await store.proposed_rules(MONDAY) == []
    [counted] = await store.suggestions(flow="bill")
    assert (counted.accepted, counted.rejected, counted.streak) == (4, 1, 2)
    await decide(store, TAKEN)
    assert len(await store.proposed_rules(MONDAY)) == 1


async def test_a_decision_that_came_too_late_counts_for_nothing(store: Store) -> None:
    [case] = await stopped(store)
    counting = Counting(marks=TAKEN, enough=3)
    await press(store, "resolve", [case.id], counting=counting)
    with pytest.raises(IllegalMove):
        await press(store, "resolve", [case.id], by="UBEN", counting=counting)
    assert [one.accepted for one in await store.suggestions()] == [1]


async def test_a_rule_ends_once_and_is_never_proposed_again(store: Store) -> None:
    await stopped(store, *"1234")
    await decide(store, TAKEN, TAKEN, TAKEN)
    [rule] = await store.proposed_rules(MONDAY)
    ended = await store.end_rule(rule.id, "dismissed", by="UOMAR", now=MONDAY)
    assert (ended.state, ended.decided_by) == ("dismissed", "UOMAR")
    with pytest.raises(IllegalMove, match="already dismissed by @"):
        await store.end_rule(rule.id, "noted", by="UBEN", now=MONDAY)
    await decide(store, TAKEN)
    assert [one.state for one in await store.proposed_rules(MONDAY)] == ["dismissed"]
    with pytest.raises(NotFound):
        await store.proposed_rule(99)


async def test_a_ledger_without_suggestions_has_none(store: Store) -> None:
    await receive(store)
    assert await store.suggestions() == [] and await store.proposed_rules(MONDAY) == []
