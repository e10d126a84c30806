"""The shipped flows: sums are exact, credits go to the right order, and one company is one record."""

from __future__ import annotations

from tests.protections.mutant import mutant

SPREAD, CHECKS = "tests/sync/test_spreading.py", "tests/sync/test_checks.py"
PARTS, AFTER = "tests/sync/test_hubspot_parts.py", "tests/examples/test_flows_after.py"
PEOPLE = "tests/examples/test_flows_people.py"

MUTANTS = [
    mutant("a sum whose parts are rounded each by itself", "sync/spreading.py", "        given = upto", "        given = done",
           f"{SPREAD}::test_the_parts_add_up_to_the_total_and_follow_each_other"),
    mutant("a share that is rounded up", "sync/pricing.py", "rounding=ROUND_HALF_EVEN)", 'rounding="ROUND_UP")',
           f"{SPREAD}::test_a_share_of_an_amount_is_rounded_half_to_even"),
    mutant("a discount of more than everything", "sync/pricing.py", "if not 0 <= percent <= _HUNDRED:", "if False:",
           f"{CHECKS}::test_a_check_finds_what_it_is_for"),
    mutant("a record of another company", "sync/checks.py", "text(value).casefold() != other.casefold()", "False",
           f"{AFTER}::test_a_support_credit_follows_the_policy_on_the_order_that_is_in_force"),
    mutant("a part that vanishes while its record is read", "sync/connectors/hubspot_parts.py",
           "if one is not None and found is None:", "if False:",
           f"{PARTS}::test_a_part_that_vanishes_meanwhile_is_read_again_later"),
    mutant("taking what another flow billed for one's own", "store/writes.py",
           "or_(d.flow == flow, d.id.is_(None))", "or_(d.id == d.id, d.id.is_(None))",
           "tests/store/test_intents.py::test_what_one_flow_sent_was_not_sent_by_another"),
    mutant("one company under two names", "store/outcomes.py", "given.c.reference.is_not(None), ~known)",
           "given.c.reference.is_not(None))",
           f"{PEOPLE}::test_a_company_becomes_one_customer_and_learns_its_code"),
]  # fmt: skip
