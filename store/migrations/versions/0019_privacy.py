"""Keys of data subjects, and what was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("about", sa.String(255), server_default="", nullable=False))
    _keys()
    _erasures()


def _keys() -> None:
    op.create_table(
        "subject_keys",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("about", sa.String(255), nullable=False),
        sa.Column("period", sa.String(7), server_default="", nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=True),
        sa.Column("destroyed_at", store.columns.Moment(), nullable=True),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name=op.f("ck_subject_keys_destroyed_is_gone")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_keys")),
        sa.UniqueConstraint("about", "period", name=op.f("uq_subject_keys_about_period")),
    )


def _erasures() -> None:
    moment = store.columns.Moment
    op.create_table(
        "erasures",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("about", sa.String(255), nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("asked_by", sa.String(255), nullable=False),
        sa.Column("asked_at", moment(), nullable=False),
        sa.Column("done_at", moment(), nullable=True),
        sa.Column("found", store.columns.DOC, nullable=False),
        sa.Column("readmitted_at", moment(), nullable=True),
        sa.CheckConstraint("state IN ('begun', 'gone', 'done')", name=op.f("ck_erasures_state_known")),
        sa.CheckConstraint("(done_at IS NULL) = (state <> 'done')", name=op.f("ck_erasures_done_has_an_end")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    current = sa.text("readmitted_at IS NULL")
    op.create_index(
        "uq_one_erasure", "erasures", ["about"], unique=True, sqlite_where=current, postgresql_where=current
    )
    op.create_table(
        "unsaid",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(255), nullable=False),
        sa.Column("ts", sa.String(255), nullable=False),
        sa.Column("file_id", sa.String(255), server_default="", nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("done_at", moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsaid")),
        sa.UniqueConstraint("channel", "ts", "file_id", name=op.f("uq_unsaid_channel_ts_file_id")),
    )
