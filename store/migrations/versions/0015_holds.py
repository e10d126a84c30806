"""Billing holds on customers, contracts and flows, one for each source that asks for it. A delivery that waited remembers for
whose billing, so that what is released goes in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    on = sa.text("released_at IS NULL")
    op.add_column("holds", sa.Column("scope", sa.String(255), server_default="customer", nullable=False))
    op.add_column("holds", sa.Column("source", sa.String(255), server_default="person", nullable=False))
    op.execute("UPDATE holds SET source = 'late' WHERE placed_by = 'clock'")
    op.drop_index("uq_one_hold_per_customer", "holds")
    op.create_index("uq_one_hold_per_source", "holds", ["scope", "customer", "source"], unique=True,
                    sqlite_where=on, postgresql_where=on)  # fmt: skip
    op.add_column("deliveries", sa.Column("bills", sa.String(255), nullable=True))
    queued = sa.text("bills IS NOT NULL AND state IN ('pending', 'running')")
    op.create_index("ix_deliveries_bills", "deliveries", ["bills", "occurred_at", "sequence", "id"],
                    sqlite_where=queued, postgresql_where=queued)  # fmt: skip
