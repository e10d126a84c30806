"""When a stopped record is tried again by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("looks", store.columns.DOC, nullable=True))
    op.add_column("cases", sa.Column("look_at", store.columns.Moment(), nullable=True))
    op.add_column("cases", sa.Column("looking", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    still = sa.text("state <> 'resolved'")
    op.create_index("ix_cases_look", "cases", ["look_at"], sqlite_where=still, postgresql_where=still)
