"""Canonical customers and how they are known elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = store.columns.Moment
    op.create_table(
        "customers",
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("number", store.columns.ID, nullable=False),
        sa.Column("reference", store.columns.Name(), nullable=False),
        sa.Column("flow", sa.String(255), nullable=False),
        sa.Column("says", store.columns.DOC, nullable=False),
        sa.Column("made_at", moment(), nullable=False),
        sa.Column("merged_into", store.columns.ID, nullable=True),
        sa.Column("merged_at", moment(), nullable=True),
        sa.CheckConstraint("merged_into <> id", name=op.f("ck_customers_nobody_is_merged_into_itself")),
        sa.CheckConstraint("(merged_into IS NULL) = (merged_at IS NULL)", name=op.f("ck_customers_merged_at_a_time")),
        sa.ForeignKeyConstraint(["merged_into"], ["customers.id"], name=op.f("fk_customers_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("target", "number", name=op.f("uq_customers_target_number")),
        sa.UniqueConstraint("target", "reference", name=op.f("uq_customers_target_reference")),
    )
    _known("customer_ids", "known_at", "known_by", target=True)
    op.create_index("ix_customer_ids_customer_id", "customer_ids", ["customer_id"])
    op.create_table(
        "customer_keys",
        sa.Column("target", sa.String(255), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("customer_id", store.columns.ID, nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("target", "key", "customer_id", name=op.f("pk_customer_keys")),
    )
    _known("customer_others", "said_at", "said_by", target=False)


def _known(table: str, when: str, who: str, *, target: bool) -> None:
    """A table of records of a source, each with a customer."""
    word = [sa.Column("target", sa.String(255), nullable=False)] if target else []
    prose: sa.Column[str] = sa.Column("why", store.columns.Prose(), server_default="", nullable=False)
    why = [prose, sa.Column("speaks", sa.Boolean(), nullable=False)] if target else []
    unique = ["connection", "entity", "source_id", "target" if target else "customer_id"]
    op.create_table(
        table,
        sa.Column("id", store.columns.ID, autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(255), nullable=False),
        sa.Column("entity", sa.String(255), nullable=False),
        sa.Column("source_id", store.columns.Name(), nullable=False),
        *word,
        sa.Column("customer_id", store.columns.ID, nullable=False),
        sa.Column(when, store.columns.Moment(), nullable=False),
        sa.Column(who, sa.String(255), nullable=False),
        *why,
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f(f"fk_{table}_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_{table}_{'_'.join(unique)}")),
    )
