"""Polling: no change is skipped and none is two, whatever happens between two pages; and what a connection cannot do is said early."""

from __future__ import annotations

from tests.protections.mutant import mutant

HISTORIES = "tests/sync/test_polling_property.py::test_every_change_is_seen_and_takes_effect_once"
EARLY = "tests/sync/test_workspace_abilities.py"
REGISTERED = "tests/sync/test_registered.py"

MUTANTS = [
    mutant("looking back for what was committed late", "sync/connectors/polling.py",
           "OVERLAP = timedelta(minutes=5)", "OVERLAP = timedelta(0)", f"{HISTORIES}[rest]"),
    mutant("leaving the newest seconds to the next round", "sync/connectors/polling.py",
           "LAG = timedelta(seconds=2)", "LAG = timedelta(0)", f"{HISTORIES}[rest]"),
    mutant("the id beside the moment in the walk over a table", "sync/connectors/sql_polling.py",
           "and_(stamp == at, key > last)", "and_(stamp == at, key > last, False)", f"{HISTORIES}[sql]"),
    mutant("a flow that needs what its connection cannot do", "sync/workspace/capable.py",
           "not kind.can(told, need.entity) & set(need.abilities)", "False",
           f"{EARLY}::test_a_source_that_only_calls_us_cannot_be_polled_and_the_mistake_names_who_can"),
    mutant("a connector of others that breaks at import", "sync/connectors/registry.py",
           "except (Exception, SystemExit) as error:", "except ZeroDivisionError as error:",
           f"{REGISTERED}::test_one_that_cannot_be_used_names_its_distribution_and_takes_no_other_down"),
    mutant("a connector of others under one of our names", "sync/connectors/registry.py",
           "if name in ours:", "if False:", f"{REGISTERED}::test_our_own_names_stay_ours"),
]  # fmt: skip
