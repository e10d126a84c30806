"""The schema. What must never happen is refused here by a constraint: code may be wrong, the table is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from sync.lifecycle import CaseState, DeliveryState, WriteState


class Moment(TypeDecorator[datetime]):
    """An aware UTC time. A naive one is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        aware = value.astimezone(UTC)
        return aware.replace(tzinfo=None) if dialect.name == "sqlite" else aware

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_ID = BigInteger().with_variant(Integer, "sqlite")
_DOC = JSON(none_as_null=True)


def _id() -> Column[int]:
    return Column("id", _ID, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, null: bool = False) -> Column[int]:
    return Column(name, _ID, ForeignKey(target), nullable=null)


def _one_of(column: str, states: Any) -> CheckConstraint:
    words = ", ".join(f"'{state}'" for state in states)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


def _at(name: str, *, null: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=null)


def _word(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, String(255), nullable=null, server_default=default)


events = Table(
    "events",
    metadata,
    _id(),
    _word("connection"),
    _word("entity"),
    _word("record_id"),
    _word("key"),
    _word("kind"),
    _at("occurred_at"),
    Column("sequence", BigInteger, nullable=False),
    _at("received_at"),
    _word("trace"),
    Column("payload", _DOC),
    UniqueConstraint("connection", "key"),
    Index("ix_events_record", "connection", "entity", "record_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _ref("event_id", "events.id"),
    _word("flow"),
    _word("subject"),
    _word("connection"),
    _at("occurred_at"),
    Column("sequence", BigInteger, nullable=False),
    _word("state"),
    _at("due_at"),
    Column("number", Integer, nullable=False, server_default="0"),
    Column("retries", Integer, nullable=False, server_default="0"),
    Column("losses", Integer, nullable=False, server_default="0"),
    _word("lease", null=True),
    _at("leased_until", null=True),
    _ref("hold_id", "holds.id", null=True),
    Column("detail", Text, nullable=False, server_default=""),
    _at("updated_at"),
    UniqueConstraint("event_id", "flow"),
    _one_of("state", DeliveryState),
    CheckConstraint("(lease IS NULL) = (state <> 'running')", name="only_running_is_leased"),
    CheckConstraint("(leased_until IS NULL) = (lease IS NULL)", name="lease_ends"),
    CheckConstraint("hold_id IS NULL OR state = 'held'", name="only_held_waits_for_a_hold"),
    Index("uq_one_running_per_subject", "flow", "subject", unique=True,
          sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")),
    Index("ix_deliveries_line", "flow", "subject", "occurred_at", "sequence", "id",
          sqlite_where=text("state IN ('pending', 'running', 'held')"),
          postgresql_where=text("state IN ('pending', 'running', 'held')")),
    Index("ix_deliveries_due", "due_at", sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'")),
    Index("ix_deliveries_leased", "leased_until",
          sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")),
    Index("ix_deliveries_hold", "hold_id", sqlite_where=text("hold_id IS NOT NULL"), postgresql_where=text("hold_id IS NOT NULL")),
    Index("ix_deliveries_flow_state", "flow", "state"),
)  # fmt: skip

attempts = Table(
    "attempts",
    metadata,
    _id(),
    _ref("delivery_id", "deliveries.id"),
    Column("number", Integer, nullable=False),
    _at("ended_at"),
    _word("step"),
    Column("detail", Text, nullable=False, server_default=""),
    Column("snapshot", _DOC),
    UniqueConstraint("delivery_id", "number"),
)

writes = Table(
    "writes",
    metadata,
    _id(),
    _word("connection"),
    _word("entity"),
    _word("operation"),
    _word("key"),
    _ref("delivery_id", "deliveries.id"),
    _word("lease"),
    _word("state"),
    _word("fingerprint"),
    _word("target_id", null=True),
    Column("record", _DOC),
    Column("sends", Integer, nullable=False),
    _at("sent_at"),
    _at("rests_until"),
    Column("detail", Text, nullable=False, server_default=""),
    UniqueConstraint("connection", "entity", "operation", "key"),
    _one_of("state", WriteState),
    CheckConstraint("state <> 'confirmed' OR target_id IS NOT NULL", name="confirmed_has_an_id"),
    Index("ix_writes_delivery", "delivery_id"),
)

bindings = Table(
    "bindings",
    metadata,
    _id(),
    _word("source_connection"),
    _word("source_entity"),
    _word("source_id"),
    _word("target_connection"),
    _word("target_entity"),
    _word("target_id"),
    _word("reference"),
    _ref("delivery_id", "deliveries.id"),
    _at("bound_at"),
    UniqueConstraint("source_connection", "source_entity", "source_id", "target_connection", "target_entity"),
    UniqueConstraint("target_connection", "target_entity", "reference"),
)

causes = Table(
    "causes",
    metadata,
    _id(),
    _word("flow"),
    _word("reason"),
    _word("value"),
    _word("team"),
    _word("channel"),
    Column("version", Integer, nullable=False, server_default="1"),
    _at("opened_at"),
    _at("closed_at", null=True),
    Index("uq_one_open_cause", "flow", "reason", "value", unique=True,
          sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
)  # fmt: skip

cases = Table(
    "cases",
    metadata,
    _id(),
    _ref("cause_id", "causes.id"),
    _ref("delivery_id", "deliveries.id"),
    _word("flow"),
    _word("subject"),
    _word("reason"),
    _word("state"),
    _word("severity"),
    _word("team"),
    _word("owner"),
    _word("backup"),
    Column("four_eyes", Boolean, nullable=False),
    Column("holds_billing", Boolean, nullable=False),
    _word("assignee", null=True),
    Column("title", Text, nullable=False),
    _word("customer", null=True),
    _word("customer_name", default=""),
    _word("currency", null=True),
    Column("minor", BigInteger, nullable=True),
    Column("violations", _DOC, nullable=False),
    Column("detail", Text, nullable=False),
    _word("trace"),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("level", Integer, nullable=False, server_default="0"),
    _at("opened_at"),
    _at("respond_by"),
    _at("resolve_by"),
    _at("responded_at", null=True),
    _at("resolved_at", null=True),
    _at("snoozed_until", null=True),
    Column("decision", Text, nullable=False, server_default=""),
    _word("decided_by", default=""),
    Column("proposal", _DOC),
    _word("proposed_by", default=""),
    _one_of("state", CaseState),
    CheckConstraint("(resolved_at IS NULL) = (state <> 'resolved')", name="only_resolved_is_done"),
    CheckConstraint("state <> 'resolved' OR decided_by <> ''", name="resolved_by_somebody"),
    CheckConstraint("state <> 'snoozed' OR snoozed_until IS NOT NULL", name="snooze_ends"),
    CheckConstraint("NOT four_eyes OR proposed_by = '' OR proposed_by <> decided_by", name="nobody_approves_their_own"),
    CheckConstraint("(currency IS NULL) = (minor IS NULL)", name="money_has_a_currency"),
    Index("uq_one_unresolved_case", "delivery_id", unique=True,
          sqlite_where=text("state <> 'resolved'"), postgresql_where=text("state <> 'resolved'")),
    Index("ix_cases_cause", "cause_id"),
    Index("ix_cases_unresolved", "resolve_by",
          sqlite_where=text("state <> 'resolved'"), postgresql_where=text("state <> 'resolved'")),
)  # fmt: skip

overlays = Table(
    "overlays",
    metadata,
    _id(),
    _word("flow"),
    _word("subject"),
    _word("path"),
    Column("found", Text, nullable=False),
    _word("action"),
    Column("value", Text, nullable=False),
    _word("reason"),
    _ref("case_id", "cases.id"),
    _word("decided_by"),
    _at("decided_at"),
    _one_of("action", ("set", "waive")),
    Index("ix_overlays_subject", "flow", "subject"),
)

holds = Table(
    "holds",
    metadata,
    _id(),
    _word("customer"),
    _word("customer_name", default=""),
    Column("case_id", _ID, nullable=True),
    Column("why", Text, nullable=False),
    _word("placed_by"),
    _at("placed_at"),
    _word("released_by", null=True),
    _at("released_at", null=True),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name="released_by_somebody"),
    Index("uq_one_hold_per_customer", "customer", unique=True,
          sqlite_where=text("released_at IS NULL"), postgresql_where=text("released_at IS NULL")),
)  # fmt: skip

cards = Table(
    "cards",
    metadata,
    Column("cause_id", _ID, ForeignKey("causes.id"), primary_key=True),
    _word("channel"),
    _word("ts", null=True),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("unsure", Boolean, nullable=False, server_default=text("false")),
    _word("lease", null=True),
    _at("due_at"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    Index("uq_card_message", "channel", "ts", unique=True,
          sqlite_where=text("ts IS NOT NULL"), postgresql_where=text("ts IS NOT NULL")),
)  # fmt: skip

messages = Table(
    "messages",
    metadata,
    _id(),
    _ref("cause_id", "causes.id", null=True),
    _word("channel"),
    _word("kind"),
    Column("text", Text, nullable=False),
    _word("mention", null=True),
    Column("broadcast", Boolean, nullable=False, server_default=text("false")),
    Column("body", _DOC),
    _at("at"),
    _word("lease", null=True),
    _at("due_at"),
    Column("unsure", Boolean, nullable=False, server_default=text("false")),
    _word("ts", null=True),
    _at("posted_at", null=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    CheckConstraint("(ts IS NULL) = (posted_at IS NULL)", name="posted_has_a_ts"),
    Index("ix_messages_unposted", "due_at", sqlite_where=text("posted_at IS NULL"), postgresql_where=text("posted_at IS NULL")),
    Index("ix_messages_cause", "cause_id"),
)  # fmt: skip

ticks = Table(
    "ticks",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("slot", String(64), primary_key=True),
    _at("claimed_at"),
)

presses = Table("presses", metadata, Column("key", String(255), primary_key=True), _at("at"))

pauses = Table(
    "pauses",
    metadata,
    Column("scope", String(16), primary_key=True),
    Column("name", String(255), primary_key=True),
    _word("paused_by"),
    _at("paused_at"),
    _one_of("scope", ("flow", "connection")),
)

cursors = Table(
    "cursors",
    metadata,
    Column("connection", String(255), primary_key=True),
    Column("entity", String(255), primary_key=True),
    Column("cursor", _DOC, nullable=False),
    _at("moved_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", _ID, primary_key=True, autoincrement=False),
    _at("at"),
    _word("actor"),
    _word("verb"),
    _word("noun"),
    _word("noun_id"),
    Column("data", Text, nullable=False),
    _word("previous"),
    _word("hash"),
    UniqueConstraint("previous"),
    Index("ix_journal_noun", "noun", "noun_id"),
)
