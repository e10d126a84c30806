"""What must never happen is refused by the schema, whatever the code believes. One line per constraint."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, StatementError

from store.ledger import Store
from store.releases import Proposal
from store.tables import metadata
from store.vault import know
from sync.steps import Deliver
from tests.ledgers import POSTGRES, ledger_url
from tests.store.words import (
    CLASS_A,
    begin,
    binding,
    bury,
    change,
    claim,
    in_hand,
    place_hold,
    press,
    receive,
    spec,
    sql,
    stopped,
)
from tests.world import MONDAY

# Deliveries: 1 delivered, 2 held, 3 dead, 4 discarded, 5 running, 6 pending. Cases 1, 2 (class A) open, 3 resolved.
BROKEN: list[tuple[str, str]] = [
    ('deliveries_state_known',
     "UPDATE deliveries SET state = 'lost' WHERE id = 6"),
    ('deliveries_only_running_is_leased',
     "UPDATE deliveries SET lease = 'x', leased_until = due_at WHERE id = 6"),
    ('deliveries_only_running_is_leased',
     'UPDATE deliveries SET lease = NULL, leased_until = NULL WHERE id = 5'),
    ('deliveries_lease_ends',
     'UPDATE deliveries SET leased_until = NULL WHERE id = 5'),
    ('deliveries_only_held_waits_for_a_hold',
     'UPDATE deliveries SET hold_id = 1 WHERE id = 6'),
    ('FOREIGN KEY',
     'UPDATE deliveries SET hold_id = 99 WHERE id = 2'),
    ('deliveries.event_id, deliveries.flow',
     'UPDATE deliveries SET event_id = 1 WHERE id = 2'),
    ('FOREIGN KEY',
     'UPDATE deliveries SET event_id = 99 WHERE id = 2'),
    ('deliveries.flow, deliveries.subject',
     "UPDATE deliveries SET state = 'running', subject = 'deals:5', lease = 'x', leased_until = due_at "
     'WHERE id = 6'),
    ('events.connection, events.key',
     'UPDATE events SET key = (SELECT key FROM events WHERE id = 1) WHERE id = 2'),
    ('FOREIGN KEY',
     'DELETE FROM events WHERE id = 1'),
    ('attempts.delivery_id, attempts.number',
     'INSERT INTO attempts (delivery_id, number, ended_at, step) SELECT delivery_id, number, ended_at, '
     'step FROM attempts'),
    ('releases_state_known',
     "UPDATE releases SET state = 'lost' WHERE id = 2"),
    ('releases_place_is_its_states',
     "UPDATE releases SET state = 'active' WHERE id = 2"),
    ('releases_place_is_its_states',
     "UPDATE releases SET place = NULL WHERE id = 1"),
    ('releases.place',
     "UPDATE releases SET state = 'active', place = 'active' WHERE id = 2"),
    ('approvals_nobody_approves_their_own',
     "INSERT INTO approvals (release_id, team, made_by, given_by, at) VALUES (2, 'x', 'UANA', 'UANA', '2026-01-01')"),
    ('writes_state_known',
     "UPDATE writes SET state = 'lost' WHERE id = 1"),
    ('writes_confirmed_has_an_id',
     "UPDATE writes SET state = 'confirmed', target_id = NULL WHERE id = 1"),
    ('writes.connection, writes.entity, writes.operation, writes.key',
     "UPDATE writes SET operation = 'create' WHERE id = 2"),
    ('bindings.source_connection, bindings.source_entity, bindings.source_id, bindings.target_connection, bindings.target_entity',
     'INSERT INTO bindings (source_connection, source_entity, source_id, target_connection, target_entity, '
     'target_id, reference, delivery_id, bound_at) SELECT source_connection, source_entity, source_id, '
     "target_connection, target_entity, 'I-9', 'other', delivery_id, bound_at FROM bindings"),
    ('bindings.target_connection, bindings.target_entity, bindings.reference',
     'INSERT INTO bindings (source_connection, source_entity, source_id, target_connection, target_entity, '
     "target_id, reference, delivery_id, bound_at) SELECT source_connection, source_entity, '9', "
     "target_connection, target_entity, 'I-9', reference, delivery_id, bound_at FROM bindings"),
    ('causes.flow, causes.reason, causes.value',
     'UPDATE causes SET value = (SELECT value FROM causes WHERE id = 1), reason = (SELECT reason FROM '
     'causes WHERE id = 1) WHERE id = 2'),
    ('cases_state_known',
     "UPDATE cases SET state = 'lost' WHERE id = 1"),
    ('cases_only_resolved_is_done',
     'UPDATE cases SET resolved_at = opened_at WHERE id = 1'),
    ('cases_only_resolved_is_done',
     "UPDATE cases SET state = 'resolved', decided_by = 'UX' WHERE id = 1"),
    ('cases_resolved_by_somebody',
     "UPDATE cases SET state = 'resolved', resolved_at = opened_at WHERE id = 1"),
    ('cases_snooze_ends',
     "UPDATE cases SET state = 'snoozed' WHERE id = 1"),
    ('cases_nobody_approves_their_own',
     "UPDATE cases SET state = 'resolved', resolved_at = opened_at, proposed_by = 'UX', decided_by = 'UX' "
     'WHERE four_eyes'),
    ('cases_resolved_is_not_paused',
     "UPDATE cases SET paused_at = '2026-01-01' WHERE id = 3"),
    ('clock_pauses_pause_ends',
     "UPDATE clock_pauses SET until = since WHERE id = 1"),
    ('clock_pauses_paused_by_somebody_for_a_reason',
     "UPDATE clock_pauses SET why = '' WHERE id = 1"),
    ('clock_pauses_ended_by_somebody',
     "UPDATE clock_pauses SET ended_by = 'UDANA' WHERE id = 1"),
    ('clock_pauses.case_id',
     "INSERT INTO clock_pauses (case_id, why, paused_by, since, until) "
     "SELECT case_id, why, paused_by, since, until FROM clock_pauses"),
    ('absences_absence_ends',
     "UPDATE absences SET until = since WHERE id = 1"),
    ('absences_nobody_stands_in_for_themselves',
     "UPDATE absences SET delegate = person WHERE id = 1"),
    ('absences.person',
     "INSERT INTO absences (person, since, until, set_by, why, set_at) "
     "SELECT person, since, until, set_by, why, set_at FROM absences"),
    ('held_mentions.cause_id, held_mentions.person',
     "INSERT INTO held_mentions (cause_id, person, due_at) SELECT cause_id, person, due_at FROM held_mentions"),
    ('cases_money_has_a_currency',
     'UPDATE cases SET minor = 1, currency = NULL WHERE id = 1'),
    ('cases.delivery_id',
     'UPDATE cases SET delivery_id = 2 WHERE id = 2'),
    ('overlays_action_known',
     'INSERT INTO overlays (flow, subject, path, found, action, value, reason, case_id, decided_by, '
     "decided_at) SELECT flow, subject, 'x', '', 'guess', '', '', id, 'UX', opened_at FROM cases WHERE id "
     '= 1'),
    ('bypasses_money_has_a_currency', "UPDATE bypasses SET currency = 'EUR' WHERE id = 1"),
    ('bypasses_closed_by_a_decision', "UPDATE bypasses SET decision = 'accept' WHERE id = 1"),
    ('bypasses_learned_by_somebody', "UPDATE bypasses SET lesson_by = 'UDANA' WHERE id = 1"),
    ('bypasses.flow, bypasses.connection, bypasses.entity, bypasses.record_id',
     'INSERT INTO bypasses (flow, connection, entity, record_id, subject, changes, opened_at) '
     'SELECT flow, connection, entity, record_id, subject, changes, opened_at FROM bypasses'),
    ('FOREIGN KEY', 'UPDATE bypasses SET event_id = 99 WHERE id = 1'),
    ('contests.flow, contests.subject, contests.field, contests.print',
     'INSERT INTO contests (flow, subject, field, winner, loser, print, at) '
     'SELECT flow, subject, field, winner, loser, print, at FROM contests'),
    ('holds.scope, holds.customer, holds.source',
     'INSERT INTO holds (scope, customer, source, why, placed_by, placed_at) '
     'SELECT scope, customer, source, why, placed_by, placed_at FROM holds'),
    ('holds_released_by_somebody',
     'UPDATE holds SET released_at = placed_at'),
    ('holds_released_by_somebody',
     "UPDATE holds SET released_by = 'UX'"),
    ('cards.channel, cards.ts',
     "UPDATE cards SET channel = 'C1', ts = '1.0'"),
    ('messages_posted_has_a_ts',
     'UPDATE messages SET posted_at = at WHERE id = 1'),
    ('messages_posted_has_a_ts',
     "UPDATE messages SET ts = '1.0' WHERE id = 1"),
    ('ticks.name, ticks.slot',
     'INSERT INTO ticks SELECT * FROM ticks'),
    ('presses.key',
     'INSERT INTO presses SELECT * FROM presses'),
    ('pauses.scope, pauses.name',
     'INSERT INTO pauses SELECT * FROM pauses'),
    ('pauses_scope_known',
     "UPDATE pauses SET scope = 'person'"),
    ('deliveries.flow, deliveries.subject',
     "UPDATE deliveries SET front = true, subject = 'deals:5'"),
    ('breakers.connection',
     'INSERT INTO breakers SELECT * FROM breakers'),
    ('breakers_state_known',
     "UPDATE breakers SET state = 'broken'"),
    ('breakers_only_closed_is_over',
     "UPDATE breakers SET state = 'closed'"),
    ('modes_mode_known',
     "UPDATE modes SET mode = 'slow'"),
    ('archive.event_id, archive.flow',
     'INSERT INTO archive SELECT delivery_id + 99, event_id, flow, subject, state, occurred_at, finished_at, '
     'archived_at, counts FROM archive'),
    ('FOREIGN KEY',
     'UPDATE archive SET event_id = 99'),
    ('drifts.flow, drifts.value',
     'INSERT INTO drifts (flow, value, connection, entity, contract, path, kind, opened_at) '
     'SELECT flow, value, connection, entity, contract, path, kind, opened_at FROM drifts'),
    ('FOREIGN KEY',
     'UPDATE drifts SET event_id = 99'),
    ('cursors.connection, cursors.entity',
     'INSERT INTO cursors SELECT * FROM cursors'),
    ('rollouts_state_known',
     "UPDATE rollouts SET state = 'lost', ended_at = '2026-01-01'"),
    ('rollouts_only_running_has_no_end',
     "UPDATE rollouts SET ended_at = '2026-01-01'"),
    ('rollouts_decided_by_somebody',
     "UPDATE rollouts SET decided_by = ''"),
    ('rollouts.cause_id',
     'INSERT INTO rollouts (cause_id, flow, verb, decided_by, acting_for, words, state, started_at, shown_at) SELECT cause_id, '
     'flow, verb, decided_by, acting_for, words, state, started_at, shown_at FROM rollouts'),
    ('rollout_cases_state_known',
     "UPDATE rollout_cases SET state = 'lost'"),
    ('rollout_cases.case_id',
     'INSERT INTO rollout_cases (rollout_id, case_id, delivery_id, canary, state, overlays) SELECT 2, case_id, delivery_id, '
     'canary, state, overlays FROM rollout_cases'),
    ('journal.seq',
     'INSERT INTO journal SELECT * FROM journal'),
    ('preferences_quiet_hours_end',
     "INSERT INTO preferences (person, digest_at, quiet_from, timezone, changed_at) "
     "VALUES ('UDANA', '08:00', '19:00', 'UTC', '2026-01-01')"),
    ('manual_fixes.key',
     "INSERT INTO manual_fixes (flow, record, system, done_by, at, key) "
     "VALUES ('bill', '1', 'erp', 'UDANA', '2026-01-01', 'k'), ('bill', '1', 'erp', 'UDANA', '2026-01-01', 'k')"),
    ('suggestions.key',
     "INSERT INTO suggestions (key, flow, reason, path, matcher, first_at, last_at) VALUES "
     "('k', 'bill', 'unknown_product', 'x', 'name', '2026-01-01', '2026-01-01'), "
     "('k', 'bill', 'unknown_product', 'x', 'name', '2026-01-01', '2026-01-01')"),
    ('proposed_rules_state_known',
     "INSERT INTO proposed_rules (key, flow, reason, path, accepted, state, proposed_at, decided_at) "
     "VALUES ('k', 'bill', 'unknown_product', 'x', 5, 'applied', '2026-01-01', '2026-01-01')"),
    ('proposed_rules_decided_once',
     "INSERT INTO proposed_rules (key, flow, reason, path, accepted, state, proposed_at) "
     "VALUES ('k', 'bill', 'unknown_product', 'x', 5, 'noted', '2026-01-01')"),
    ('proposed_rules.key',
     "INSERT INTO proposed_rules (key, flow, reason, path, accepted, state, proposed_at) VALUES "
     "('k', 'bill', 'unknown_product', 'x', 5, 'proposed', '2026-01-01'), "
     "('k', 'bill', 'unknown_product', 'x', 5, 'proposed', '2026-01-01')"),
    ('packs_state_known',
     "UPDATE packs SET state = 'lost', ts = 'x'"),
    ('packs_posted_has_a_ts',
     "UPDATE packs SET state = 'posted'"),
    ('packs.kind, packs.slot, packs.channel',
     'INSERT INTO packs (kind, slot, channel, state, made_at, due_at) SELECT kind, slot, channel, state, made_at, due_at FROM packs'),
    ('pack_files_state_known',
     "UPDATE pack_files SET state = 'lost'"),
    ('pack_files_sent_has_an_id',
     "UPDATE pack_files SET state = 'sent'"),
    ('FOREIGN KEY',
     'UPDATE pack_files SET pack_id = 99'),
    ('customers_nobody_is_merged_into_itself',
     "UPDATE customers SET merged_into = id, merged_at = '2026-01-01'"),
    ('customers_merged_at_a_time',
     "UPDATE customers SET merged_at = '2026-01-01'"),
    ('customers.target, customers.number',
     "INSERT INTO customers (target, number, reference, flow, says, made_at) VALUES ('erp', 1, 'other', 'bill', '{}', '2026-01-01')"),
    ('customers.target, customers.reference',
     "INSERT INTO customers (target, number, reference, flow, says, made_at) VALUES ('erp', 2, 'c-1', 'bill', '{}', '2026-01-01')"),
    ('customer_ids.connection, customer_ids.entity, customer_ids.source_id, customer_ids.target',
     'INSERT INTO customer_ids (connection, entity, source_id, target, customer_id, known_at, known_by, speaks) '
     'SELECT connection, entity, source_id, target, customer_id, known_at, known_by, speaks FROM customer_ids'),
    ('customer_others.connection, customer_others.entity, customer_others.source_id, customer_others.customer_id',
     'INSERT INTO customer_others (connection, entity, source_id, customer_id, said_at, said_by) '
     'SELECT connection, entity, source_id, customer_id, said_at, said_by FROM customer_others'),
    ('subject_keys.about, subject_keys.period',
     "INSERT INTO subject_keys (about, period, wrapped) VALUES ('crm/companies:1', '', 'x')"),
    ('subject_keys_destroyed_is_gone',
     "UPDATE subject_keys SET wrapped = NULL WHERE about = 'crm/companies:1'"),
    ('erasures_state_known',
     "UPDATE erasures SET state = 'lost', done_at = NULL"),
    ('erasures_done_has_an_end',
     "UPDATE erasures SET state = 'begun'"),
    ('erasures.about',
     "INSERT INTO erasures (about, state, asked_by, asked_at, found) SELECT about, 'begun', 'x', asked_at, '{}' FROM erasures"),
    ('unsaid.channel, unsaid.ts, unsaid.file_id',
     "INSERT INTO unsaid (channel, ts, file_id, at) SELECT channel, ts, file_id, at FROM unsaid"),
    ('the journal is append-only',
     "UPDATE journal SET verb = 'nothing' WHERE seq = 1"),
    ('the journal is append-only',
     'DELETE FROM journal WHERE seq = 1'),
    ('reconciliations_state_known',
     "UPDATE reconciliations SET state = 'lost', lease = NULL, ended_at = began_at WHERE id = 1"),
    ('reconciliations_mode_known',
     "UPDATE reconciliations SET mode = 'half' WHERE id = 1"),
    ('reconciliations_only_ended_is_over',
     "UPDATE reconciliations SET ended_at = began_at WHERE id = 1"),
    ('reconciliations_only_reading_is_leased',
     "UPDATE reconciliations SET lease = NULL WHERE id = 1"),
    ('reconciliations.flow',
     "INSERT INTO reconciliations (flow, mode, state, by, lease, began_at, started_at, beat_at) "
     "VALUES ('bill', 'full', 'reading', 'clock', 'x', '2026-01-01', '2026-01-01', '2026-01-01')"),
    ('disagreements_accepted_is_closed',
     "UPDATE disagreements SET accepted = true WHERE id = 1"),
    ('disagreements.flow, disagreements.key',
     "INSERT INTO disagreements (flow, key, kind, target_ids, also, first_run, last_run, opened_at) "
     "VALUES ('bill', 'deal-1', 'orphan', '[]', '[]', 1, 1, '2026-01-01')"),
    ('FOREIGN KEY',
     'UPDATE disagreements SET last_run = 99 WHERE id = 1'),
]  # fmt: skip


@pytest.fixture
async def full(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """A ledger in which every kind of row is there and right. On SQLite it is made once and copied for each test."""
    made = tmp_path_factory.getbasetemp() / "full.db"
    if not POSTGRES and made.exists():
        shutil.copy(made, tmp_path / "ledger.db")
    store = Store(ledger_url(tmp_path))
    await store.open()
    if POSTGRES or not made.exists():
        await fill(store)
    if not POSTGRES and not made.exists():
        await store.close()
        shutil.copy(tmp_path / "ledger.db", made)
        await store.open()
    yield store
    await store.close()


async def fill(store: Store) -> None:
    done = await in_hand(store, "1")
    await begin(store, done)
    await store.settle(done, Deliver(bindings=(binding(),)), now=MONDAY)
    await stopped(store, "2")
    await stopped(store, "3", step=bury(cause="deals:3"), route=CLASS_A)
    await stopped(store, "4", step=bury(cause="deals:4"))
    await press(store, "discard", [3])
    running = await in_hand(store, "5")
    await begin(store, running, spec=spec(operation="post"))
    await receive(store, change("6"), cursor=("deals", {"after": "6"}))
    await place_hold(store)
    await store.pause("flow", "other", by="UDANA", now=MONDAY)
    await store.claim_tick("digest", "mon", now=MONDAY)
    await store.press_once("click", now=MONDAY)
    await store.trip("erp", until=MONDAY, detail="503", now=MONDAY)
    for based_on, needs in ((None, ()), (1, ("finance",))):
        wanted = Proposal(files={}, digest="d", by="UANA", words="", versions={}, based_on=based_on, needs=needs)
        await store.propose(wanted, now=MONDAY)
    await sql(
        store, "INSERT INTO modes (flow, mode, since, seen_at) VALUES ('bill', 'batch', '2026-01-01', '2026-01-01')"
    )
    await sql(
        store,
        "INSERT INTO drifts (flow, value, connection, entity, contract, path, kind, event_id, opened_at) "
        "VALUES ('bill', 'deal.a', 'crm', 'deals', 'deal', 'a', 'gone', 1, '2026-01-01')",
    )
    for statement in (
        "INSERT INTO clock_pauses (case_id, why, paused_by, since, until) "
        "VALUES (1, 'merge_task', 'UDANA', '2026-01-01', '2026-01-02')",
        "INSERT INTO absences (person, since, until, set_by, why, set_at) "
        "VALUES ('UDANA', '2026-01-01', '2026-01-02', 'UDANA', '', '2026-01-01')",
        "INSERT INTO held_mentions (cause_id, person, due_at) VALUES (1, 'UDANA', '2026-01-01')",
        "INSERT INTO contests (flow, subject, field, winner, loser, print, at) "
        "VALUES ('bill', 'deals:1', 'a', 'crm', 'erp', 'x', '2026-01-01')",
        "INSERT INTO bypasses (flow, connection, entity, record_id, subject, changes, opened_at) "
        "VALUES ('bill', 'crm', 'deals', '1', 'deals:1', '[]', '2026-01-01')",
    ):
        await sql(store, statement)
    await sql(
        store,
        "INSERT INTO rollouts (cause_id, flow, verb, decided_by, acting_for, words, state, started_at, shown_at) "
        "VALUES (1, 'bill', 'resolve', 'UANA', '[]', 'x', 'canary', '2026-01-01', '2026-01-01')",
    )
    await sql(
        store,
        "INSERT INTO rollout_cases (rollout_id, case_id, delivery_id, canary, state, overlays) "
        "VALUES (1, 1, 2, true, 'sent', '[]')",
    )
    await sql(
        store,
        "INSERT INTO archive (delivery_id, event_id, flow, subject, state, occurred_at, finished_at, archived_at, counts) "
        "SELECT id, event_id, flow, subject, state, occurred_at, updated_at, updated_at, '{}' FROM deliveries WHERE id = 1",
    )
    for statement in (
        "INSERT INTO customers (target, number, reference, flow, says, made_at) VALUES ('erp', 1, 'c-1', 'bill', '{}', '2026-01-01')",
        "INSERT INTO customer_ids (connection, entity, source_id, target, customer_id, known_at, known_by, speaks) "
        "VALUES ('crm', 'companies', '1', 'erp', 1, '2026-01-01', 'engine', true)",
        "INSERT INTO customer_others (connection, entity, source_id, customer_id, said_at, said_by) "
        "VALUES ('crm', 'companies', '2', 1, '2026-01-01', 'engine')",
    ):
        await sql(store, statement)
    pack = "'weekly', '2026-W01', 'C1', 'waiting', '2026-01-01', '2026-01-01'"
    await sql(store, f"INSERT INTO packs (kind, slot, channel, state, made_at, due_at) VALUES ({pack})")
    await sql(
        store,
        "INSERT INTO reconciliations (flow, mode, state, by, lease, began_at, started_at, beat_at) "
        "VALUES ('bill', 'full', 'reading', 'clock', 'x', '2026-01-01', '2026-01-01', '2026-01-01')",
    )
    await sql(
        store,
        "INSERT INTO disagreements (flow, key, kind, target_ids, also, first_run, last_run, opened_at) "
        "VALUES ('bill', 'deal-1', 'missing', '[]', '[]', 1, 1, '2026-01-01')",
    )
    await sql(store, "INSERT INTO pack_files (pack_id, name, state) VALUES (1, 'trend.png', 'waiting')")
    await store.db.write(lambda tx: know(["crm/companies:1", "crm/companies:2"]))
    erased = "'crm/companies:9', 'done', 'UDANA', '2026-01-01', '2026-01-01', '{}'"
    await sql(store, f"INSERT INTO erasures (about, state, asked_by, asked_at, done_at, found) VALUES ({erased})")
    await sql(store, "INSERT INTO unsaid (channel, ts, at) VALUES ('C1', '1.2', '2026-01-01')")


def named(constraint: str) -> str:
    """What this database says when the constraint is broken: SQLite names columns, PostgreSQL the constraint."""
    if not POSTGRES:
        return constraint
    if "." not in constraint:
        return constraint.replace("FOREIGN KEY", "foreign key constraint")
    table = metadata.tables[constraint.split(".")[0]]
    columns = [one.split(".")[1] for one in constraint.split(", ")]
    uniques = [*table.constraints, *(index for index in table.indexes if index.unique)]
    same = [str(one.name) for one in uniques if [column.name for column in one.columns] == columns]
    return "|".join(name[:50] for name in same)  # a longer name is cut there


@pytest.mark.parametrize(("constraint", "statement"), BROKEN)
async def test_the_schema_refuses(full: Store, constraint: str, statement: str) -> None:
    before = [await full.counts(), await full.verify_journal()]
    with pytest.raises(DBAPIError, match=named(constraint)):
        await sql(full, statement)
    assert [await full.counts(), await full.verify_journal()] == before


def test_every_constraint_of_the_schema_is_tried_here() -> None:
    checks = sum(
        type(one).__name__ == "CheckConstraint" for table in metadata.tables.values() for one in table.constraints
    )
    uniques = sum(
        type(one).__name__ == "UniqueConstraint" for table in metadata.tables.values() for one in table.constraints
    )
    indexes = sum(index.unique for table in metadata.tables.values() for index in table.indexes)
    assert (checks, uniques, indexes) == (52, 16, 19), "a constraint came or went: add or take away its line above"


async def test_the_hand_that_breaks_things_does_break_them_where_nothing_forbids_it(full: Store) -> None:
    await sql(full, "UPDATE deliveries SET detail = 'touched' WHERE id = 6")
    [held] = [one for one in await full.exceptions() if one.delivery_id == 2]
    assert held.state == "open"
    assert await claim(full) != []


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        await store.claim_tick("digest", "mon", now=datetime(2026, 11, 23))
