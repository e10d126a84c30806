"""The schema. What must never happen is refused here by a constraint: code may be wrong, the table is not."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from store.bypass_tables import bypasses, contests
from store.case_tables import cards, cases, causes, holds, messages, overlays
from store.clock_tables import absences, clock_pauses, held_mentions, user_groups
from store.columns import DOC, ID, Moment, Name, at, identity, metadata, name, one_of, prose, ref, word
from store.customer_tables import customer_ids, customer_keys, customer_others, customers
from store.delivery_tables import lost_channels, slack_stops
from store.drift_tables import drifts, schemas
from store.fixing_tables import proposed_rules, suggestions
from store.home_tables import homes, manual_fixes, preferences
from store.kept import approvals, archive, comparisons, newest, releases, retention, versions
from store.pack_tables import pack_files, packs
from store.privacy_tables import erasures, subject_keys, unsaid
from store.reconciling_tables import disagreements, reconciliations
from store.rollout_tables import rollout_cases, rollouts
from store.sealed import SecretDoc, secret
from store.signs_tables import signs
from store.turn_tables import turns
from sync.lifecycle import BreakerState, DeliveryState, WriteState

__all__ = [
    "Moment",
    "absences",
    "approvals",
    "archive",
    "bypasses",
    "cards",
    "cases",
    "causes",
    "clock_pauses",
    "comparisons",
    "contests",
    "customer_ids",
    "customer_keys",
    "customer_others",
    "customers",
    "disagreements",
    "drifts",
    "erasures",
    "held_mentions",
    "holds",
    "homes",
    "lost_channels",
    "manual_fixes",
    "messages",
    "metadata",
    "newest",
    "overlays",
    "pack_files",
    "packs",
    "preferences",
    "proposed_rules",
    "reconciliations",
    "releases",
    "retention",
    "rollout_cases",
    "rollouts",
    "schemas",
    "signs",
    "slack_stops",
    "subject_keys",
    "suggestions",
    "turns",
    "unsaid",
    "user_groups",
    "versions",
]

events = Table(
    "events",
    metadata,
    identity(),
    word("connection"),
    word("entity"),
    name("record_id"),
    name("key"),
    name("kind"),
    at("occurred_at"),
    Column("sequence", BigInteger, nullable=False),
    at("received_at"),
    word("trace"),
    Column("payload", SecretDoc()),
    UniqueConstraint("connection", "key"),
    Index("ix_events_record", "connection", "entity", "record_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    identity(),
    ref("event_id", "events.id"),
    word("flow"),
    name("subject"),
    word("connection"),
    at("occurred_at"),
    Column("sequence", BigInteger, nullable=False),
    word("state"),
    at("due_at"),
    Column("number", Integer, nullable=False, server_default="0"),
    Column("retries", Integer, nullable=False, server_default="0"),
    Column("losses", Integer, nullable=False, server_default="0"),
    word("lease", null=True),
    at("leased_until", null=True),
    ref("hold_id", "holds.id", null=True),
    secret("detail"),
    at("updated_at"),
    Column("front", Boolean, nullable=False, server_default=false()),
    name("bills", null=True),
    UniqueConstraint("event_id", "flow"),
    one_of("state", DeliveryState),
    CheckConstraint("(lease IS NULL) = (state <> 'running')", name="only_running_is_leased"),
    CheckConstraint("(leased_until IS NULL) = (lease IS NULL)", name="lease_ends"),
    CheckConstraint("hold_id IS NULL OR state = 'held'", name="only_held_waits_for_a_hold"),
    Index("uq_one_running_per_subject", "flow", "subject", unique=True,
          sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")),
    Index("ix_deliveries_line", "flow", "subject", "occurred_at", "sequence", "id",
          sqlite_where=text("state IN ('pending', 'running', 'held')"),
          postgresql_where=text("state IN ('pending', 'running', 'held')")),
    Index("uq_one_front_per_subject", "flow", "subject", unique=True,
          sqlite_where=text("front = 1"), postgresql_where=text("front")),
    Index("ix_deliveries_ready", "flow", "due_at", "id",
          sqlite_where=text("front = 1 AND state = 'pending'"), postgresql_where=text("front AND state = 'pending'")),
    Index("ix_deliveries_dead", "flow", "subject",
          sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")),
    Index("ix_deliveries_leased", "leased_until",
          sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")),
    Index("ix_deliveries_held", "flow", "updated_at",
          sqlite_where=text("front = 1 AND state = 'held'"), postgresql_where=text("front AND state = 'held'")),
    Index("ix_deliveries_done", "flow", "state", "updated_at",
          sqlite_where=text("state IN ('delivered', 'discarded')"),
          postgresql_where=text("state IN ('delivered', 'discarded')")),
    Index("ix_deliveries_bills", "bills", "occurred_at", "sequence", "id",
          sqlite_where=text("bills IS NOT NULL AND state IN ('pending', 'running')"),
          postgresql_where=text("bills IS NOT NULL AND state IN ('pending', 'running')")),
    Index("ix_deliveries_hold", "hold_id", sqlite_where=text("hold_id IS NOT NULL"), postgresql_where=text("hold_id IS NOT NULL")),
)  # fmt: skip

attempts = Table(
    "attempts",
    metadata,
    identity(),
    ref("delivery_id", "deliveries.id"),
    Column("number", Integer, nullable=False),
    at("ended_at"),
    word("step"),
    secret("detail"),
    Column("snapshot", SecretDoc()),
    Column("release", ID, nullable=False, server_default="0"),
    UniqueConstraint("delivery_id", "number"),
)

writes = Table(
    "writes",
    metadata,
    identity(),
    word("connection"),
    word("entity"),
    word("operation"),
    name("key"),
    Column("delivery_id", ID, nullable=False),
    word("lease"),
    word("state"),
    word("fingerprint"),
    name("target_id", null=True),
    Column("record", SecretDoc()),
    Column("sends", Integer, nullable=False),
    at("sent_at"),
    at("rests_until"),
    secret("detail"),
    word("version_by", null=True),
    Column("version", BigInteger),
    Column("version_sequence", BigInteger),
    UniqueConstraint("connection", "entity", "operation", "key"),
    one_of("state", WriteState),
    CheckConstraint("state <> 'confirmed' OR target_id IS NOT NULL", name="confirmed_has_an_id"),
    Index("ix_writes_delivery", "delivery_id"),
)

bindings = Table(
    "bindings",
    metadata,
    identity(),
    word("source_connection"),
    word("source_entity"),
    name("source_id"),
    word("target_connection"),
    word("target_entity"),
    name("target_id"),
    name("reference"),
    Column("delivery_id", ID, nullable=False),
    at("bound_at"),
    UniqueConstraint("source_connection", "source_entity", "source_id", "target_connection", "target_entity"),
    UniqueConstraint("target_connection", "target_entity", "reference"),
)

ticks = Table(
    "ticks",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("slot", String(64), primary_key=True),
    at("claimed_at"),
)

presses = Table("presses", metadata, Column("key", Name, primary_key=True), at("at"))

pauses = Table(
    "pauses",
    metadata,
    Column("scope", String(16), primary_key=True),
    Column("name", String(255), primary_key=True),
    word("paused_by"),
    at("paused_at"),
    one_of("scope", ("flow", "connection")),
)

cursors = Table(
    "cursors",
    metadata,
    Column("connection", String(255), primary_key=True),
    Column("entity", String(255), primary_key=True),
    Column("cursor", DOC, nullable=False),
    at("moved_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", ID, primary_key=True, autoincrement=False),
    at("at"),
    word("actor"),
    word("verb"),
    word("noun"),
    word("noun_id"),
    Column("data", Text, nullable=False),
    word("previous"),
    word("hash"),
    Index("ix_journal_noun", "noun", "noun_id"),
)

breakers = Table(
    "breakers",
    metadata,
    Column("connection", String(255), primary_key=True),
    word("state"),
    Column("trips", Integer, nullable=False),
    at("opened_at"),
    at("until"),
    at("closed_at", null=True),
    prose("detail"),
    one_of("state", BreakerState),
    CheckConstraint("(closed_at IS NULL) = (state <> 'closed')", name="only_closed_is_over"),
)

workers = Table(
    "workers",
    metadata,
    Column("name", String(255), primary_key=True),
    word("role"),
    at("started_at"),
    at("beat_at"),
)

modes = Table(
    "modes",
    metadata,
    Column("flow", String(255), primary_key=True),
    word("mode"),
    at("since"),
    prose("why"),
    Column("seen", ID, nullable=False, server_default="0"),
    at("seen_at"),
    one_of("mode", ("event", "batch")),
)
