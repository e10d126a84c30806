"""What a record of HubSpot comes with: the records it is associated with, each read whole, and the person that it belongs to. A
part that cannot be read is no missing part: the record is read again later."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from sync.connectors import hubspot_records as records
from sync.connectors.hubspot_calls import Calls
from sync.connectors.hubspot_options import OWNERS
from sync.connectors.together import together
from sync.errors import Unavailable
from sync.model import Record

EACH = "[*]"
OWNED_BY = "hubspot_owner_id"

PARTS: Mapping[str, Mapping[str, str]] = {
    "deals": {"company": "companies", "lines[*]": "line_items"},
    "contacts": {"company": "companies"},
    "quotes": {"deal": "deals", "lines[*]": "line_items"},
    "tickets": {"company": "companies"},
}
"""What a record comes with unless the connection says more: where it stands in the record, and which object it is."""


def parts_of(related: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The parts of every object: the usual ones and those that the connection adds or replaces."""
    return {entity: {**PARTS.get(entity, {}), **related.get(entity, {})} for entity in {**PARTS, **related}}


async def read_whole(
    calls: Calls, entity: str, record_id: str, parts: Mapping[str, str], *, merged: str = ""
) -> Record | None:
    """The record with each part under its name: one record or None, or a list for `name[*]`. None when the record itself
    is gone; a merged one comes as its survivor, with the survivor's parts. Raises Unavailable."""
    near = {place: kind for place, kind in parts.items() if kind != OWNERS}
    asked: list[Coroutine[Any, Any, Any]] = [calls.get(entity, record_id)]
    asked += [_targets(calls, entity, record_id, kind) for kind in near.values()]
    record, *targets = await together(asked)
    if record is None:
        return None
    if record["id"] != record_id:
        if merged:
            raise Unavailable(f"{entity} {merged} is merged into one that is merged into another, without an end")
        return await read_whole(calls, entity, record["id"], parts, merged=record_id)
    each = zip(near.items(), targets, strict=True)
    found = await together(_part(calls, entity, place, kind, ids) for (place, kind), ids in each)
    whole = {**record, **{place.removesuffix(EACH): part for place, part in zip(near, found, strict=True)}}
    for place in parts.keys() - near.keys():
        owner = record.get(OWNED_BY)
        whole[place] = await calls.owner(owner) if owner else None
    return whole


async def _targets(calls: Calls, entity: str, record_id: str, kind: str) -> list[Mapping[str, Any]]:
    return (await calls.associated(entity, [record_id], kind))[record_id]


async def _part(
    calls: Calls, entity: str, place: str, kind: str, targets: Sequence[Mapping[str, Any]]
) -> Record | list[Record] | None:
    if place.endswith(EACH):
        return await calls.batch(kind, sorted({int(target["toObjectId"]) for target in targets}), entity)
    one = records.primary(targets)
    found = None if one is None else await calls.get(kind, one)
    if one is not None and found is None:
        raise Unavailable(f"{kind} {one} vanished while one of its {entity} was read")
    return found
