"""Drift: one asks, one opens, nothing is judged meanwhile, and nothing stays behind after the mend."""

from __future__ import annotations

from tests.protections.mutant import mutant

LEDGER, STORY, ARRIVALS, TRENDS = (
    "tests/store/test_drifting.py", "tests/bot/test_renamed_fields.py", "tests/bot/test_arrivals.py", "tests/sync/test_trends.py",
)  # fmt: skip
WATCH, STORE = "sync/watching.py", "store/drifting.py"

MUTANTS = [
    mutant("a source asked for its fields by everybody", STORE, ", s.asked_at <= now - every)", ")",
           f"{LEDGER}::test_one_of_many_processes_asks_within_a_minute"),
    mutant("a drift that opens as often as it is noticed", "store/drift_tables.py",
           'Index("uq_one_open_drift", "flow", "value", unique=True,', 'Index("uq_one_open_drift", "flow", "value",',
           "tests/store/test_migrations.py::test_a_fresh_ledger_is_exactly_what_the_program_expects"),
    mutant("a drift on disk that opens as often as it is noticed", "store/migrations/versions/0006_drift.py",
           '["flow", "value"], unique=True,', '["flow", "value"],',
           f"{LEDGER}::test_what_many_notice_is_opened_once_with_one_event_and_a_delivery_for_each_flow"),
    mutant("a drift that two mend", STORE, "update(drifts).where(drifts.c.id.in_(ids), _STILL)",
           "update(drifts).where(drifts.c.id.in_(ids))",
           f"{LEDGER}::test_what_waited_for_a_mended_drift_goes_round_again_in_its_order"),
    mutant("a mended drift that lets nobody go", STORE, "                _set_going(tx, row.flow, row.value, why, now)\n", "",
           f"{LEDGER}::test_what_waited_for_a_mended_drift_goes_round_again_in_its_order"),
    mutant("a record held behind a drift that is over", STORE, "stopped, ~open_)", "stopped, open_)",
           f"{LEDGER}::test_what_is_held_just_after_the_mend_is_let_go_by_the_next_look"),
    mutant("a drift that nobody can call off", STORE, ".where(_STILL, deliveries.c.state != DeliveryState.DISCARDED)",
           ".where(_STILL)",
           f"{STORY}::test_whoever_discards_the_exception_calls_the_drift_off_until_the_field_was_there_again"),
    mutant("a record judged without the field that it lacks", WATCH,
           "elif drift is None and delivery.event.payload is None and (lacking", "elif False and (lacking",
           f"{STORY}::test_a_renamed_property_is_one_card_for_the_owner_and_no_invoice"),
    mutant("a record judged while a drift is open", "sync/deliver.py",
           "            if stopped is not None:\n                return stopped\n            prepared", "            prepared",
           f"{STORY}::test_a_renamed_property_is_one_card_for_the_owner_and_no_invoice",
           f"{ARRIVALS}::test_a_field_that_arrives_empty_all_at_once_stops_the_flow_until_a_person_accepts_it"),
    mutant("silence taken for an answer", WATCH, 'return Failed(error=error, connection=place[0], side="crm")',
           "described = None",
           f"{STORY}::test_while_a_source_does_not_say_what_it_has_a_record_that_lacks_a_field_waits"),
    mutant("a refusal taken for an empty list", WATCH, "            described = None\n        look",
           "            described = Described(entity=place[1])\n        look",
           f"{STORY}::test_a_source_that_may_not_be_asked_proves_nothing"),
    mutant("a deal held that nothing would be done for", WATCH,
           "return self._wrong(drift, About()) if doubtful else prepared", "return self._wrong(drift, About())",
           f"{STORY}::test_a_deal_for_which_there_is_nothing_to_do_is_not_held"),
    mutant("a lost trigger taken for nothing to do", WATCH,
           "return self._wrong(drift, About()) if doubtful else prepared", "return prepared",
           f"{STORY}::test_a_stage_that_is_called_otherwise_now_holds_the_deals_that_nothing_would_be_done_for"),
    mutant("a press that asks nobody anew", WATCH, "failed = await self._ask((drift.connection, drift.entity), frozenset())",
           "failed = None", f"{STORY}::test_after_the_mend_one_press_bills_everything_that_waited"),
    mutant("an alarm by chance", "sync/trends.py",
           "return more >= _LEAST_MORE and more * more >= _SIGMAS_SQUARED * chance", "return more > 0",
           f"{TRENDS}::test_a_stream_that_stays_as_it_is_raises_no_alarm_over_a_hundred_seeds"),
]  # fmt: skip
