"""What is kept of suggestions, and of rules that are proposed; a decision may be to create a record of the source; a
proposal shows what it changes in the target."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BEFORE, _AFTER = "action IN ('set', 'waive')", "action IN ('set', 'waive', 'create')"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_overlays_action_known"), "overlays", type_="check")
        op.create_check_constraint(op.f("ck_overlays_action_known"), "overlays", _AFTER)
    else:
        _reword()
    op.add_column("cases", sa.Column("contrast", store.columns.DOC, nullable=True))
    moment = store.columns.Moment
    op.create_table(
        "suggestions",
        *_about(),
        sa.Column("matcher", sa.String(255), nullable=False),
        *(
            sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            for name in ("accepted", "rejected", "streak")
        ),
        sa.Column("first_at", moment(), nullable=False),
        sa.Column("last_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
    )
    op.create_index("uq_one_suggestion", "suggestions", ["key"], unique=True)
    op.create_table(
        "proposed_rules",
        *_about(),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("proposed_at", moment(), nullable=False),
        sa.Column("decided_by", sa.String(255), nullable=True),
        sa.Column("decided_at", moment(), nullable=True),
        sa.CheckConstraint("state IN ('proposed', 'noted', 'dismissed')", name=op.f("ck_proposed_rules_state_known")),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_proposed_rules_decided_once")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposed_rules")),
    )
    op.create_index("uq_one_rule", "proposed_rules", ["key"], unique=True)
    op.create_index("ix_proposed_rules_at", "proposed_rules", ["proposed_at"])


def _about() -> list[sa.Column[Any]]:
    """What both tables say of a rule: in which flow, for which field, what was found and what it means."""
    texts = ("label", "found", "value", "means")
    return [
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("key", "flow", "reason", "path")),
        *(sa.Column(name, store.columns.Prose(), server_default="", nullable=False) for name in texts),
    ]


def _reword() -> None:
    """SQLite has no word for another condition; its manual says to change the table's own words, which moves no row."""
    bind = op.get_bind()
    named = {"name": "overlays"}
    words = bind.execute(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"), named
    ).scalar_one()
    if words.count(_BEFORE) != 1:
        raise RuntimeError("the table overlays is not worded as expected")
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name")
    bind.execute(changed, named | {"sql": words.replace(_BEFORE, _AFTER)})
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")
