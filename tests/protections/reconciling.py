"""Reconciliation: one process at a time, nothing concluded from half a side, one disagreement once."""

from __future__ import annotations

from tests.protections.mutant import mutant

LEDGER, PAIRS, WORLD = (
    "tests/store/test_reconciling_ledger.py",
    "tests/sync/test_reconciling.py",
    "tests/bot/test_reconciling_world.py",
)

MUTANTS = [
    mutant("the invoice that is ours among two is taken back too", "sync/reconciling/surplus.py",
           "tuple(each for each in what.target_ids if each != ours)", "tuple(what.target_ids)",
           f"{WORLD}::test_a_second_invoice_under_the_same_reference_is_taken_back_with_one_press_of_two_people"),
    mutant("what was credited still counts", "sync/reconciling/taken.py",
           'return self.made.get(reference, "") != record_id or not record_id', "return True",
           "tests/bot/test_compensating.py::test_reconciliation_knows_what_was_credited_and_what_stands_for_it_now"),
    mutant("a reconciliation that another process has taken over", "store/reconciling.py",
           "where(_R.id == run.id, _R.lease == run.lease)", "where(_R.id == run.id)",
           f"{LEDGER}::test_of_many_processes_one_runs_and_another_takes_over_what_it_left"),
    mutant("two reconciliations of one flow at once", "store/reconciling.py",
           "left = (_R.flow == flow, _R.ended_at.is_(None), _R.beat_at < now - _LEASE)",
           "left = (_R.flow == flow, _R.ended_at.is_(None))",
           f"{LEDGER}::test_of_many_processes_one_runs_and_another_takes_over_what_it_left"),
    mutant("a disagreement that opens with every run", "store/reconciling.py",
           "open_ = set(tx.execute(known).scalars())", "open_ = set()",
           f"{LEDGER}::test_what_disagrees_today_and_tomorrow_is_one_disagreement_with_one_exception"),
    mutant("a disagreement that is closed twice", "store/reconciling.py",
           "closing = update(disagreements).where(_D.id == number, _OPEN)",
           "closing = update(disagreements).where(_D.id == number)",
           f"{LEDGER}::test_what_was_accepted_is_remembered_as_it_was"),
    mutant("a page that was cut off and counts", "sync/reconciling/spool.py",
           "file.truncate(place.size)", "file.flush()",
           f"{PAIRS}::test_a_source_that_fails_concludes_nothing_and_the_next_try_goes_on_from_there"),
    mutant("a record under way that is reported as missing", "sync/reconciling/judging.py",
           'if known.state and finding.shape != "orphan":', "if False:",
           f"{PAIRS}::test_what_is_under_way_is_explained_and_not_reported"),
    mutant("what was accepted and is reported again", "sync/reconciling/running.py",
           "if not why and found.print in about.accepted:", "if False:",
           f"{PAIRS}::test_what_a_person_accepted_is_not_reported_again_until_it_changes"),
    mutant("a daily reconciliation that begins in every process", "bot/reconciling.py",
           "return await self.store.claim_tick(name, day, now=now) and last is not None", "return last is not None",
           f"{WORLD}::test_the_clock_begins_one_run_a_day_and_not_on_the_first"),
]  # fmt: skip
