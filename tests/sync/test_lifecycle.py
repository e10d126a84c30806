"""The two tables of moves hold together: every state can be reached, every stop can be left."""

from __future__ import annotations

import pytest

from sync.errors import NotFound
from sync.lifecycle import (
    CASE_MOVES,
    DELIVERY_MOVES,
    RELEASE_MOVES,
    WRITE_MOVES,
    CaseState,
    DeliveryState,
    Move,
    ReleaseState,
    WriteState,
    case_move,
    case_verbs,
    delivery_move,
)

TABLES = {
    "delivery": (DELIVERY_MOVES, DeliveryState, DeliveryState.PENDING, {DeliveryState.DISCARDED}),
    "case": (CASE_MOVES, CaseState, CaseState.OPEN, set[str]()),
    "release": (RELEASE_MOVES, ReleaseState, ReleaseState.PROPOSED, {ReleaseState.REJECTED, ReleaseState.ROLLED_BACK}),
    "write": (WRITE_MOVES, WriteState, WriteState.SENT, set[str]()),
}


def reachable(moves: dict[str, Move], start: str) -> set[str]:
    seen = {start}
    while more := {move.target for move in moves.values() if seen & set(move.sources)} - seen:
        seen |= more
    return seen


@pytest.mark.parametrize("table", TABLES)
def test_every_state_can_be_reached_from_the_first(table: str) -> None:
    moves, states, start, _ = TABLES[table]
    assert reachable(moves, start) == set(states)


@pytest.mark.parametrize("table", TABLES)
def test_every_state_but_the_end_can_be_left(table: str) -> None:
    moves, states, _, ends = TABLES[table]
    left = {source for move in moves.values() for source in move.sources}
    assert set(states) - left == ends


@pytest.mark.parametrize("table", TABLES)
def test_moves_lead_between_known_states_and_are_named_by_their_verb(table: str) -> None:
    moves, states, _, _ = TABLES[table]
    for verb, move in moves.items():
        assert verb == move.verb
        assert {*move.sources, move.target} <= set(states)


def test_class_a_is_proposed_and_never_resolved_by_one() -> None:
    assert "resolve" not in case_verbs(CaseState.OPEN, four_eyes=True)
    assert "discard" not in case_verbs(CaseState.OPEN, four_eyes=True)
    assert "propose" in case_verbs(CaseState.OPEN, four_eyes=True)
    assert "propose" not in case_verbs(CaseState.OPEN)
    assert "resolve" in case_verbs(CaseState.OPEN)


def test_what_is_resolved_offers_nothing_but_opening_it_again() -> None:
    assert set(case_verbs(CaseState.RESOLVED)) <= {"reopen"}


def test_no_person_makes_the_moves_of_the_engine() -> None:
    offered = {verb for state in CaseState for verb in case_verbs(state)}
    assert not offered & {"wake", "pass"}


def test_a_word_that_is_no_move_is_refused() -> None:
    with pytest.raises(NotFound):
        delivery_move("explode")
    with pytest.raises(NotFound):
        case_move("explode")
    assert case_move("take").target == CaseState.OWNED
    assert delivery_move("claim").target == DeliveryState.RUNNING
