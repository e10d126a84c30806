"""What the model test found: what was billed is never left behind, what an earlier send made is never taken for what is sent now."""

from __future__ import annotations

from tests.protections.mutant import mutant

FROZEN = "tests/sync/test_frozen.py"
FOUND = "tests/sync/test_order_of_time_found.py"
_LOST = f"{FOUND}::test_a_currency_that_changes_while_the_answer_to_the_draft_is_lost_is_never_posted_in_the_old_one"

MUTANTS = [
    mutant("leaving what was billed behind", "sync/deliver.py", "return why if left is None else left", "return why",
           f"{FOUND}::test_a_deal_that_is_reopened_between_draft_and_post_leaves_no_draft_that_nobody_knows_of"),
    mutant("taking what an earlier send made for what is sent now", "sync/writing.py",
           "if permit.changed and spec.operation in _ONCE and", "if False and", _LOST),
    mutant("forgetting that an earlier send had other content", "store/writes.py",
           "changed = row.fingerprint != ask.fingerprint", "changed = False", _LOST),
    mutant("taking a draft that was written again for changed", "sync/carrying.py",
           "if shown is not None and not differing(shown.record, body):", "if False:",
           f"{FOUND}::test_a_draft_that_was_written_again_is_not_taken_for_changed_when_its_deal_comes_by_once_more"),
    mutant("waiting for a newer state that waits for this one", "store/writes.py", " and not _missing(ask, row):", ":",
           f"{FOUND}::test_a_change_that_is_told_late_does_not_wait_for_a_newer_one_that_waits_for_it"),
    mutant("forgetting what stood before a refusal", "store/write_versions.py",
           "(row.state == WriteState.REFUSED and row.target_id is None)", "row.state == WriteState.REFUSED",
           f"{FOUND}::test_what_an_ERP_refused_does_not_let_an_older_name_follow_the_one_that_stands"),
    mutant("a quarantine that begins with the intent", "store/writes.py", "lease_seconds / 2 + quarantine_seconds", "quarantine_seconds",
           f"{FROZEN}::test_a_call_that_was_begun_late_and_whose_worker_died_is_not_made_again_before_it_arrives"),
    mutant("billing what a record once was", "sync/deliver.py", "if self.delivery.outdone and", "if False and",
           f"{FOUND}::test_what_a_deal_once_was_is_not_billed_by_a_replay_after_it_was_reopened"),
    mutant("a draft that nobody knows of after a discard", "store/moves.py", 'if press.verb == "discard" and told:', "if False:",
           "tests/sync/test_giving_up.py::test_the_draft_of_a_record_that_is_discarded_is_voided_once"),
]  # fmt: skip
