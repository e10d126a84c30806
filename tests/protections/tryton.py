"""Tryton: it knows no key that writes once, and its warnings are passed only by who read them."""

from __future__ import annotations

from tests.protections.mutant import mutant

TRYTON, SUITE = "tests/sync/test_connectors_tryton.py", "tests/test_connectors.py::Test_tryton"
REST, BY_KEY = "sync/connectors/tryton_rest.py", "tests/sync/test_connectors_tryton_rest.py"
SOURCE, POLLING = "tests/sync/test_connectors_tryton_source.py", "sync/connectors/tryton_polling.py"

MUTANTS = [
    mutant("looking for our reference before creating in Tryton", "sync/connectors/tryton.py",
           "if await self.find(entity, reference) is not None:", "if False:",
           f"{SUITE}::test_the_same_reference_writes_once"),
    mutant("a warning that nobody agreed to", "sync/acknowledging.py", "or not _agreed(error, overlays)", "or False",
           f"{TRYTON}::test_a_warning_passes_once_a_person_agreed_to_its_very_words"),
    mutant("a credit note made twice after a crash", "sync/connectors/tryton_posting.py", "if not known:", "if True:",
           f"{TRYTON}::test_a_credit_note_left_as_a_draft_is_posted_and_not_made_again"),
    mutant("crediting more than was billed", "sync/connectors/tryton_posting.py",
           'if -draft.record["net_minor"] > left:', "if False:",
           f"{TRYTON}::test_what_is_posted_is_credited_in_parts_and_never_beyond_it"),
    mutant("cancelling what is posted", "sync/connectors/tryton.py",
           'if stands is not None and stands.status == "posted":', "if False:",
           f"{TRYTON}::test_posted_is_posted_however_often_it_is_asked_for"),
    mutant("a change whose transaction ended late", POLLING, "max(min(done, until) - overlap, _EPOCH)", "min(done, until)",
           f"{SOURCE}::test_a_change_whose_transaction_ended_late_is_found_by_the_overlap_and_keeps_its_key"),
    mutant("walking by id and not by place", POLLING, '"after": ids[-1]', '"after": 0',
           f"{SOURCE}::test_many_with_one_moment_are_all_seen_and_a_crash_between_two_pages_goes_on_where_it_was"),
    mutant("Tryton's clock, and not ours", "sync/connectors/tryton_source.py", "await self._link.now() or now", "now",
           f"{SOURCE}::test_the_clock_of_tryton_may_be_wrong_by_hours"),
    mutant("what was consumed of a subscription", "sync/connectors/tryton_subscriptions.py",
           "if consumed is not None and str(consumed) > last:", "if False:",
           f"{SOURCE}::test_what_was_consumed_cannot_change_any_more"),
    mutant("what was deleted in the ERP, at a replay", "sync/writing.py", "return replayed and spec.operation", "return False and spec.operation",
           "tests/bot/test_deleted_in_erp.py::test_a_customer_deleted_in_the_erp_is_made_again_by_the_replay_that_the_card_offers"),
    mutant("one note however often it is written", "sync/connectors/tryton_notes.py", "    if there:", "    if False:",
           f"{SOURCE}::test_what_is_written_back_stands_in_one_note_and_people_keep_theirs"),
    mutant("a creation over REST whose answer was lost", REST, 'values, idempotent=False)\n        match', 'values, idempotent=True)\n        match',
           f"{BY_KEY}::test_an_invoice_whose_answer_was_lost_is_looked_for_and_never_blindly_made_again"),
    mutant("the one company of a key's user who has several", REST, '**({"company": self.company} if self.company else {})', "",
           f"{BY_KEY}::test_a_draft_is_posted_credited_and_shown_to_the_last_digit"),
]  # fmt: skip
