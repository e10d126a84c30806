"""What the workspace said is kept as releases, and each attempt says under which of them it went out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import store.columns
from store.database import refuse_changes

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATES = "'proposed', 'shadow', 'canary', 'active', 'retired', 'rejected', 'rolled_back'"
_PLACED = (
    "COALESCE(place, '') = CASE WHEN state = 'active' THEN 'active' "
    "WHEN state IN ('shadow', 'canary') THEN 'trial' ELSE '' END"
)


def upgrade() -> None:
    op.add_column("attempts", sa.Column("release", store.columns.ID, nullable=False, server_default="0"))
    _releases()
    _beside()
    refuse_changes(op.get_bind(), "releases", "digest", "files", "made_by", "made_at", "changes", "needs")
    for table in ("approvals", "versions"):
        refuse_changes(op.get_bind(), table)


def _releases() -> None:
    moment, number, document = store.columns.Moment, store.columns.ID, store.columns.DOC
    op.create_table(
        "releases",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(255), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("made_at", moment(), nullable=False),
        sa.Column("words", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("based_on", number, nullable=True),
        *(sa.Column(name, document, nullable=False) for name in ("changes", "proof", "needs")),
        sa.Column("trial", document, nullable=True),
        sa.Column("began_at", moment(), nullable=True),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("ended_by", sa.String(255), server_default="", nullable=False),
        sa.Column("why", store.columns.Prose(), server_default="", nullable=False),
        sa.Column("place", sa.String(255), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_releases_state_known")),
        sa.CheckConstraint(_PLACED, name=op.f("ck_releases_place_is_its_states")),
        sa.UniqueConstraint("place", name=op.f("uq_releases_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )


def _beside() -> None:
    moment, number = store.columns.Moment, store.columns.ID
    op.create_table(
        "approvals",
        sa.Column("release_id", number, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("team", "made_by", "given_by")),
        sa.Column("at", moment(), nullable=False),
        sa.CheckConstraint("given_by <> made_by", name=op.f("ck_approvals_nobody_approves_their_own")),
        sa.PrimaryKeyConstraint("release_id", "team", name=op.f("pk_approvals")),
    )
    op.create_table(
        "versions",
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("reference", "digest")),
        sa.Column("release_id", number, nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_versions")),
    )
    op.create_table(
        "comparisons",
        *(sa.Column(name, number, autoincrement=False, nullable=False) for name in ("release_id", "delivery_id")),
        sa.Column("at", moment(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("deviating", "unannounced")),
        sa.Column("fields", store.columns.DOC, nullable=False),
        sa.PrimaryKeyConstraint("release_id", "delivery_id", name=op.f("pk_comparisons")),
    )
