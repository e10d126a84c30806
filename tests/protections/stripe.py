"""Stripe: it does not hold our reference to be taken once, its search is behind, and an invoice is made by two calls."""

from __future__ import annotations

from tests.protections.mutant import mutant

STORIES = "tests/sync/test_stripe.py"

MUTANTS = [
    mutant("the lists, which know what the search does not know yet", "sync/connectors/stripe_finding.py",
           "if reference_of(row) == reference}", "if False}",
           f"{STORIES}::test_what_the_search_does_not_know_yet_is_found_in_the_list_and_old_ones_by_search"),
    mutant("a draft without its lines is not there yet", "sync/connectors/stripe.py", "if entity != INVOICE or not headless(each)", "",
           f"{STORIES}::test_a_draft_without_its_lines_is_not_there_yet_and_is_never_finalized"),
    mutant("finalizing only what has the lines it was made with", "sync/connectors/stripe_posting.py",
           "if not invoices.whole(stands, await self.calls.lines(stands)):", "if False:",
           f"{STORIES}::test_a_draft_that_somebody_changed_is_not_finalized_in_silence"),
    mutant("an answer from before, of what is gone by now", "sync/connectors/stripe_calls.py", "if not before:", "if True:",
           f"{STORIES}::test_a_draft_is_taken_back_once_and_its_reference_is_free_again"),
    mutant("amounts finer than Stripe holds", "sync/connectors/stripe_values.py", "(currency in _THOUSANDTHS and amount % 10)", "False",
           f"{STORIES}::test_amounts_are_told_as_stripe_counts_them_or_refused"),
]  # fmt: skip
