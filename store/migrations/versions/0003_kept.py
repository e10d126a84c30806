"""Held records expire, the newest change of a record is known, and old deliveries leave for the archive: what refers to one
by its number goes on doing so, without the database insisting that it still stands among the hot ones."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

import store.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_REFERRING = ("writes", "bindings", "cases")


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    moment = store.columns.Moment
    op.add_column("cases", sa.Column("expire_by", moment(), nullable=True))
    open_ones, held = (
        sa.text("state <> 'resolved'"),
        sa.text("front AND state = 'held'" if postgres else "front = 1 AND state = 'held'"),
    )
    op.create_index("ix_cases_expire", "cases", ["expire_by"], sqlite_where=open_ones, postgresql_where=open_ones)
    op.create_index("ix_cases_delivery", "cases", ["delivery_id"])
    op.create_index("ix_deliveries_held", "deliveries", ["flow", "updated_at"],
                    sqlite_where=held, postgresql_where=held)  # fmt: skip
    _tables()
    for table in _REFERRING:
        _let_go(table, postgres)
    if not postgres:
        _read_again()


def _tables() -> None:
    moment, number = store.columns.Moment, store.columns.ID
    op.create_table(
        "archive",
        sa.Column("delivery_id", number, autoincrement=False, nullable=False),
        sa.Column("event_id", number, nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("flow", "subject", "state")),
        *(sa.Column(name, moment(), nullable=False) for name in ("occurred_at", "finished_at", "archived_at")),
        sa.Column("counts", store.columns.DOC, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_archive_event_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_archive")),
        sa.UniqueConstraint("event_id", "flow", name=op.f("uq_archive_event_id_flow")),
    )
    op.create_table(
        "retention",
        sa.Column("clock", sa.String(64), nullable=False),
        sa.Column("night", sa.String(255), nullable=False),
        sa.Column("position", number, nullable=False),
        sa.Column("until", number, nullable=False),
        sa.Column("kept", number, nullable=True),
        sa.PrimaryKeyConstraint("clock", name=op.f("pk_retention")),
    )
    op.create_table(
        "newest",
        sa.Column("flow", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("occurred_at", moment(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", number, nullable=False),
        sa.PrimaryKeyConstraint("flow", "subject", name=op.f("pk_newest")),
    )


def _let_go(table: str, postgres: bool) -> None:
    """Drop the foreign key to the deliveries. SQLite has no word for it; its manual says to change the table's own words, which
    moves no row."""
    name = f"fk_{table}_delivery_id"
    if postgres:
        op.drop_constraint(name, table, type_="foreignkey")
        return
    bind = op.get_bind()
    [words] = bind.execute(
        sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"), {"name": table}
    ).scalars()
    clause = rf",\s*CONSTRAINT {name} FOREIGN KEY\(delivery_id\) REFERENCES deliveries \(id\)"
    without, found = re.subn(clause, "", words)
    if found != 1:
        raise RuntimeError(f"the table {table} is not worded as expected")
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name"),
        {"sql": without, "name": table},
    )


def _read_again() -> None:
    """Let this and every other connection read the tables' words anew."""
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")
