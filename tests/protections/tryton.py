"""Tryton: it knows no key that writes once, and its warnings are passed only by who read them."""

from __future__ import annotations

from tests.protections.mutant import mutant

TRYTON, SUITE = "tests/sync/test_connectors_tryton.py", "tests/test_connectors.py::Test_tryton"

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
]  # fmt: skip
