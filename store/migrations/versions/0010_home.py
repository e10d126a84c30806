"""What people prefer, whose Home tab is open, and what was mended by hand elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment, words = store.columns.Moment, sa.String(255)
    op.create_table(
        "preferences",
        sa.Column("person", words, nullable=False),
        sa.Column("digest", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("digest_at", sa.String(5), nullable=False),
        sa.Column("quiet_from", sa.String(5), nullable=True),
        sa.Column("quiet_until", sa.String(5), nullable=True),
        sa.Column("mentions", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("timezone", words, nullable=False),
        sa.Column("changed_at", moment(), nullable=False),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("ck_preferences_quiet_hours_end")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_preferences")),
    )
    op.create_table(
        "homes",
        sa.Column("person", words, nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("drawn_at", moment(), nullable=False),
        sa.Column("shows", words, nullable=False),
        sa.Column("figures", words, nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_homes")),
    )
    op.create_index("ix_homes_opened", "homes", ["opened_at"])
    op.create_table(
        "manual_fixes",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("flow", words, nullable=False),
        sa.Column("case_id", store.columns.ID, nullable=True),
        sa.Column("record", store.columns.Name(), nullable=False),
        sa.Column("system", words, nullable=False),
        sa.Column("what", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("why", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("done_by", words, nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("key", words, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_manual_fixes_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_fixes")),
    )
    op.create_index("ix_manual_fixes_at", "manual_fixes", ["at"])
    op.create_index("uq_one_report", "manual_fixes", ["key"], unique=True)
