"""The first of each line is marked, breakers, workers and modes are rows, and the hot table is vacuumed early."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns
from store.database import refuse_changes

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FIRST = """
UPDATE deliveries SET front = {true} WHERE id IN (
  SELECT id FROM (
    SELECT id, row_number() OVER (
      PARTITION BY flow, subject ORDER BY (CASE WHEN state = 'running' THEN 0 ELSE 1 END), occurred_at, sequence, id
    ) AS place FROM deliveries WHERE state IN ('pending', 'running', 'held')
  ) AS line WHERE place = 1)
"""


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    op.add_column("deliveries", sa.Column("front", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(_FIRST.format(true="true" if postgres else "1"))
    op.drop_index("ix_deliveries_due", table_name="deliveries")
    op.drop_index("ix_deliveries_flow_state", table_name="deliveries")
    front = sa.text("front") if postgres else sa.text("front = 1")
    ready = sa.text("front AND state = 'pending'") if postgres else sa.text("front = 1 AND state = 'pending'")
    op.create_index("uq_one_front_per_subject", "deliveries", ["flow", "subject"], unique=True,
                    sqlite_where=front, postgresql_where=front)  # fmt: skip
    op.create_index("ix_deliveries_ready", "deliveries", ["flow", "due_at", "id"],
                    sqlite_where=ready, postgresql_where=ready)  # fmt: skip
    dead = sa.text("state = 'dead'")
    op.create_index("ix_deliveries_dead", "deliveries", ["flow", "subject"], sqlite_where=dead, postgresql_where=dead)
    _tables()
    if postgres:
        op.drop_constraint("uq_journal_previous", "journal", type_="unique")
        for table in ("deliveries", "writes", "cards", "messages"):
            op.execute(
                f"ALTER TABLE {table} SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, "
                "autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05)"
            )
    else:
        _journal_without_second_guard()


def _tables() -> None:
    moment = store.columns.Moment
    op.create_table(
        "breakers",
        sa.Column("connection", sa.String(255), nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("until", moment(), nullable=False),
        sa.Column("closed_at", moment(), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('open', 'probing', 'closed')", name=op.f("ck_breakers_state_known")),
        sa.CheckConstraint("(closed_at IS NULL) = (state <> 'closed')", name=op.f("ck_breakers_only_closed_is_over")),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_breakers")),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("role", sa.String(255), nullable=False),
        sa.Column("started_at", moment(), nullable=False),
        sa.Column("beat_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "modes",
        sa.Column("flow", sa.String(255), nullable=False),
        sa.Column("mode", sa.String(255), nullable=False),
        sa.Column("since", moment(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("seen", store.columns.ID, server_default="0", nullable=False),
        sa.Column("seen_at", moment(), nullable=False),
        sa.CheckConstraint("mode IN ('event', 'batch')", name=op.f("ck_modes_mode_known")),
        sa.PrimaryKeyConstraint("flow", name=op.f("pk_modes")),
    )


def _journal_without_second_guard() -> None:
    """The number of a line is unique and its hash holds the line before: a second unique index only cost room."""
    moment = store.columns.Moment
    op.create_table(
        "journal_whole",
        sa.Column("seq", store.columns.ID, autoincrement=False, nullable=False),
        sa.Column("at", moment(), nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("actor", "verb", "noun", "noun_id")),
        sa.Column("data", sa.Text(), nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("previous", "hash")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )
    op.execute(
        "INSERT INTO journal_whole SELECT seq, at, actor, verb, noun, noun_id, data, previous, hash FROM journal"
    )
    op.drop_table("journal")
    op.rename_table("journal_whole", "journal")
    op.create_index("ix_journal_noun", "journal", ["noun", "noun_id"])
    refuse_changes(op.get_bind(), "journal")
