"""What writes remember so that an older state never overwrites a newer one, and whose turn it is to send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("writes", sa.Column("version_by", sa.String(255), nullable=True))
    op.add_column("writes", sa.Column("version", sa.BigInteger(), nullable=True))
    op.add_column("writes", sa.Column("version_sequence", sa.BigInteger(), nullable=True))
    op.create_table(
        "turns",
        sa.Column("name", store.columns.Name(), nullable=False),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("until", store.columns.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_turns")),
    )
