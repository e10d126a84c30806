"""Tables of the Home tab: what people prefer, whose tab is open and what it shows, and what was mended by hand elsewhere."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, String, Table, false, true

from store.columns import at, identity, metadata, name, ref, word
from store.sealed import secret
from store.vault import LEDGER

preferences = Table(
    "preferences",
    metadata,
    Column("person", String(255), primary_key=True),
    Column("digest", Boolean, nullable=False, server_default=false()),
    Column("digest_at", String(5), nullable=False),
    Column("quiet_from", String(5), nullable=True),
    Column("quiet_until", String(5), nullable=True),
    Column("mentions", Boolean, nullable=False, server_default=true()),
    word("timezone"),
    at("changed_at"),
    CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet_hours_end"),
)

homes = Table(
    "homes",
    metadata,
    Column("person", String(255), primary_key=True),
    at("opened_at"),
    at("drawn_at"),
    word("shows"),
    word("figures"),
    Index("ix_homes_opened", "opened_at"),
)

manual_fixes = Table(
    "manual_fixes",
    metadata,
    identity(),
    word("flow"),
    ref("case_id", "cases.id", null=True),
    name("record"),
    word("system"),
    secret("what", whose=LEDGER),
    secret("why", whose=LEDGER),
    word("done_by"),
    at("at"),
    word("key"),
    Index("ix_manual_fixes_at", "at"),
    Index("uq_one_report", "key", unique=True),
)
