"""Tables of customers: who is billed, as whom other systems know them, under which keys they are found, and who is not who."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from store.columns import ID, at, identity, metadata, name, ref, word
from store.sealed import SecretDoc, secret
from store.vault import LEDGER

customers = Table(
    "customers",
    metadata,
    identity(),
    word("target"),
    Column("number", ID, nullable=False),
    name("reference"),
    word("flow"),
    Column("says", SecretDoc(dict, whose=LEDGER), nullable=False),
    at("made_at"),
    ref("merged_into", "customers.id", null=True),
    at("merged_at", null=True),
    UniqueConstraint("target", "number"),
    UniqueConstraint("target", "reference"),
    CheckConstraint("merged_into <> id", name="nobody_is_merged_into_itself"),
    CheckConstraint("(merged_into IS NULL) = (merged_at IS NULL)", name="merged_at_a_time"),
)

customer_ids = Table(
    "customer_ids",
    metadata,
    identity(),
    word("connection"),
    word("entity"),
    name("source_id"),
    word("target"),
    ref("customer_id", "customers.id"),
    at("known_at"),
    word("known_by"),
    secret("why", whose=LEDGER),
    Column("speaks", Boolean, nullable=False),
    UniqueConstraint("connection", "entity", "source_id", "target"),
    Index("ix_customer_ids_customer_id", "customer_id"),
)

customer_keys = Table(
    "customer_keys",
    metadata,
    Column("target", String(255), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("customer_id", ID, primary_key=True),
    Column("weight", Integer, nullable=False),
)

customer_others = Table(
    "customer_others",
    metadata,
    identity(),
    word("connection"),
    word("entity"),
    name("source_id"),
    ref("customer_id", "customers.id"),
    at("said_at"),
    word("said_by"),
    UniqueConstraint("connection", "entity", "source_id", "customer_id"),
)
