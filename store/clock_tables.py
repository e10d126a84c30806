"""Tables of clocks: which stand still and why, who is away, who is on call by Slack's user groups, and mentions that wait."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, String, Table, UniqueConstraint, text

from store.columns import DOC, at, identity, metadata, prose, ref, word

clock_pauses = Table(
    "clock_pauses",
    metadata,
    identity(),
    ref("case_id", "cases.id"),
    word("why"),
    prose("note"),
    word("paused_by"),
    at("since"),
    at("until"),
    at("ended_at", null=True),
    word("ended_by", default=""),
    CheckConstraint("until > since", name="pause_ends"),
    CheckConstraint("why <> '' AND paused_by <> ''", name="paused_by_somebody_for_a_reason"),
    CheckConstraint("(ended_at IS NULL) = (ended_by = '')", name="ended_by_somebody"),
    Index("uq_one_pause_at_a_time", "case_id", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
    Index("ix_clock_pauses_case", "case_id"),
)  # fmt: skip

absences = Table(
    "absences",
    metadata,
    identity(),
    word("person"),
    at("since"),
    at("until"),
    word("delegate", default=""),
    word("set_by"),
    prose("why"),
    at("set_at"),
    at("ended_at", null=True),
    CheckConstraint("until > since", name="absence_ends"),
    CheckConstraint("delegate <> person", name="nobody_stands_in_for_themselves"),
    Index("uq_one_absence_at_a_time", "person", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
)  # fmt: skip

user_groups = Table(
    "user_groups",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("people", DOC, nullable=False),
    at("asked_at"),
)

held_mentions = Table(
    "held_mentions",
    metadata,
    identity(),
    ref("cause_id", "causes.id"),
    word("person"),
    at("due_at"),
    UniqueConstraint("cause_id", "person", name="uq_held_mentions_cause_person"),
    Index("ix_held_mentions_due", "due_at"),
)
