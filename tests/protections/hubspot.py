"""HubSpot: only what it signed for us and just now gets in."""

from __future__ import annotations

from tests.protections.mutant import mutant

SIGNATURE = "tests/sync/test_hubspot_signature.py"

MUTANTS = [
    mutant("a signature of HubSpot from the future", "sync/connectors/hubspot_signature.py",
           "if abs((now - _EPOCH) // timedelta(milliseconds=1) - int(stamp)) >",
           "if (now - _EPOCH) // timedelta(milliseconds=1) - int(stamp) >",
           f"{SIGNATURE}::test_a_timestamp_may_be_five_minutes_away_and_not_a_millisecond_more"),
    mutant("events of another HubSpot account", "sync/connectors/hubspot_webhook.py",
           "if not items or portal is None or any(item", "if True or any(item",
           f"{SIGNATURE}::test_events_of_another_portal_alone_are_refused_and_among_ours_left_out"),
]  # fmt: skip
