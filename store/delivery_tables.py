"""Tables of delivery: channels in which we cannot write now, and since when Slack does not let us in at all."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from store.columns import at, metadata, word

lost_channels = Table(
    "lost_channels",
    metadata,
    Column("channel", String(255), primary_key=True),
    word("error"),
    word("fallback"),
    at("lost_at"),
    at("looked_at"),
)

slack_stops = Table(
    "slack_stops",
    metadata,
    Column("name", String(255), primary_key=True),
    word("error"),
    at("stopped_at"),
    at("tried_at"),
)
