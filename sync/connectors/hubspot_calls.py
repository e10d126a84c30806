"""The requests that one account of HubSpot is asked. Searches wait for turns of their own, as HubSpot counts them apart; a list
that goes in circles is no list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors import hubspot_records as records
from sync.connectors.failures import Answer
from sync.connectors.http import Client, segment
from sync.connectors.hubspot_options import API_VERSION
from sync.connectors.turns import Turns
from sync.errors import AnswerLost, Throttled, Unavailable
from sync.model import Found, Record
from sync.workspace.pacing import ThrottlePolicy

BATCH = 100

Wanted = dict[str, tuple[str, ...]]
"""The properties that are read of each object."""


class Calls:
    """Every method raises ConnectorError. `wanted` may grow."""

    def __init__(self, client: Client, wanted: Wanted, searches: ThrottlePolicy | None) -> None:
        self.client, self.wanted = client, wanted
        self.searching = Turns(f"{client.name} (search)", searches)

    async def ask(self, method: str, path: str, *, idempotent: bool = True, **more: Any) -> Answer:
        """One request. Where HubSpot says in words that nothing goes before some time, every request waits for it."""
        try:
            return await self.client.request(method, path, idempotent=idempotent, **more)
        except Throttled as error:
            if error.sent:
                self.client.turns.heed(429, None, error.retry_after)
            raise

    async def get(self, entity: str, record_id: str) -> Record | None:
        """The record with the id, or the one that it was merged into."""
        query = {"properties": ",".join(self.wanted.get(entity, ()))}
        answer = await self.ask("GET", _one(entity, record_id), query=query, missing_ok=True)
        return None if answer.status == 404 else records.flat(answer.data)

    async def batch(self, entity: str, ids: Sequence[int], of: str) -> list[Record]:
        """The records with these ids in their order. Raises Unavailable where one is gone, which belongs to one `of`."""
        found: dict[str, Record] = {}
        for start in range(0, len(ids), BATCH):
            inputs = [{"id": str(one)} for one in ids[start : start + BATCH]]
            request = {"properties": list(self.wanted.get(entity, ())), "inputs": inputs}
            answer = await self.ask("POST", f"{_all(entity)}/batch/read", json=request)
            found |= {record["id"]: record for record in map(records.flat, records.results(answer.data))}
        missing = [str(one) for one in ids if str(one) not in found]
        if missing:
            raise Unavailable(f"{entity} {', '.join(missing[:5])} vanished while their {of} were read")
        return [found[str(one)] for one in ids]

    async def associated(self, entity: str, ids: Sequence[str], other: str) -> dict[str, list[Mapping[str, Any]]]:
        """What of another object hangs on each of these records, all of it, however many pages that takes."""
        path = f"/crm/associations/{API_VERSION}/{segment(entity)}/{segment(other)}/batch/read"
        targets: dict[str, list[Mapping[str, Any]]] = {one: [] for one in ids}
        waiting: list[tuple[str, str]] = [(one, "") for one in ids]
        seen = set(waiting)
        while waiting:
            now, waiting = waiting[:BATCH], waiting[BATCH:]
            request = {"inputs": [{"id": one, **({"after": after} if after else {})} for one, after in now]}
            answer = await self.ask("POST", path, json=request)
            for one, _ in now:
                page, onward = records.associated(answer.data, one)
                targets[one].extend(page)
                if onward is not None:
                    if (one, onward) in seen:
                        raise Unavailable(f"the {other} of {entity} {one} are listed in a circle")
                    seen.add((one, onward))
                    waiting.append((one, onward))
        return targets

    async def search(self, entity: str, request: Record) -> Any:
        """The answer to one search."""
        async with self.searching:
            return (await self.ask("POST", f"{_all(entity)}/search", json=request)).data

    async def properties(self, entity: str) -> list[Any] | None:
        """Every property of an object, None where there is no such object."""
        path, found = f"/crm/properties/{API_VERSION}/{segment(entity)}", list[Any]()
        for archived in ("false", "true"):
            answer = await self.ask("GET", path, query={"archived": archived}, missing_ok=True)
            if answer.status == 404:
                return None
            found += records.results(answer.data)
            if not found:
                raise Unavailable(f"{self.client.name}: {entity} without any property cannot be the truth")
        return found

    async def owner(self, owner_id: str) -> Record | None:
        """A person who owns records, also one who has left."""
        for archived in ("false", "true"):
            path, query = f"/crm/owners/{API_VERSION}/{segment(owner_id)}", {"archived": archived}
            answer = await self.ask("GET", path, query=query, missing_ok=True)
            if answer.status != 404:
                return records.owner(answer.data)
        return None

    async def owners(self, email: str) -> list[Record]:
        """The people with this address."""
        answer = await self.ask("GET", f"/crm/owners/{API_VERSION}", query={"email": email, "limit": "100"})
        return [records.owner(each) for each in records.results(answer.data)]

    async def write(self, method: str, entity: str, body: Record, record_id: str | None = None) -> Found:
        """Create or change one record. Raises AnswerLost where its fate is not known."""
        path = _all(entity) if record_id is None else _one(entity, record_id)
        answer = await self.ask(method, path, json=body, idempotent=False)
        try:
            return records.found(records.flat(answer.data))
        except Unavailable:
            lost = AnswerLost(f"{self.client.name}: {method} was answered without the record")
        raise lost

    async def upsert(self, entity: str, inputs: Sequence[Record]) -> Any:
        """Create or change up to a hundred records by a property that takes each value once."""
        return (await self.ask("POST", f"{_all(entity)}/batch/upsert", json={"inputs": inputs}, idempotent=False)).data


def _all(entity: str) -> str:
    return f"/crm/objects/{API_VERSION}/{segment(entity)}"


def _one(entity: str, record_id: str) -> str:
    return f"{_all(entity)}/{segment(record_id)}"
