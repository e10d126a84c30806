"""Customers: nobody is made twice, taken for another, or merged in a circle."""

from __future__ import annotations

from tests.protections.mutant import mutant

STORE, PAIRS, STORY = (
    "tests/store/test_canonical_customers.py",
    "tests/sync/test_identity.py",
    "tests/bot/test_customers.py",
)

MUTANTS = [
    mutant("a customer made twice by two who looked at once", "store/customers.py",
           "return None if _met(tx, new, stand) else _make(tx, new, now)", "return _make(tx, new, now)",
           f"{STORE}::test_whoever_looked_before_another_came_in_looks_again"),
    mutant("a number reserved twice", "store/customers.py", 'one_at_a_time(tx, packed([f"customers\\n{new.known.target}"]))', "pass",
           f"{STORE}::test_of_many_at_once_each_new_customer_is_made_once_with_a_number_of_its_own", postgres=True),
    mutant("customers merged in a circle", "store/merging.py", "if _leads(tx, survivor, other):", "if False:",
           f"{STORE}::test_a_merge_keeps_the_history_of_both_and_a_circle_is_refused"),
    mutant("the same by one mark alone", "sync/identity/scoring.py", "score >= SAME and agreed >= 2 and not any", "score >= SAME and not",
           f"{PAIRS}::test_what_differs_decides_and_is_told"),
    mutant("one of two that are the same chosen by chance", "sync/identity/resolving.py", "if len(same) == 1 else None", "if same else None",
           f"{PAIRS}::test_two_that_are_the_same_are_put_to_a_person"),
    mutant("a lookalike written over the customer", "sync/knowing.py", "keep=picked or who.known not in customer.voices", "keep=False",
           f"{STORY}::test_the_same_customer_is_billed_as_the_one_that_is_known"),
    mutant("what was billed before a merge billed again", "sync/knowing.py",
           "if (before := await self._written_before(customer, spec, plan)) is not None:",
           "if (before := None) is not None:",
           f"{STORY}::test_two_customers_that_the_crm_merges_are_one_from_then_on_and_the_second_record_is_reported"),
]  # fmt: skip
