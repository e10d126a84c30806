"""Billing holds and bypasses: nothing is posted past a hold, what waited goes out in order, what was changed around us is told once."""

from __future__ import annotations

from tests.protections.mutant import mutant

BYPASS = "tests/sync/test_bypass.py"
BOTH = "tests/sync/test_both_ways.py"
STORE, STORY = "tests/store/test_billing_holds.py", "tests/sync/test_holds.py"

MUTANTS = [
    mutant("posting beside a hold that is being placed", "store/writes.py", "    passing(tx, keys)\n", "",
           f"{STORE}::test_a_posting_waits_for_a_hold_that_is_being_placed_and_then_sees_it", postgres=True),
    mutant("claiming a released record before its turn", "store/claiming.py", "*mine, ~stopped, its_turn())", "*mine, ~stopped)",
           f"{STORE}::test_what_was_released_is_claimed_one_by_one_in_its_order"),
    mutant("waiting for what stands behind an exception", "store/holding.py",
           "    yield ~exists().where(first.front, first.flow == a.flow, first.subject == a.subject, first.state == _HELD)\n", "",
           f"{STORE}::test_what_stands_behind_an_exception_of_its_own_record_is_not_waited_for"),
    mutant("overtaking what was released", "store/writes.py",
           "elif ask.delivery.id in behind and not _written(row):", "elif False:",
           f"{STORE}::test_who_comes_later_does_not_post_before_what_was_released"),
    mutant("going on while another source still holds", "store/holds.py", "if other is not None:", "if False:",
           f"{STORE}::test_what_waits_goes_on_when_the_last_source_lets_it_go"),
    mutant("drafts that a hold stops", "sync/carrying.py", "billed = bills if place >= held else None", "billed = bills",
           f"{STORY}::test_a_held_customer_gets_drafts_and_no_invoice_until_the_release"),
    mutant("a record that reads back wrong holds nothing", "store/settle.py", "if opening.holding is not None:", "if False:",
           "tests/sync/test_deliver.py::test_a_draft_that_shows_another_total_is_not_posted"),
    mutant("telling again of what was let stand", "store/bypassing.py",
           "if tx.execute(select(_B.id).where(*accepted).limit(1)).first() is not None:", "if False:",
           f"{BYPASS}::test_what_was_let_stand_is_not_told_of_again_but_the_next_change_is"),
    mutant("two answers about one runbook", "store/bypassing.py",
           "guard = update(bypasses).where(_B.id == number, _B.lesson_at.is_(None))",
           "guard = update(bypasses).where(_B.id == number)",
           f"{BYPASS}::test_a_bypass_stays_on_the_list_until_one_person_says_what_changes_in_the_runbook"),
    mutant("overwriting what the target owns", "sync/owning.py", "if decided.verdict is not Verdict.TAKE:", "if False:",
           f"{BOTH}::test_the_system_of_record_is_never_overwritten"),
]  # fmt: skip
