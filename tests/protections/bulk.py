"""Decisions about many records: what keeps them in stages, and each record decided once."""

from __future__ import annotations

from tests.protections.mutant import Mutant, mutant

ROLLOUTS, SURFACE = "tests/store/test_rollouts.py", "tests/bot/test_bulk_decisions.py"

MUTANTS: list[Mutant] = [
    mutant("a canary of everything", "store/rollouts.py", '"canary": place < CANARY,', '"canary": True,',
           f"{ROLLOUTS}::test_the_oldest_five_go_out_and_the_others_wait_for_them"),
    mutant("a rest that does not wait for its canary", "sync/rollouts.py",
           "rollout.canary_through + rollout.canary_passed == rollout.canary", "rollout.canary_through",
           f"{ROLLOUTS}::test_the_oldest_five_go_out_and_the_others_wait_for_them"),
    mutant("a failed canary that is no reason to stop", "sync/rollouts.py", "        if rollout.canary_failed:\n", "        if False:\n",
           f"{ROLLOUTS}::test_what_fails_again_for_another_cause_splits_off_under_its_own"),
    mutant("a second decision about what waits for its turn", "store/cases.py",
           "if (running := waiting_in(tx, press.cases)) is not None:", "if (running := waiting_in(tx, ())) is not None:",
           f"{ROLLOUTS}::test_nobody_decides_alone_about_a_record_that_waits_for_its_turn"),
    mutant("a stage that two processes pass", "store/rollouts.py",
           "update(rollouts).where(which, _r.state.in_(row_of.sources))", "update(rollouts).where(which)",
           f"{ROLLOUTS}::test_a_stage_is_passed_once_and_a_batch_is_sent_once_whoever_is_late"),
    mutant("a batch that is sent twice", "store/rollouts.py",
           "    next_ones = [_m.rollout_id == row.id, _m.state == Reach.WAITING]\n", "    next_ones = [_m.rollout_id == row.id]\n",
           f"{ROLLOUTS}::test_a_stage_is_passed_once_and_a_batch_is_sent_once_whoever_is_late"),
    mutant("a stopped decision that goes on beside another", "store/rollouts.py",
           "values(state=Reach.LEFT)", "values(state=Reach.WAITING)",
           f"{ROLLOUTS}::test_another_decision_takes_the_place_of_a_stopped_one"),
    mutant("a card that closes while its decision goes out", "store/causes.py", " or tx.execute(_decided_now(cause_id)).first()", "",
           f"{ROLLOUTS}::test_what_joins_the_cause_meanwhile_is_not_part_of_the_decision"),
    mutant("a line in the thread for every record", "store/outcomes.py",
           "    if row.rollout_id is None:  # where one", "    if True:  # where one",
           f"{ROLLOUTS}::test_the_oldest_five_go_out_and_the_others_wait_for_them"),
    mutant("anybody letting a decision go on", "bot/rollout_actions.py", "        await self._may(click, cause, rollout)\n", "",
           f"{SURFACE}::test_who_may_not_decide_may_neither_stop_it_nor_let_it_go_on"),
]  # fmt: skip
