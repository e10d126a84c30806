"""Listing HubSpot's records: searched in the order of their ids, never by offset, each page with the one company of its deals
or what else was asked for that belongs to a record once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sync.connectors import hubspot_polling as polling
from sync.connectors import hubspot_records as records
from sync.connectors.failures import understood
from sync.connectors.hubspot_calls import Calls
from sync.connectors.hubspot_options import OWNERS
from sync.connectors.hubspot_parts import EACH
from sync.errors import Unavailable
from sync.listing import Entry, Listed
from sync.model import Record

_MOST = 200  # records of one page of a search


async def page(
    calls: Calls,
    entity: str,
    parts: Mapping[str, str],
    *,
    fields: Collection[str],
    after: str | None,
    since: datetime | None,
    limit: int,
) -> Listed:
    """The page behind the id `after`. The search index lags by seconds: what changed just now may show its earlier values."""
    size = min(limit, _MOST)
    answer = await calls.search(entity, _query(entity, fields, after, since, size))
    found = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise Unavailable(f"the search of {entity} was answered without results")
    flat = [records.flat(each) for each in found]
    _in_order(entity, flat, after)
    for place, kind in parts.items():
        if not place.endswith(EACH) and kind != OWNERS and any(each.startswith(f"{place}.") for each in fields):
            await _with_part(calls, entity, flat, place, kind, fields)
    changed = polling.modified_property(entity)
    entries = tuple(Entry(each["id"], each, polling.moment(each.get(changed))) for each in flat)
    return Listed(entries=entries, after=entries[-1].id if len(entries) == size else None)


def _query(entity: str, fields: Collection[str], after: str | None, since: datetime | None, size: int) -> Record:
    changed = polling.modified_property(entity)
    filters = []
    if since is not None:
        at = str(max(polling.milliseconds(since), 0))
        filters.append({"propertyName": changed, "operator": "GTE", "value": at})
    if after is not None:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": after})
    own = [each for each in fields if "." not in each and each != "id"]
    return {
        "filterGroups": [{"filters": filters}] if filters else [],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": list(dict.fromkeys([*own, changed])),
        "limit": size,
    }


def _in_order(entity: str, found: Sequence[Record], after: str | None) -> None:
    with understood(f"the search of {entity}"):
        ids = [int(each["id"]) for each in found]
    if any(later <= earlier for earlier, later in zip([int(after or -1), *ids], ids, strict=False)):
        raise Unavailable(f"the search of {entity} was answered out of order")


async def _with_part(
    calls: Calls, entity: str, listed: Sequence[Record], place: str, kind: str, fields: Collection[str]
) -> None:
    """Put to each record its primary part: its id, and more of it where more was asked for."""
    near = await calls.associated(entity, [each["id"] for each in listed], kind)
    of = {record_id: records.primary(targets) for record_id, targets in near.items()}
    known: dict[str, Record] = {}
    if any(each.startswith(f"{place}.") and each != f"{place}.id" for each in fields):
        wanted = sorted({int(each) for each in of.values() if each})
        known = {each["id"]: each for each in await calls.batch(kind, wanted, entity)}
    for each in listed:
        one = of[each["id"]]
        each[place] = known.get(one, {"id": one}) if one else None
