"""Tables of fixing: how often each suggestion was taken, and the rules that follow from it for governance to look at."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table

from store.columns import at, identity, metadata, name, one_of, prose, word
from store.sealed import secret
from store.vault import LEDGER

suggestions = Table(
    "suggestions",
    metadata,
    identity(),
    word("key"),
    word("flow"),
    word("reason"),
    name("path"),
    prose("label"),
    secret("found", whose=LEDGER),
    secret("value", whose=LEDGER),
    secret("means", whose=LEDGER),
    word("matcher"),
    Column("accepted", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("streak", Integer, nullable=False, server_default="0"),
    at("first_at"),
    at("last_at"),
    Index("uq_one_suggestion", "key", unique=True),
)

proposed_rules = Table(
    "proposed_rules",
    metadata,
    identity(),
    word("key"),
    word("flow"),
    word("reason"),
    name("path"),
    prose("label"),
    secret("found", whose=LEDGER),
    secret("value", whose=LEDGER),
    secret("means", whose=LEDGER),
    Column("accepted", Integer, nullable=False),
    word("state"),
    at("proposed_at"),
    word("decided_by", null=True),
    at("decided_at", null=True),
    one_of("state", ("proposed", "noted", "dismissed")),
    CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_once"),
    Index("uq_one_rule", "key", unique=True),
    Index("ix_proposed_rules_at", "proposed_at"),
)
