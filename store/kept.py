"""Tables beside the hot ones: what became of old deliveries, how far retention came, the newest change of each record, and the
releases of the workspace."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, String, Table, Text, UniqueConstraint

from store.columns import DOC, ID, at, identity, metadata, one_of, prose, ref, word
from sync.lifecycle import ReleaseState

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

releases = Table(
    "releases",
    metadata,
    identity(),
    word("digest"),
    Column("files", Text, nullable=False),
    word("state"),
    word("made_by"),
    at("made_at"),
    prose("words"),
    Column("based_on", ID, nullable=True),
    Column("changes", DOC, nullable=False),
    Column("proof", DOC, nullable=False),
    Column("needs", DOC, nullable=False),
    Column("trial", DOC),
    at("began_at", null=True),
    at("ended_at", null=True),
    word("ended_by", default=""),
    prose("why"),
    word("place", null=True),
    one_of("state", ReleaseState),
    CheckConstraint(
        "COALESCE(place, '') = CASE WHEN state = 'active' THEN 'active' "
        "WHEN state IN ('shadow', 'canary') THEN 'trial' ELSE '' END",
        name="place_is_its_states",
    ),
    UniqueConstraint("place"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("release_id", ID, primary_key=True, autoincrement=False),
    Column("team", String(255), primary_key=True),
    word("made_by"),
    word("given_by"),
    at("at"),
    CheckConstraint("given_by <> made_by", name="nobody_approves_their_own"),
)

versions = Table(
    "versions",
    metadata,
    Column("reference", String(255), primary_key=True),
    word("digest"),
    Column("release_id", ID, nullable=False),
    at("at"),
)

comparisons = Table(
    "comparisons",
    metadata,
    Column("release_id", ID, primary_key=True, autoincrement=False),
    Column("delivery_id", ID, primary_key=True, autoincrement=False),
    at("at"),
    Column("deviating", Boolean, nullable=False),
    Column("unannounced", Boolean, nullable=False),
    Column("fields", DOC, nullable=False),
)
