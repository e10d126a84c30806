"""The table of signs: what goes wrong between a source and us before any record is late for it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table, text

from store.columns import at, metadata, prose

signs = Table(
    "signs",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("connection", String(255), primary_key=True),
    Column("entity", String(255), primary_key=True),
    at("since"),
    at("last_at"),
    Column("many", Integer, nullable=False),
    Column("told", Boolean, nullable=False, server_default=text("false")),
    prose("words"),
)
