"""What is done is counted, and the last of it found, in an index of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    done = sa.text("state IN ('delivered', 'discarded')")
    op.create_index("ix_deliveries_done", "deliveries", ["flow", "state", "updated_at"],
                    sqlite_where=done, postgresql_where=done)  # fmt: skip
