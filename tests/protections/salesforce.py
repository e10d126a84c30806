"""Salesforce: a value stands in a query, a message proves its sender by a token alone, and a second may hold more than a page."""

from __future__ import annotations

from tests.protections.mutant import mutant

STORIES, POLLING = "tests/sync/test_salesforce.py", "tests/sync/test_salesforce_polling.py"
OUTBOUND = "tests/sync/test_salesforce_outbound.py"

MUTANTS = [
    mutant("the escapes of a text in SOQL", "sync/connectors/salesforce_soql.py", "value.translate(_ESCAPES)}'\"", "value}'\"",
           f"{STORIES}::test_literals_are_of_their_types"),
    mutant("the id among what changed in one second", "sync/connectors/salesforce_polling.py",
           'OR ({STAMP} = {at} AND Id > {soql.text(window.after)})', "OR {STAMP} = '2000'",
           f"{POLLING}::test_a_crash_between_two_pages_goes_on_in_the_same_window"),
    mutant("a page that is shown again", "sync/connectors/salesforce_polling.py", "or record_id in seen", "",
           f"{POLLING}::test_a_page_that_is_shown_again_is_no_progress"),
    mutant("a token for another org", "sync/connectors/salesforce_auth.py", "if said != wanted:", "if False:",
           f"{STORIES}::test_a_session_is_opened_with_the_apps_secret_and_anew_when_it_ends"),
    mutant("the token of an outbound message", "sync/connectors/salesforce_outbound.py",
           "if len(given) != 1 or not hmac.compare_digest", "if False and not hmac.compare_digest",
           f"{OUTBOUND}::test_a_message_of_somebody_else_is_refused"),
    mutant("a document type in an outbound message", "sync/connectors/salesforce_outbound.py", "fromstring(body, forbid_dtd=True)",
           "fromstring(body, forbid_dtd=False)", f"{OUTBOUND}::test_what_is_no_outbound_message_is_refused_unread"),
]  # fmt: skip
