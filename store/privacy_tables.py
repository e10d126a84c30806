"""Tables of privacy: the keys of data subjects, whom was erased, and what Slack still has to show without them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, String, Table, Text, UniqueConstraint, text

from store.columns import DOC, at, identity, metadata, one_of, word

subject_keys = Table(
    "subject_keys",
    metadata,
    identity(),
    word("about"),
    Column("period", String(7), nullable=False, server_default=""),
    Column("wrapped", Text, nullable=True),
    at("destroyed_at", null=True),
    UniqueConstraint("about", "period"),
    CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="destroyed_is_gone"),
)

erasures = Table(
    "erasures",
    metadata,
    identity(),
    word("about"),
    word("state"),
    word("asked_by"),
    at("asked_at"),
    at("done_at", null=True),
    Column("found", DOC, nullable=False),
    at("readmitted_at", null=True),
    one_of("state", ("begun", "gone", "done")),
    CheckConstraint("(done_at IS NULL) = (state <> 'done')", name="done_has_an_end"),
    Index("uq_one_erasure", "about", unique=True,
          sqlite_where=text("readmitted_at IS NULL"), postgresql_where=text("readmitted_at IS NULL")),
)  # fmt: skip

unsaid = Table(
    "unsaid",
    metadata,
    identity(),
    word("channel"),
    word("ts"),
    word("file_id", default=""),
    at("at"),
    at("done_at", null=True),
    UniqueConstraint("channel", "ts", "file_id"),
)
