"""What reconciliation found, run by run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _runs()
    _disagreements()


def _runs() -> None:
    moment, doc = store.columns.Moment, store.columns.DOC
    over = sa.text("ended_at IS NULL")
    op.create_table(
        "reconciliations",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("flow", "mode", "state", "by")),
        sa.Column("lease", sa.String(255), nullable=True),
        *(sa.Column(name, moment(), nullable=False) for name in ("began_at", "started_at", "beat_at")),
        sa.Column("ended_at", moment(), nullable=True),
        *(
            sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            for name in ("source_read", "target_read", "drifts")
        ),
        *(
            sa.Column(name, doc, nullable=True)
            for name in ("counts", "explained", "examples", "stakes", "fields", "customers", "totals")
        ),
        sa.Column("detail", store.columns.Prose(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('reading', 'done', 'failed')", name=op.f("ck_reconciliations_state_known")),
        sa.CheckConstraint("mode IN ('full', 'changed')", name=op.f("ck_reconciliations_mode_known")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (state = 'reading')", name=op.f("ck_reconciliations_only_ended_is_over")
        ),
        sa.CheckConstraint(
            "(lease IS NULL) = (state <> 'reading')", name=op.f("ck_reconciliations_only_reading_is_leased")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_index(
        "uq_one_run_per_flow", "reconciliations", ["flow"], unique=True, sqlite_where=over, postgresql_where=over
    )
    op.create_index("ix_reconciliations_flow", "reconciliations", ["flow", "id"])


def _disagreements() -> None:
    moment, doc, prose, name_ = store.columns.Moment, store.columns.DOC, store.columns.Prose, store.columns.Name
    op.create_table(
        "disagreements",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("flow", sa.String(255), nullable=False),
        sa.Column("key", name_(), nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("source_id", name_(), server_default="", nullable=False),
        sa.Column("target_ids", doc, nullable=False),
        sa.Column("customer", name_(), server_default="", nullable=False),
        *(sa.Column(name, sa.String(255), server_default="", nullable=False) for name in ("period", "currency")),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("source_minor", "target_minor")),
        sa.Column("field", name_(), server_default="", nullable=False),
        *(sa.Column(name, prose(), server_default="", nullable=False) for name in ("source_value", "target_value")),
        sa.Column("also", doc, nullable=False),
        *(sa.Column(name, store.columns.ID, nullable=False) for name in ("first_run", "last_run")),
        sa.Column("seen", sa.Integer(), server_default="1", nullable=False),
        sa.Column("event_id", store.columns.ID, nullable=True),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("closed_at", moment(), nullable=True),
        sa.Column("why", prose(), server_default="", nullable=False),
        sa.Column("accepted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("NOT accepted OR closed_at IS NOT NULL", name=op.f("ck_disagreements_accepted_is_closed")),
        sa.ForeignKeyConstraint(["first_run"], ["reconciliations.id"], name=op.f("fk_disagreements_first_run")),
        sa.ForeignKeyConstraint(["last_run"], ["reconciliations.id"], name=op.f("fk_disagreements_last_run")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_disagreements_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disagreements")),
    )
    still = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_one_open_disagreement", "disagreements", ["flow", "key"], unique=True, sqlite_where=still, postgresql_where=still
    )  # fmt: skip
    for name, column in (("run", "last_run"), ("first", "first_run"), ("event", "event_id")):
        op.create_index(f"ix_disagreements_{name}", "disagreements", [column])
    op.create_index(
        "ix_disagreements_accepted", "disagreements", ["flow", "key"],
        sqlite_where=sa.text("accepted = 1"), postgresql_where=sa.text("accepted"),
    )  # fmt: skip
