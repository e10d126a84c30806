"""Who hears of a late exception, who is away, and what a clock waits for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _cases()
    _pauses()
    _people()


def _cases() -> None:
    moment = store.columns.Moment
    for name in ("chain", "hours"):
        op.add_column("cases", sa.Column(name, store.columns.DOC, nullable=True))
    for name in ("rung", "paused_seconds"):
        op.add_column("cases", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    for name in ("rung_at", "remind_at"):
        op.add_column("cases", sa.Column(name, moment(), nullable=True))
    kind = moment().compile(dialect=op.get_bind().dialect)
    guard = "CONSTRAINT ck_cases_resolved_is_not_paused CHECK (paused_at IS NULL OR state <> 'resolved')"
    op.execute(f"ALTER TABLE cases ADD COLUMN paused_at {kind} {guard}")  # SQLite adds a guard only with its column
    open_still = sa.text("state <> 'resolved'")
    for name in ("rung", "remind"):
        op.create_index(
            f"ix_cases_{name}", "cases", [f"{name}_at"], sqlite_where=open_still, postgresql_where=open_still
        )


def _pauses() -> None:
    moment = store.columns.Moment
    op.create_table(
        "clock_pauses",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("case_id", store.columns.ID, nullable=False),
        sa.Column("why", sa.String(255), nullable=False),
        sa.Column("note", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("paused_by", sa.String(255), nullable=False),
        sa.Column("since", moment(), nullable=False),
        sa.Column("until", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("ended_by", sa.String(255), server_default="", nullable=False),
        sa.CheckConstraint("until > since", name=op.f("ck_clock_pauses_pause_ends")),
        sa.CheckConstraint(
            "why <> '' AND paused_by <> ''", name=op.f("ck_clock_pauses_paused_by_somebody_for_a_reason")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by = '')", name=op.f("ck_clock_pauses_ended_by_somebody")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_clock_pauses_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_pauses")),
    )
    going = sa.text("ended_at IS NULL")
    op.create_index("uq_one_pause_at_a_time", "clock_pauses", ["case_id"], unique=True,
                    sqlite_where=going, postgresql_where=going)  # fmt: skip
    op.create_index("ix_clock_pauses_case", "clock_pauses", ["case_id"])


def _people() -> None:
    moment, number, word = store.columns.Moment, store.columns.ID, sa.String(255)
    op.create_table(
        "absences",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("person", word, nullable=False),
        sa.Column("since", moment(), nullable=False),
        sa.Column("until", moment(), nullable=False),
        sa.Column("delegate", word, server_default="", nullable=False),
        sa.Column("set_by", word, nullable=False),
        sa.Column("why", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("set_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.CheckConstraint("until > since", name=op.f("ck_absences_absence_ends")),
        sa.CheckConstraint("delegate <> person", name=op.f("ck_absences_nobody_stands_in_for_themselves")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    going = sa.text("ended_at IS NULL")
    op.create_index("uq_one_absence_at_a_time", "absences", ["person"], unique=True,
                    sqlite_where=going, postgresql_where=going)  # fmt: skip
    op.create_table(
        "user_groups",
        sa.Column("name", word, nullable=False),
        sa.Column("people", store.columns.DOC, nullable=False),
        sa.Column("asked_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_user_groups")),
    )
    op.create_table(
        "held_mentions",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("cause_id", number, nullable=False),
        sa.Column("person", word, nullable=False),
        sa.Column("due_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["cause_id"], ["causes.id"], name=op.f("fk_held_mentions_cause_id")),
        sa.UniqueConstraint("cause_id", "person", name=op.f("uq_held_mentions_cause_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_mentions")),
    )
    op.create_index("ix_held_mentions_due", "held_mentions", ["due_at"])
