"""Tables of drift: when sources were asked for their fields, and which differences hold flows back."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, text

from store.columns import DOC, at, identity, metadata, name, prose, ref, word

schemas = Table(
    "schemas",
    metadata,
    Column("connection", String(255), primary_key=True),
    Column("entity", String(255), primary_key=True),
    at("asked_at"),
    at("answered_at", null=True),
    Column("excused", DOC, nullable=False),
    Column("strange", DOC, nullable=True),
)

drifts = Table(
    "drifts",
    metadata,
    identity(),
    word("flow"),
    name("value"),
    word("connection"),
    word("entity"),
    word("contract"),
    name("path"),
    word("kind"),
    prose("label"),
    prose("words"),
    ref("event_id", "events.id", null=True),
    at("opened_at"),
    at("mended_at", null=True),
    prose("why"),
    Index("uq_one_open_drift", "flow", "value", unique=True,
          sqlite_where=text("mended_at IS NULL"), postgresql_where=text("mended_at IS NULL")),
)  # fmt: skip
