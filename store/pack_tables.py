"""Tables of packs: each pack once per kind, slot and channel, and the files that go with it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from store.columns import ID, at, identity, metadata, one_of, prose, word
from store.sealed import SecretDoc
from store.vault import LEDGER

packs = Table(
    "packs",
    metadata,
    identity(),
    word("kind"),
    word("slot"),
    word("channel"),
    word("state"),
    Column("body", SecretDoc(whose=LEDGER)),
    at("made_at"),
    at("due_at"),
    word("lease", null=True),
    Column("unsure", Boolean, nullable=False, server_default=text("false")),
    word("ts", null=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    prose("error"),
    UniqueConstraint("kind", "slot", "channel"),
    one_of("state", ("waiting", "posted", "done")),
    CheckConstraint("(ts IS NULL) = (state = 'waiting')", name="posted_has_a_ts"),
    Index("ix_packs_left", "due_at", sqlite_where=text("state <> 'done'"), postgresql_where=text("state <> 'done'")),
)

pack_files = Table(
    "pack_files",
    metadata,
    Column("pack_id", ID, ForeignKey("packs.id"), primary_key=True),
    Column("name", String(255), primary_key=True),
    prose("alt"),
    Column("content", LargeBinary, nullable=True),
    word("file_id", null=True),
    word("state"),
    one_of("state", ("waiting", "sent", "missing")),
    CheckConstraint("state <> 'sent' OR file_id IS NOT NULL", name="sent_has_an_id"),
)
