"""HubSpot: only what it signed for us and just now gets in, a record is read whole, and what a batch does not say is not taken
as said."""

from __future__ import annotations

from tests.protections.mutant import mutant

SIGNATURE, ACCOUNT = "tests/sync/test_hubspot_signature.py", "tests/sync/test_hubspot_account.py"

MUTANTS = [
    mutant("a signature of HubSpot from the future", "sync/connectors/hubspot_signature.py",
           "if abs((now - _EPOCH) // timedelta(milliseconds=1) - int(stamp)) >",
           "if (now - _EPOCH) // timedelta(milliseconds=1) - int(stamp) >",
           f"{SIGNATURE}::test_a_timestamp_may_be_five_minutes_away_and_not_a_millisecond_more"),
    mutant("events of another HubSpot account", "sync/connectors/hubspot_webhook.py",
           "if not items or portal is None or any(item", "if True or any(item",
           f"{SIGNATURE}::test_events_of_another_portal_alone_are_refused_and_among_ours_left_out"),
    mutant("a merged record without what its survivor has", "sync/connectors/hubspot_parts.py",
           'if record["id"] != record_id:', "if False:",
           f"{ACCOUNT}::test_a_merged_record_is_read_as_its_survivor_with_the_survivors_parts"),
    mutant("associations in a circle", "sync/connectors/hubspot_calls.py", "if (one, onward) in seen:", "if False:",
           f"{ACCOUNT}::test_associations_that_are_listed_in_a_circle_are_no_list"),
    mutant("searches as often as one likes", "sync/connectors/hubspot_calls.py", "async with self.searching:", "if True:",
           f"{ACCOUNT}::test_searches_in_a_row_draw_no_refusal_from_an_account_that_counts_them"),
    mutant("believing a batch that speaks twice of one record", "sync/connectors/hubspot_writing.py",
           "if traces.count(trace) == 1", "if True",
           f"{ACCOUNT}::test_what_the_answer_to_a_bulk_call_does_not_clearly_say_it_does_not_say"),
]  # fmt: skip
