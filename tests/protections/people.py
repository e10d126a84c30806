"""The state guards: of many who press at once one counts, and nobody decides what is not theirs to decide."""

from __future__ import annotations

from tests.protections.mutant import LATE, MOVES, SETTLING, mutant

MUTANTS = [
    mutant("pressing without the state", "store/moves.py",
           "= [cases.c.id.in_(press.cases), cases.c.state.in_(case_move(press.verb).sources)]", "= [cases.c.id.in_(press.cases)]",
           f"{MOVES}::test_three_people_press_at_once_and_one_counts",
           f"{MOVES}::test_every_move_from_every_state_leads_where_the_table_says_or_is_refused"),
    mutant("waking what is not snoozed", "store/cases.py",
           "over = (cases.c.state.in_(waking.sources), cases.c.snoozed_until <= now)", "over = (cases.c.id > 0,)",
           f"{MOVES}::test_only_a_snoozed_case_wakes"),
    mutant("calling off what is on its way", "store/moves.py", 'if press.verb in ("replay", "discard"):', "if False:",
           f"{MOVES}::test_what_is_on_its_way_cannot_be_called_off_any_more"),
    mutant("setting going what is not stopped", "store/lines.py",
           "update(deliveries).where(which, d.state.in_(move.sources))", "update(deliveries).where(which)",
           f"{SETTLING}::test_events_are_replayed_by_name_and_what_moves_already_is_not"),
    mutant("stopping in spite of a decision", "store/settle.py",
           "if isinstance(step, Hold | Bury) and decisions(tx, {pair}).get(pair, ()) != delivery.overlays:", "if False:",
           f"{SETTLING}::test_a_decision_that_came_in_meanwhile_lets_the_record_go_round_again"),
    mutant("waiting for a hold that is over", "store/settle.py", "if isinstance(step, Wait):", "if False:",
           f"{SETTLING}::test_a_hold_that_was_released_meanwhile_is_not_waited_for"),
    mutant("waiting for a hold that is just being released", "store/settle.py", "on.with_for_update(read=True)", "on",
           f"{SETTLING}::test_a_hold_that_is_released_while_a_delivery_settles_to_wait_for_it_lets_it_go", postgres=True),
    mutant("approving one's own proposal", "store/moves.py", "(c.proposed_by == press.by)", '(c.proposed_by == "")',
           f"{MOVES}::test_class_a_is_proposed_by_one_and_approved_by_another"),
    mutant("deciding class A alone", "store/moves.py", "alone = c.four_eyes & ", "alone = ~c.four_eyes & ",
           f"{MOVES}::test_nobody_decides_a_class_a_case_alone"),
    mutant("escalating twice", "store/escalations.py", "cases.c.level < level, past)", "past)",
           f"{LATE}::test_two_clocks_that_ring_at_once_raise_a_level_once"),
    mutant("releasing twice", "store/holds.py", "guard = (holds.c.id == row.id, holds.c.released_at.is_(None))",
           "guard = (holds.c.id == row.id,)", f"{LATE}::test_a_hold_is_released_once_with_a_note_and_what_waited_goes_on"),
]  # fmt: skip
