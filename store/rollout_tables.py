"""Tables of decisions that reach many records in turn: the decision, and how far it has come with each record."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, text

from store.columns import DOC, ID, at, identity, metadata, one_of, prose, ref, word
from store.sealed import SecretDoc, secret
from store.vault import LEDGER
from sync.rollouts import Reach, RolloutState

rollouts = Table(
    "rollouts",
    metadata,
    identity(),
    ref("cause_id", "causes.id"),
    word("flow"),
    word("verb"),
    word("decided_by"),
    Column("acting_for", DOC, nullable=False),
    secret("words", default=None, whose=LEDGER),
    word("state"),
    prose("why"),
    word("ended_by", default=""),
    at("started_at"),
    at("ended_at", null=True),
    at("shown_at"),
    one_of("state", RolloutState),
    CheckConstraint("(ended_at IS NULL) = (state IN ('canary', 'rest'))", name="only_running_has_no_end"),
    CheckConstraint("decided_by <> ''", name="decided_by_somebody"),
    Index("uq_one_live_rollout", "cause_id", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
    Index("ix_rollouts_cause", "cause_id"),
)  # fmt: skip

rollout_cases = Table(
    "rollout_cases",
    metadata,
    Column("rollout_id", ID, primary_key=True, autoincrement=False),
    Column("case_id", ID, primary_key=True, autoincrement=False),
    Column("delivery_id", ID, nullable=False),
    Column("canary", Boolean, nullable=False),
    word("state"),
    Column("overlays", SecretDoc(list, whose=LEDGER), nullable=False),
    word("reason", default=""),
    secret("detail", whose=LEDGER),
    Column("cause_id", ID, nullable=True),
    one_of("state", Reach),
    Index("uq_one_rollout_per_case", "case_id", unique=True,
          sqlite_where=text("state IN ('waiting', 'sent')"), postgresql_where=text("state IN ('waiting', 'sent')")),
)  # fmt: skip
