"""Writes: an older state never overwrites a newer one, and what only one may send is sent by one."""

from __future__ import annotations

from tests.protections.mutant import mutant

VERSIONS, UNDOING = "tests/store/test_versions.py", "tests/bot/test_compensating.py"

MUTANTS = [
    mutant("an older state over a newer one", "store/writes.py",
           "if isinstance(permit, Differs | Go) and is_stale(row, ask.version) and not _missing(ask, row):", "if False:",
           f"{VERSIONS}::test_an_older_state_does_not_overwrite_a_newer_one_and_the_journal_says_so"),
    mutant("a version that stays where it was", "store/write_versions.py", "    if rows:\n", "    if False:\n",
           f"{VERSIONS}::test_a_state_that_was_seen_again_later_counts_as_of_then"),
    mutant("a turn for everybody", "store/turns.py", "or_(t.holder == turn.holder, t.until < now)", "t.until == t.until",
           f"{VERSIONS}::test_of_two_postings_of_one_company_one_waits_for_the_other"),
    mutant("a turn that anybody ends", "store/turns.py", "(t.name == fitted(turn.name), t.holder == turn.holder)",
           "(t.name == fitted(turn.name),)",
           f"{VERSIONS}::test_of_two_postings_of_one_company_one_waits_for_the_other"),
    mutant("a credit without anybody's agreement", "sync/carrying.py",
           "if not undoing.agreed(asked, self.delivery.overlays):", "if False:",
           f"{UNDOING}::test_an_invoice_whose_deal_changed_is_credited_and_billed_anew_once_two_people_saw_both_amounts"),
    mutant("an agreement that counts for what came later", "sync/undoing.py",
           'path=f"{spec.name}_{fingerprint(dict(body))[:12]}"', "path=spec.name",
           f"{UNDOING}::test_what_was_agreed_to_counts_for_what_was_shown_and_for_nothing_later"),
]  # fmt: skip
