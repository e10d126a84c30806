"""What a record of HubSpot comes with: the records it is associated with, each read whole. A part that cannot be read is no
missing part: the record is read again later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sync.connectors import hubspot_records as records
from sync.connectors.http import Client
from sync.errors import Unavailable
from sync.model import Record

BATCH = 100
EACH = "[*]"

PARTS: Mapping[str, Mapping[str, str]] = {"deals": {"company": "companies", "lines[*]": "line_items"}}
"""What a record comes with unless the connection says more: where it stands in the record, and which object it is."""

Get = Callable[[str, str], Awaitable[Record | None]]
"""One record of an object by its id, None when it is gone."""


def parts_of(related: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The parts of every object: the usual ones and those that the connection adds or replaces."""
    return {entity: {**PARTS.get(entity, {}), **related.get(entity, {})} for entity in {**PARTS, **related}}


class Parts:
    """Reads the parts of records. `version` is that of the API, `wanted` the properties to read of each object."""

    def __init__(self, client: Client, version: str, wanted: Mapping[str, Sequence[str]]) -> None:
        self._client, self._version, self._wanted = client, version, wanted

    async def read(self, entity: str, record_id: str, parts: Mapping[str, str], get: Get) -> Record | None:
        """The record with each part under its name: one record or None, or a list for `name[*]`. None when the record itself
        is gone. Raises Unavailable."""
        record, *targets = await asyncio.gather(
            get(entity, record_id), *(self._associated(entity, record_id, kind) for kind in parts.values())
        )
        if record is None:
            return None
        each = zip(parts.items(), targets, strict=True)
        found = await asyncio.gather(*(self._part(entity, place, kind, ids, get) for (place, kind), ids in each))
        return {**record, **{place.removesuffix(EACH): part for place, part in zip(parts, found, strict=True)}}

    async def _part(
        self, entity: str, place: str, kind: str, targets: list[Mapping[str, Any]], get: Get
    ) -> Record | list[Record] | None:
        if place.endswith(EACH):
            return await self.batch(kind, sorted({int(target["toObjectId"]) for target in targets}), entity)
        one = records.primary(targets)
        found = None if one is None else await get(kind, one)
        if one is not None and found is None:
            raise Unavailable(f"{kind} {one} vanished while one of its {entity} was read")
        return found

    async def _associated(self, entity: str, record_id: str, other: str) -> list[dict[str, Any]]:
        path = f"/crm/associations/{self._version}/{entity}/{other}/batch/read"
        targets: list[dict[str, Any]] = []
        start: dict[str, str] = {}
        while True:
            request = {"inputs": [{"id": record_id, **start}]}
            answer = await self._client.request("POST", path, json=request, idempotent=True)
            page, after = records.associated(answer.data, record_id)
            targets.extend(page)
            if after is None or start.get("after") == after:
                return targets
            start = {"after": after}

    async def batch(self, kind: str, ids: Sequence[int], of: str) -> list[Record]:
        """The records with these ids in their order. Raises Unavailable where one is gone, which belongs to one `of`."""
        path = f"/crm/objects/{self._version}/{kind}/batch/read"
        found: dict[str, Record] = {}
        for start in range(0, len(ids), BATCH):
            inputs = [{"id": str(one)} for one in ids[start : start + BATCH]]
            request = {"properties": list(self._wanted.get(kind, ())), "inputs": inputs}
            answer = await self._client.request("POST", path, json=request, idempotent=True)
            found |= {record["id"]: record for record in map(records.flat, records.results(answer.data))}
        missing = [str(one) for one in ids if str(one) not in found]
        if missing:
            raise Unavailable(f"{kind} {', '.join(missing[:5])} vanished while their {of} were read")
        return [found[str(one)] for one in ids]
