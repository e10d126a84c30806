"""Tables of bypasses and contests: what somebody changed around Meshline, what people decided and what the runbook learned; and
who lost where two systems had changed one field."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, text

from store.columns import DOC, at, identity, metadata, name, prose, ref, word

bypasses = Table(
    "bypasses",
    metadata,
    identity(),
    word("flow"),
    word("connection"),
    word("entity"),
    name("record_id"),
    name("subject"),
    Column("changes", DOC, nullable=False),
    prose("title"),
    name("customer", null=True),
    name("customer_name", default=""),
    word("currency", null=True),
    Column("minor", BigInteger, nullable=True),
    prose("who"),
    prose("changed"),
    prose("print"),
    ref("event_id", "events.id", null=True),
    at("opened_at"),
    at("closed_at", null=True),
    word("decision", default=""),
    prose("lesson"),
    word("lesson_by", null=True),
    at("lesson_at", null=True),
    prose("postmortem"),
    CheckConstraint("(currency IS NULL) = (minor IS NULL)", name="money_has_a_currency"),
    CheckConstraint("(closed_at IS NULL) = (decision = '')", name="closed_by_a_decision"),
    CheckConstraint("(lesson_by IS NULL) = (lesson_at IS NULL)", name="learned_by_somebody"),
    Index("uq_one_open_bypass", "flow", "connection", "entity", "record_id", unique=True,
          sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
    Index("ix_bypasses_event", "event_id"),
    Index("ix_bypasses_unlearned", "opened_at",
          sqlite_where=text("lesson_at IS NULL"), postgresql_where=text("lesson_at IS NULL")),
)  # fmt: skip

contests = Table(
    "contests",
    metadata,
    identity(),
    word("flow"),
    name("subject"),
    word("field"),
    word("winner"),
    prose("won"),
    at("won_at", null=True),
    word("loser"),
    prose("lost"),
    at("lost_at", null=True),
    prose("why"),
    word("print"),
    at("at"),
    Index("uq_one_contest", "flow", "subject", "field", "print", unique=True),
)
