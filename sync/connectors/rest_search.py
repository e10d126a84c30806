"""Searching a described REST system by the fields for which its description gives a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors.rest_description import Entity, Search

WORDS = "*"
MOST = 100


def how(known: Entity, by: Mapping[str, str]) -> tuple[Search, str] | None:
    """The call that searches by one of these fields, and the field; None where none of them is described."""
    return next(((known.search[name], name) for name in by if name in known.search), None)


def matching(record: Mapping[str, Any], by: Mapping[str, str]) -> bool:
    """Whether a record shows all these values: the other side may search more loosely. Words are its own business."""
    return all(str(record.get(name, "")) == value for name, value in by.items() if name != WORDS)
