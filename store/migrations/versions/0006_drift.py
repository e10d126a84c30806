"""When sources were asked for their fields, and which differences hold flows back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = store.columns.Moment
    op.create_table(
        "schemas",
        sa.Column("connection", sa.String(255), nullable=False),
        sa.Column("entity", sa.String(255), nullable=False),
        sa.Column("asked_at", moment(), nullable=False),
        sa.Column("answered_at", moment(), nullable=True),
        sa.Column("excused", store.columns.DOC, nullable=False),
        sa.Column("strange", store.columns.DOC, nullable=True),
        sa.PrimaryKeyConstraint("connection", "entity", name=op.f("pk_schemas")),
    )
    words = ("flow", "value", "connection", "entity", "contract", "path", "kind")
    op.create_table(
        "drifts",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in words),
        sa.Column("label", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("words", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("event_id", store.columns.ID, nullable=True),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("mended_at", moment(), nullable=True),
        sa.Column("why", store.columns.Prose(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_drifts_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drifts")),
    )
    still = sa.text("mended_at IS NULL")
    op.create_index("uq_one_open_drift", "drifts", ["flow", "value"], unique=True,
                    sqlite_where=still, postgresql_where=still)  # fmt: skip
