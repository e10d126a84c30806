"""What a described REST target shows: a record, or why it refused one. The target's own words are kept."""

from __future__ import annotations

from typing import Any

from sync.connectors.failures import clip
from sync.connectors.rest_description import Entity, Errors
from sync.connectors.selector import select
from sync.errors import Rejected
from sync.model import Found

ALREADY_DONE = "already_done"


def read_record(known: Entity, record: Any) -> Found | None:
    """The record; None where it has no id."""
    identity = select(known.id, record) if isinstance(record, dict) else None
    if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
        return None
    status = select(known.status, record) if known.status else ""
    return Found(id=str(identity), record=record, status="" if status is None else str(status))


def rejection(errors: Errors, data: Any, *, code: str, words: str) -> Rejected:
    """The refusal that the described places hold; `code` and `words` stand in for what they do not."""
    code = clip(str(select(errors.code, data) or code), 100)
    said = clip(str(select(errors.message, data) or words))
    field = select(errors.field, data)
    reason = errors.reasons.get(code, errors.default)
    return Rejected(said, reason=reason, code=code, path=None if field is None else clip(str(field), 200))
