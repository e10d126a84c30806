"""NetSuite: a created record is known by its Location alone, nothing counts before it is approved, and its clock goes back once a year."""

from __future__ import annotations

from tests.protections.mutant import mutant

STORIES, LISTS = "tests/sync/test_connectors_netsuite.py", "tests/sync/test_netsuite_lists.py"

MUTANTS = [
    mutant("believing any Location", "sync/connectors/netsuite.py", 'if found.record["reference"] != reference:', "if False:",
           f"{STORIES}::test_an_answer_that_leads_to_another_record_is_not_believed"),
    mutant("changing an invoice that is approved", "sync/connectors/netsuite_invoices.py", 'if _status(stands) != "draft":', "if False:",
           f"{STORIES}::test_approved_is_approved_however_often_it_is_asked_for_and_changes_no_more"),
    mutant("crediting more than was billed", "sync/connectors/netsuite_posting.py", "> left:", "> left + 10**12:",
           f"{STORIES}::test_what_is_posted_is_credited_in_parts_and_never_beyond_it"),
    mutant("an approval that NetSuite took and did not give", "sync/connectors/netsuite_posting.py",
           'if found.status != "posted":', "if False:",
           f"{STORIES}::test_an_approval_that_is_somebody_elses_is_for_a_person"),
    mutant("the id among what changed in one second", "sync/connectors/netsuite_lists.py",
           'f"({CHANGED} > {stamp} OR ({CHANGED} = {stamp} AND id > {last}))"', 'f"{CHANGED} > {stamp}"',
           f"{LISTS}::test_polling_walks_ties_by_id_and_goes_on_in_its_window_after_a_crash"),
    mutant("an hour that comes twice", "sync/connectors/netsuite_values.py",
           "more = _HOUR if first.utcoffset() != last.utcoffset() else timedelta()", "more = timedelta()",
           f"{LISTS}::test_an_hour_that_comes_twice_hides_nothing"),
]  # fmt: skip
