"""What goes wrong between a source and us before any record is late for it: webhooks refused, a source that cannot be read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signs",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("connection", sa.String(255), primary_key=True),
        sa.Column("entity", sa.String(255), primary_key=True),
        sa.Column("since", store.columns.Moment(), nullable=False),
        sa.Column("last_at", store.columns.Moment(), nullable=False),
        sa.Column("many", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )
