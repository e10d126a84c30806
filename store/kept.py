"""Tables beside the hot ones: what became of old deliveries, how far retention came, and the newest change of each record."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table, UniqueConstraint

from store.columns import DOC, ID, at, metadata, ref, word

archive = Table(
    "archive",
    metadata,
    Column("delivery_id", ID, primary_key=True, autoincrement=False),
    ref("event_id", "events.id"),
    word("flow"),
    word("subject"),
    word("state"),
    at("occurred_at"),
    at("finished_at"),
    at("archived_at"),
    Column("counts", DOC, nullable=False),
    UniqueConstraint("event_id", "flow"),
)

retention = Table(
    "retention",
    metadata,
    Column("clock", String(64), primary_key=True),
    word("night"),
    Column("position", ID, nullable=False),
    Column("until", ID, nullable=False),
    Column("kept", ID, nullable=True),
)

newest = Table(
    "newest",
    metadata,
    Column("flow", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    at("occurred_at"),
    Column("sequence", BigInteger, nullable=False),
    Column("delivery_id", ID, nullable=False),
)
