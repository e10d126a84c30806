"""What the answer to a bulk call says of each record, by the described places. What it does not clearly say it does not say."""

from __future__ import annotations

from typing import Any

from sync.connectors.rest_description import Bulk, Entity, Errors
from sync.connectors.rest_record import ALREADY_DONE, read_record, rejection
from sync.connectors.selector import select
from sync.errors import ConnectorError, Rejected, Unavailable
from sync.model import Found

_NO_WORDS = "refused without a reason"


def read_each(known: Entity, call: Bulk, errors: Errors, data: Any) -> dict[str, Found | ConnectorError] | None:
    """What became of each record, by our reference; None where the answer holds no items at all. A record that is spoken
    of twice, or neither refused nor shown with an id, is left out."""
    items = select(call.items, data)
    if not isinstance(items, list):
        return None
    told: dict[str, list[Found | ConnectorError | None]] = {}
    for item in items:
        reference = select(call.reference, item)
        if isinstance(reference, str | int):
            told.setdefault(str(reference), []).append(_outcome(known, call, errors, item))
    return {reference: said[0] for reference, said in told.items() if len(said) == 1 and said[0] is not None}


def _outcome(known: Entity, call: Bulk, errors: Errors, item: Any) -> Found | ConnectorError | None:
    if not select(call.failed, item):
        return read_record(known, select(call.item, item))
    refused = rejection(errors, item, code="refused", words=_NO_WORDS)
    if refused.code in call.later:
        return Unavailable(refused.words)
    if refused.reason == ALREADY_DONE:  # it means something only where a record is posted
        return Rejected(refused.words, reason=errors.default, code=refused.code, path=refused.path)
    return refused
