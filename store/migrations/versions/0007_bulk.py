"""Decisions that reach many records in turn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ROLLOUT, _REACH = (
    "'canary', 'rest', 'stopped', 'done', 'left'",
    "'waiting', 'sent', 'through', 'failed', 'passed', 'left'",
)


def upgrade() -> None:
    _make_rollouts()
    op.create_table(
        "rollout_cases",
        sa.Column("rollout_id", store.columns.ID, autoincrement=False, nullable=False),
        sa.Column("case_id", store.columns.ID, autoincrement=False, nullable=False),
        sa.Column("delivery_id", store.columns.ID, nullable=False),
        sa.Column("canary", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("overlays", store.columns.DOC, nullable=False),
        sa.Column("reason", sa.String(255), server_default="", nullable=False),
        sa.Column("detail", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("cause_id", store.columns.ID, nullable=True),
        sa.CheckConstraint(f"state IN ({_REACH})", name=op.f("ck_rollout_cases_state_known")),
        sa.PrimaryKeyConstraint("rollout_id", "case_id", name=op.f("pk_rollout_cases")),
    )
    under_way = sa.text("state IN ('waiting', 'sent')")
    op.create_index("uq_one_rollout_per_case", "rollout_cases", ["case_id"], unique=True,
                    sqlite_where=under_way, postgresql_where=under_way)  # fmt: skip


def _make_rollouts() -> None:
    moment = store.columns.Moment
    op.create_table(
        "rollouts",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("cause_id", store.columns.ID, nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("flow", "verb", "decided_by")),
        sa.Column("acting_for", store.columns.DOC, nullable=False),
        sa.Column("words", store.columns.Prose(), nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("why", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("ended_by", sa.String(255), server_default="", nullable=False),
        sa.Column("started_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("shown_at", moment(), nullable=False),
        sa.CheckConstraint(f"state IN ({_ROLLOUT})", name=op.f("ck_rollouts_state_known")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (state IN ('canary', 'rest'))", name=op.f("ck_rollouts_only_running_has_no_end")
        ),
        sa.CheckConstraint("decided_by <> ''", name=op.f("ck_rollouts_decided_by_somebody")),
        sa.ForeignKeyConstraint(["cause_id"], ["causes.id"], name=op.f("fk_rollouts_cause_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollouts")),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index("uq_one_live_rollout", "rollouts", ["cause_id"], unique=True,
                    sqlite_where=live, postgresql_where=live)  # fmt: skip
    op.create_index("ix_rollouts_cause", "rollouts", ["cause_id"])
