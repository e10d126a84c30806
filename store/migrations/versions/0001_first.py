"""The first schema: events, deliveries, writes, cases, cards and the append-only journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.tables
from store.database import refuse_changes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # ruff: noqa: E501 - columns as they stand
    # fmt: off
    op.create_table('causes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('flow', sa.String(length=255), nullable=False),
    sa.Column('reason', sa.String(length=255), nullable=False),
    sa.Column('value', sa.String(length=255), nullable=False),
    sa.Column('team', sa.String(length=255), nullable=False),
    sa.Column('channel', sa.String(length=255), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('opened_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('closed_at', store.tables.Moment(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_causes'))
    )
    op.create_index('uq_one_open_cause', 'causes', ['flow', 'reason', 'value'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('cursors',
    sa.Column('connection', sa.String(length=255), nullable=False),
    sa.Column('entity', sa.String(length=255), nullable=False),
    sa.Column('cursor', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('moved_at', store.tables.Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('connection', 'entity', name=op.f('pk_cursors'))
    )
    op.create_table('events',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('connection', sa.String(length=255), nullable=False),
    sa.Column('entity', sa.String(length=255), nullable=False),
    sa.Column('record_id', sa.String(length=255), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('kind', sa.String(length=255), nullable=False),
    sa.Column('occurred_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('received_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('trace', sa.String(length=255), nullable=False),
    sa.Column('payload', sa.JSON(none_as_null=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
    sa.UniqueConstraint('connection', 'key', name=op.f('uq_events_connection_key'))
    )
    op.create_index('ix_events_record', 'events', ['connection', 'entity', 'record_id'], unique=False)
    op.create_table('holds',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('customer', sa.String(length=255), nullable=False),
    sa.Column('customer_name', sa.String(length=255), server_default='', nullable=False),
    sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('placed_by', sa.String(length=255), nullable=False),
    sa.Column('placed_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('released_by', sa.String(length=255), nullable=True),
    sa.Column('released_at', store.tables.Moment(timezone=True), nullable=True),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('(released_by IS NULL) = (released_at IS NULL)', name=op.f('ck_holds_released_by_somebody')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holds'))
    )
    op.create_index('uq_one_hold_per_customer', 'holds', ['customer'], unique=True, sqlite_where=sa.text('released_at IS NULL'), postgresql_where=sa.text('released_at IS NULL'))
    op.create_table('journal',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=255), nullable=False),
    sa.Column('verb', sa.String(length=255), nullable=False),
    sa.Column('noun', sa.String(length=255), nullable=False),
    sa.Column('noun_id', sa.String(length=255), nullable=False),
    sa.Column('data', sa.Text(), nullable=False),
    sa.Column('previous', sa.String(length=255), nullable=False),
    sa.Column('hash', sa.String(length=255), nullable=False),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_journal')),
    sa.UniqueConstraint('previous', name=op.f('uq_journal_previous'))
    )
    op.create_index('ix_journal_noun', 'journal', ['noun', 'noun_id'], unique=False)
    op.create_table('pauses',
    sa.Column('scope', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('paused_by', sa.String(length=255), nullable=False),
    sa.Column('paused_at', store.tables.Moment(timezone=True), nullable=False),
    sa.CheckConstraint("scope IN ('flow', 'connection')", name=op.f('ck_pauses_scope_known')),
    sa.PrimaryKeyConstraint('scope', 'name', name=op.f('pk_pauses'))
    )
    op.create_table('presses',
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('at', store.tables.Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_presses'))
    )
    op.create_table('ticks',
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('slot', sa.String(length=64), nullable=False),
    sa.Column('claimed_at', store.tables.Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', 'slot', name=op.f('pk_ticks'))
    )
    op.create_table('cards',
    sa.Column('cause_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('channel', sa.String(length=255), nullable=False),
    sa.Column('ts', sa.String(length=255), nullable=True),
    sa.Column('version', sa.Integer(), server_default='0', nullable=False),
    sa.Column('unsure', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('lease', sa.String(length=255), nullable=True),
    sa.Column('due_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('failures', sa.Integer(), server_default='0', nullable=False),
    sa.Column('error', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['cause_id'], ['causes.id'], name=op.f('fk_cards_cause_id')),
    sa.PrimaryKeyConstraint('cause_id', name=op.f('pk_cards'))
    )
    op.create_index('uq_card_message', 'cards', ['channel', 'ts'], unique=True, sqlite_where=sa.text('ts IS NOT NULL'), postgresql_where=sa.text('ts IS NOT NULL'))
    op.create_table('deliveries',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('event_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('flow', sa.String(length=255), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('connection', sa.String(length=255), nullable=False),
    sa.Column('occurred_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('sequence', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=255), nullable=False),
    sa.Column('due_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('number', sa.Integer(), server_default='0', nullable=False),
    sa.Column('retries', sa.Integer(), server_default='0', nullable=False),
    sa.Column('losses', sa.Integer(), server_default='0', nullable=False),
    sa.Column('lease', sa.String(length=255), nullable=True),
    sa.Column('leased_until', store.tables.Moment(timezone=True), nullable=True),
    sa.Column('hold_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('detail', sa.Text(), server_default='', nullable=False),
    sa.Column('updated_at', store.tables.Moment(timezone=True), nullable=False),
    sa.CheckConstraint("(lease IS NULL) = (state <> 'running')", name=op.f('ck_deliveries_only_running_is_leased')),
    sa.CheckConstraint("hold_id IS NULL OR state = 'held'", name=op.f('ck_deliveries_only_held_waits_for_a_hold')),
    sa.CheckConstraint("state IN ('pending', 'running', 'held', 'delivered', 'dead', 'discarded')", name=op.f('ck_deliveries_state_known')),
    sa.CheckConstraint('(leased_until IS NULL) = (lease IS NULL)', name=op.f('ck_deliveries_lease_ends')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_deliveries_event_id')),
    sa.ForeignKeyConstraint(['hold_id'], ['holds.id'], name=op.f('fk_deliveries_hold_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('event_id', 'flow', name=op.f('uq_deliveries_event_id_flow'))
    )
    op.create_index('ix_deliveries_due', 'deliveries', ['due_at'], unique=False, sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))
    op.create_index('ix_deliveries_flow_state', 'deliveries', ['flow', 'state'], unique=False)
    op.create_index('ix_deliveries_hold', 'deliveries', ['hold_id'], unique=False, sqlite_where=sa.text('hold_id IS NOT NULL'), postgresql_where=sa.text('hold_id IS NOT NULL'))
    op.create_index('ix_deliveries_leased', 'deliveries', ['leased_until'], unique=False, sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))
    op.create_index('ix_deliveries_line', 'deliveries', ['flow', 'subject', 'occurred_at', 'sequence', 'id'], unique=False, sqlite_where=sa.text("state IN ('pending', 'running', 'held')"), postgresql_where=sa.text("state IN ('pending', 'running', 'held')"))
    op.create_index('uq_one_running_per_subject', 'deliveries', ['flow', 'subject'], unique=True, sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))
    op.create_table('messages',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('cause_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('channel', sa.String(length=255), nullable=False),
    sa.Column('kind', sa.String(length=255), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('mention', sa.String(length=255), nullable=True),
    sa.Column('broadcast', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('body', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('lease', sa.String(length=255), nullable=True),
    sa.Column('due_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('unsure', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('ts', sa.String(length=255), nullable=True),
    sa.Column('posted_at', store.tables.Moment(timezone=True), nullable=True),
    sa.Column('failures', sa.Integer(), server_default='0', nullable=False),
    sa.Column('error', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('(ts IS NULL) = (posted_at IS NULL)', name=op.f('ck_messages_posted_has_a_ts')),
    sa.ForeignKeyConstraint(['cause_id'], ['causes.id'], name=op.f('fk_messages_cause_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_messages'))
    )
    op.create_index('ix_messages_cause', 'messages', ['cause_id'], unique=False)
    op.create_index('ix_messages_unposted', 'messages', ['due_at'], unique=False, sqlite_where=sa.text('posted_at IS NULL'), postgresql_where=sa.text('posted_at IS NULL'))
    op.create_table('attempts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('delivery_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('ended_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('step', sa.String(length=255), nullable=False),
    sa.Column('detail', sa.Text(), server_default='', nullable=False),
    sa.Column('snapshot', sa.JSON(none_as_null=True), nullable=True),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_attempts_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempts')),
    sa.UniqueConstraint('delivery_id', 'number', name=op.f('uq_attempts_delivery_id_number'))
    )
    op.create_table('bindings',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('source_connection', sa.String(length=255), nullable=False),
    sa.Column('source_entity', sa.String(length=255), nullable=False),
    sa.Column('source_id', sa.String(length=255), nullable=False),
    sa.Column('target_connection', sa.String(length=255), nullable=False),
    sa.Column('target_entity', sa.String(length=255), nullable=False),
    sa.Column('target_id', sa.String(length=255), nullable=False),
    sa.Column('reference', sa.String(length=255), nullable=False),
    sa.Column('delivery_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('bound_at', store.tables.Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_bindings_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bindings')),
    sa.UniqueConstraint('source_connection', 'source_entity', 'source_id', 'target_connection', 'target_entity', name=op.f('uq_bindings_source_connection_source_entity_source_id_target_connection_target_entity')),
    sa.UniqueConstraint('target_connection', 'target_entity', 'reference', name=op.f('uq_bindings_target_connection_target_entity_reference'))
    )
    op.create_table('cases',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('cause_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('delivery_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('flow', sa.String(length=255), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('reason', sa.String(length=255), nullable=False),
    sa.Column('state', sa.String(length=255), nullable=False),
    sa.Column('severity', sa.String(length=255), nullable=False),
    sa.Column('team', sa.String(length=255), nullable=False),
    sa.Column('owner', sa.String(length=255), nullable=False),
    sa.Column('backup', sa.String(length=255), nullable=False),
    sa.Column('four_eyes', sa.Boolean(), nullable=False),
    sa.Column('holds_billing', sa.Boolean(), nullable=False),
    sa.Column('assignee', sa.String(length=255), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('customer', sa.String(length=255), nullable=True),
    sa.Column('customer_name', sa.String(length=255), server_default='', nullable=False),
    sa.Column('currency', sa.String(length=255), nullable=True),
    sa.Column('minor', sa.BigInteger(), nullable=True),
    sa.Column('violations', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('trace', sa.String(length=255), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='1', nullable=False),
    sa.Column('level', sa.Integer(), server_default='0', nullable=False),
    sa.Column('opened_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('respond_by', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('resolve_by', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('responded_at', store.tables.Moment(timezone=True), nullable=True),
    sa.Column('resolved_at', store.tables.Moment(timezone=True), nullable=True),
    sa.Column('snoozed_until', store.tables.Moment(timezone=True), nullable=True),
    sa.Column('decision', sa.Text(), server_default='', nullable=False),
    sa.Column('decided_by', sa.String(length=255), server_default='', nullable=False),
    sa.Column('proposal', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('proposed_by', sa.String(length=255), server_default='', nullable=False),
    sa.CheckConstraint("(resolved_at IS NULL) = (state <> 'resolved')", name=op.f('ck_cases_only_resolved_is_done')),
    sa.CheckConstraint("NOT four_eyes OR proposed_by = '' OR proposed_by <> decided_by", name=op.f('ck_cases_nobody_approves_their_own')),
    sa.CheckConstraint("state <> 'resolved' OR decided_by <> ''", name=op.f('ck_cases_resolved_by_somebody')),
    sa.CheckConstraint("state <> 'snoozed' OR snoozed_until IS NOT NULL", name=op.f('ck_cases_snooze_ends')),
    sa.CheckConstraint("state IN ('open', 'owned', 'proposed', 'snoozed', 'reopened', 'resolved')", name=op.f('ck_cases_state_known')),
    sa.CheckConstraint('(currency IS NULL) = (minor IS NULL)', name=op.f('ck_cases_money_has_a_currency')),
    sa.ForeignKeyConstraint(['cause_id'], ['causes.id'], name=op.f('fk_cases_cause_id')),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_cases_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cases'))
    )
    op.create_index('ix_cases_cause', 'cases', ['cause_id'], unique=False)
    op.create_index('ix_cases_unresolved', 'cases', ['resolve_by'], unique=False, sqlite_where=sa.text("state <> 'resolved'"), postgresql_where=sa.text("state <> 'resolved'"))
    op.create_index('uq_one_unresolved_case', 'cases', ['delivery_id'], unique=True, sqlite_where=sa.text("state <> 'resolved'"), postgresql_where=sa.text("state <> 'resolved'"))
    op.create_table('writes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('connection', sa.String(length=255), nullable=False),
    sa.Column('entity', sa.String(length=255), nullable=False),
    sa.Column('operation', sa.String(length=255), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('delivery_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lease', sa.String(length=255), nullable=False),
    sa.Column('state', sa.String(length=255), nullable=False),
    sa.Column('fingerprint', sa.String(length=255), nullable=False),
    sa.Column('target_id', sa.String(length=255), nullable=True),
    sa.Column('record', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('sends', sa.Integer(), nullable=False),
    sa.Column('sent_at', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('rests_until', store.tables.Moment(timezone=True), nullable=False),
    sa.Column('detail', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint("state <> 'confirmed' OR target_id IS NOT NULL", name=op.f('ck_writes_confirmed_has_an_id')),
    sa.CheckConstraint("state IN ('sent', 'unknown', 'refused', 'confirmed')", name=op.f('ck_writes_state_known')),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_writes_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_writes')),
    sa.UniqueConstraint('connection', 'entity', 'operation', 'key', name=op.f('uq_writes_connection_entity_operation_key'))
    )
    op.create_index('ix_writes_delivery', 'writes', ['delivery_id'], unique=False)
    op.create_table('overlays',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('flow', sa.String(length=255), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('path', sa.String(length=255), nullable=False),
    sa.Column('found', sa.Text(), nullable=False),
    sa.Column('action', sa.String(length=255), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=255), nullable=False),
    sa.Column('case_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('decided_by', sa.String(length=255), nullable=False),
    sa.Column('decided_at', store.tables.Moment(timezone=True), nullable=False),
    sa.CheckConstraint("action IN ('set', 'waive')", name=op.f('ck_overlays_action_known')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_overlays_case_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_overlays'))
    )
    op.create_index('ix_overlays_subject', 'overlays', ['flow', 'subject'], unique=False)
    refuse_changes(op.get_bind(), "journal")
    # fmt: on
