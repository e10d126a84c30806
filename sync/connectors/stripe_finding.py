"""Finding what carries our reference. Stripe keeps no reference once, and its search is behind: what was written just now may be missing
there. Its lists are not behind. So everything made since `recent` is gone through in the list, and the search is asked only for what
is older; credit notes, which no search knows, are always gone through. What was found by search is read again before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors.stripe_calls import SEARCHED, Calls
from sync.connectors.stripe_values import REFERENCE, reference_of
from sync.errors import Rejected
from sync.model import Record


async def carrying(calls: Calls, entity: str, reference: str, **of: str) -> list[Record]:
    """Every record with the reference, the newest first; void ones, too. `of` narrows the list, as to one `customer`."""
    if not reference:
        return []
    recent = {"created": {"gte": calls.lately()}} if entity in SEARCHED else {}
    found = {row["id"]: row async for row in calls.walk(entity, {**recent, **of}) if reference_of(row) == reference}
    if entity in SEARCHED:
        for hit in await calls.searched(entity, f'metadata["{REFERENCE}"]:"{_quoted(reference)}"'):
            stands = None if hit["id"] in found else await calls.read(entity, hit["id"])
            if stands is not None and reference_of(stands) == reference:
                found[stands["id"]] = stands
    return list(found.values())


def the_one(found: list[Record], reference: str) -> Record | None:
    """The one that counts; one that is void only where there is no other. Raises Rejected where several count."""
    counting = [each for each in found if not void(each)]
    if len(counting) > 1:
        words = f"Stripe has {len(counting)} records with the reference {reference}: {', '.join(each['id'] for each in counting)}"
        raise Rejected(words[:300], reason="ambiguous_reference")
    return next(iter(counting or found), None)


def void(record: Mapping[str, Any]) -> bool:
    """Whether it counts no more."""
    return record.get("status") == "void"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
