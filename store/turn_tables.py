"""Whose turn it is to send what only one may send at a time."""

from __future__ import annotations

from sqlalchemy import Column, Table

from store.columns import Name, at, metadata, word

turns = Table("turns", metadata, Column("name", Name, primary_key=True), word("holder"), at("until"))
