"""Changes that came around Meshline, and conflicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment, word = store.columns.Moment, sa.String(255)
    op.create_table(
        "bypasses",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        *(sa.Column(name, word, nullable=False) for name in ("flow", "connection", "entity", "record_id", "subject")),
        sa.Column("changes", store.columns.DOC, nullable=False),
        sa.Column("title", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("customer", word, nullable=True),
        sa.Column("customer_name", word, server_default="", nullable=False),
        sa.Column("currency", word, nullable=True),
        sa.Column("minor", sa.BigInteger(), nullable=True),
        *(
            sa.Column(name, store.columns.Prose(), server_default="", nullable=False)
            for name in ("who", "changed", "print")
        ),
        sa.Column("event_id", store.columns.ID, nullable=True),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("closed_at", moment(), nullable=True),
        sa.Column("decision", word, server_default="", nullable=False),
        sa.Column("lesson", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("lesson_by", word, nullable=True),
        sa.Column("lesson_at", moment(), nullable=True),
        sa.Column("postmortem", store.columns.Prose(), server_default="", nullable=False),
        sa.CheckConstraint("(currency IS NULL) = (minor IS NULL)", name=op.f("ck_bypasses_money_has_a_currency")),
        sa.CheckConstraint("(closed_at IS NULL) = (decision = '')", name=op.f("ck_bypasses_closed_by_a_decision")),
        sa.CheckConstraint("(lesson_by IS NULL) = (lesson_at IS NULL)", name=op.f("ck_bypasses_learned_by_somebody")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_bypasses_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bypasses")),
    )
    still, unlearned = sa.text("closed_at IS NULL"), sa.text("lesson_at IS NULL")
    op.create_index("uq_one_open_bypass", "bypasses", ["flow", "connection", "entity", "record_id"], unique=True,
                    sqlite_where=still, postgresql_where=still)  # fmt: skip
    op.create_index("ix_bypasses_event", "bypasses", ["event_id"])
    op.create_index("ix_bypasses_unlearned", "bypasses", ["opened_at"],
                    sqlite_where=unlearned, postgresql_where=unlearned)  # fmt: skip
    op.create_table(
        "contests",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        *(sa.Column(name, word, nullable=False) for name in ("flow", "subject", "field", "winner", "loser", "print")),
        *(sa.Column(name, store.columns.Prose(), server_default="", nullable=False) for name in ("won", "lost", "why")),
        sa.Column("won_at", moment(), nullable=True),
        sa.Column("lost_at", moment(), nullable=True),
        sa.Column("at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contests")),
    )
    op.create_index("uq_one_contest", "contests", ["flow", "subject", "field", "print"], unique=True)
