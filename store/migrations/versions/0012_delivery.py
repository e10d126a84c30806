"""When cards may be edited and in which order they are posted, since when a post was tried, channels that are lost, and whether
Slack lets us in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment, words = store.columns.Moment, sa.String(255)
    op.add_column("cards", sa.Column("hurried", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("cards", sa.Column("severity", words, server_default="B", nullable=False))
    for name in ("deadline", "tried_at", "reposted_at", "removed_at"):
        op.add_column("cards", sa.Column(name, moment(), nullable=True))
    op.add_column("messages", sa.Column("tried_at", moment(), nullable=True))
    op.create_table(
        "lost_channels",
        *(sa.Column(name, words, nullable=False) for name in ("channel", "error", "fallback")),
        sa.Column("lost_at", moment(), nullable=False),
        sa.Column("looked_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_lost_channels")),
    )
    op.create_table(
        "slack_stops",
        *(sa.Column(name, words, nullable=False) for name in ("name", "error")),
        sa.Column("stopped_at", moment(), nullable=False),
        sa.Column("tried_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_slack_stops")),
    )
