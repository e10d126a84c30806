"""Digests of people, weekly and monthly packs, and receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = store.columns.Moment
    op.add_column("cases", sa.Column("came_back_at", moment(), nullable=True))
    op.add_column("cases", sa.Column("outcome_at", moment(), nullable=True))
    op.create_index("ix_cases_opened", "cases", ["opened_at"])
    done, out = sa.text("resolved_at IS NOT NULL"), sa.text("outcome_at IS NOT NULL")
    op.create_index("ix_cases_resolved", "cases", ["resolved_at"], sqlite_where=done, postgresql_where=done)
    op.create_index("ix_cases_outcome", "cases", ["flow", "outcome_at"], sqlite_where=out, postgresql_where=out)
    op.create_table(
        "packs",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("kind", "slot", "channel", "state")),
        sa.Column("body", store.columns.DOC, nullable=True),
        sa.Column("made_at", moment(), nullable=False),
        sa.Column("due_at", moment(), nullable=False),
        sa.Column("lease", sa.String(255), nullable=True),
        sa.Column("unsure", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ts", sa.String(255), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", store.columns.Prose(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'posted', 'done')", name=op.f("ck_packs_state_known")),
        sa.CheckConstraint("(ts IS NULL) = (state = 'waiting')", name=op.f("ck_packs_posted_has_a_ts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packs")),
        sa.UniqueConstraint("kind", "slot", "channel", name=op.f("uq_packs_kind_slot_channel")),
    )
    left = sa.text("state <> 'done'")
    op.create_index("ix_packs_left", "packs", ["due_at"], sqlite_where=left, postgresql_where=left)
    op.create_table(
        "pack_files",
        sa.Column("pack_id", store.columns.ID, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("alt", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("file_id", sa.String(255), nullable=True),
        sa.Column("state", sa.String(255), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'missing')", name=op.f("ck_pack_files_state_known")),
        sa.CheckConstraint("state <> 'sent' OR file_id IS NOT NULL", name=op.f("ck_pack_files_sent_has_an_id")),
        sa.ForeignKeyConstraint(["pack_id"], ["packs.id"], name=op.f("fk_pack_files_pack_id")),
        sa.PrimaryKeyConstraint("pack_id", "name", name=op.f("pk_pack_files")),
    )
