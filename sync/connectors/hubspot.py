"""HubSpot as a source of deals and companies, and as a target for what goes back: fields of a deal and tasks for people.

The search index lags behind writes by seconds. Polling overlaps its windows for that, `find` of a task may miss one that
is brand new, and `read` never searches."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from sync.abilities import Ability
from sync.connectors import hubspot_parts as parts
from sync.connectors import hubspot_polling as polling
from sync.connectors import hubspot_records as records
from sync.connectors import hubspot_schema as schema
from sync.connectors import hubspot_tasks as tasks
from sync.connectors.http import Client, segment
from sync.connectors.hubspot_listing import HubSpotLists
from sync.connectors.hubspot_signature import verify
from sync.connectors.hubspot_webhook import read_changes
from sync.connectors.kind import Kind
from sync.connectors.options import Address, HttpOptions, Seconds, Secret
from sync.described import Described
from sync.errors import AnswerLost, Rejected, Unavailable, WebhookRefused
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page

API_VERSION = "2026-09"

_PROPERTIES: dict[str, tuple[str, ...]] = {
    "deals": tuple(
        "dealname amount deal_currency_code dealstage closedate billing_code payment_terms contract_url hubspot_owner_id "
        "billing_status invoice_number invoice_total".split()
    ),
    "companies": tuple(
        "name domain vat_id country city zip billing_email currency erp_customer_code hs_merged_object_ids".split()
    ),
    "line_items": tuple("name product_code hs_sku quantity price amount".split()),
    "tasks": tasks.PROPERTIES,
}
_NAMED_BY = {"deals": "dealname", "companies": "name", "line_items": "name", "tasks": "hs_task_subject"}

PropertyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
PartName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\[\*\])?$", max_length=100)]
TypeId = Annotated[str, StringConstraints(pattern=r"^\d{1,3}-\d{1,20}$")]


class HubSpotOptions(HttpOptions):
    """`properties` replaces the list of an object; `written_back` are properties whose changes by programs are our own doing. `references`
    names, for objects that may be created, the property that holds our reference. `related` says which associated records an
    object is read with: `company: companies` for the one, `lines[*]: line_items` for all. `objects` names the custom objects
    by the type ids under which webhooks tell of them, such as `2-3001: contracts`, and `titles` the property by whose words
    people look for a record where that is not its name."""

    base_url: Address = "https://api.hubapi.com"
    token: Secret
    client_secret: Secret | None = None
    """What webhooks are signed with; without it none are taken in."""
    portal_id: int | None = None
    """The number of the account; webhooks of another one are refused."""
    properties: dict[str, list[PropertyName]] = Field(default_factory=dict)
    written_back: list[PropertyName] = Field(default_factory=list)
    references: dict[str, PropertyName] = Field(default_factory=dict)
    related: dict[PropertyName, dict[PartName, PropertyName]] = Field(default_factory=dict)
    objects: dict[TypeId, PropertyName] = Field(default_factory=dict)
    titles: dict[PropertyName, PropertyName] = Field(default_factory=dict)
    overlap: Seconds = 300.0
    lag: Seconds = 10.0
    page_size: Annotated[int, Field(ge=1, le=200)] = 200


class HubSpot(HubSpotLists):
    """One HubSpot account."""

    def __init__(self, options: HubSpotOptions, name: str) -> None:
        self._options = options
        self._wanted = {**_PROPERTIES, **{entity: tuple(names) for entity, names in options.properties.items()}}
        token = options.token.get_secret_value()
        self._client = Client(
            name,
            options.base_url,
            options,
            headers={"authorization": f"Bearer {token}"},
            secrets=[token],
            refusal=records.refusal,
            milliseconds_from=1000,
        )
        self._parts = parts.parts_of(options.related)
        self._reader = parts.Parts(self._client, API_VERSION, self._wanted)

    async def probe(self) -> str:
        """Reads the list of deal properties, and names those that we ask for and the account lacks."""
        answer = await self._client.request("GET", f"/crm/properties/{API_VERSION}/deals", idempotent=True)
        listed = answer.data.get("results") if isinstance(answer.data, dict) else None
        if not isinstance(listed, list):
            raise Unavailable(f"{self._client.name}: the list of properties cannot be read")
        missing = sorted(set(self._wanted["deals"]) - {str(item.get("name")) for item in listed})
        return f"deals can be read; {len(listed)} properties" + (
            f", none called {', '.join(missing)}" if missing else ""
        )

    async def close(self) -> None:
        """Let go of sockets."""
        await self._client.close()

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The changes in a body that HubSpot signed within five minutes of now."""
        if self._options.client_secret is None:
            raise WebhookRefused(401, "Webhooks are off", "The connection has no client_secret to check them with.")
        verify(incoming, self._options.client_secret.get_secret_value(), now=now)
        options = self._options
        written_back = frozenset(options.written_back)
        return read_changes(incoming.body, portal=options.portal_id, written_back=written_back, objects=options.objects)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of the window that the cursor is in. Deletions are not seen here; webhooks and reads show them."""
        size = self._options.page_size
        window = polling.window(cursor, overlap=self._options.overlap, lag=self._options.lag, now=now)
        return polling.page(entity, window, await self._search(entity, polling.query(entity, window, size)), size)

    def start_at(self, entity: str, since: datetime) -> Record:
        """A window that begins there; the overlap reaches a little further back, as for every window."""
        return {"since": max(polling.milliseconds(since), 0), "until": None, "after": None}

    async def read(self, entity: str, record_id: str) -> Record:
        """The record with all wanted properties and its parts; a deal has `company` and `lines`."""
        found = await self._reader.read(entity, record_id, self._parts.get(entity, {}), self._get)
        return _present(found, entity, record_id)

    async def describe(self, entity: str) -> Described | None:
        """The properties of the entity, those that are archived too; with those of its parts, such as a deal's company."""
        places = {"": entity, **self._parts.get(entity, {})}
        listed = await asyncio.gather(*map(self._properties, places.values()))
        known = [each for each in listed if each is not None]
        return schema.described(entity, dict(zip(places, known, strict=True))) if len(known) == len(places) else None

    def want(self, entity: str, paths: Collection[str]) -> None:
        """From now on a record is read with these fields too, those of its parts among them."""
        for kind, names in schema.objects(entity, paths, self._parts.get(entity, {})).items():
            self._wanted[kind] = tuple(dict.fromkeys((*self._wanted.get(kind, ()), *names)))

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Records whose properties equal all of `by`; `*` finds those that share a word with it in their name."""
        exact = {name: value for name, value in by.items() if name != "*"}
        filters = [{"propertyName": name, "operator": "EQ", "value": value} for name, value in exact.items()]
        groups = [filters] if filters else []
        if "*" in by:
            named = {**_NAMED_BY, **self._options.titles}.get(entity, "name")
            tokens = [{"propertyName": named, "operator": "CONTAINS_TOKEN", "value": w} for w in records.words(by["*"])]
            groups = [[*filters, token] for token in tokens]
        if not groups or not all(exact.values()):
            return []
        wanted = list(self._wanted.get(entity, ()))
        request = {"filterGroups": [{"filters": group} for group in groups], "properties": wanted, "limit": 100}
        answer = await self._search(entity, request)
        return [records.flat(result) for result in records.results(answer)]

    async def find(self, entity: str, reference: str) -> Found | None:
        """A task by its marker, what may be created by the property that holds our reference, everything else by its id."""
        if (named := self._options.references.get(entity)) is not None:
            same = sorted(await self.search(entity, {named: reference}), key=lambda each: int(each["id"]))
            return _found(same[0]) if same else None
        if entity != tasks.ENTITY:
            return await self.get(entity, reference)
        listed = records.results(await self._search(entity, tasks.search(reference)))
        found = [records.flat(result) for result in listed]
        ours = sorted((r for r in found if tasks.carries(r, reference)), key=lambda r: int(r["id"]))
        return _found(ours[0]) if ours else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with HubSpot's id."""
        record = await self._get(entity, target_id)
        return None if record is None else _found(record)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """A task for people, or a record that may be created, attached to the records it names; one that carries the reference
        already is the answer."""
        if entity in self._options.references:
            return await self._create_named(entity, reference, body)
        if entity != tasks.ENTITY:
            raise Rejected(f"{entity} are not created in HubSpot", reason="crm_rejected", code="unsupported")
        existing = await self.find(entity, reference)
        if existing is not None:
            return existing
        properties = tasks.properties(reference, body, now=self._client.clock())
        task = {"properties": properties, "associations": tasks.associations(body)}
        return await self._write("POST", f"/crm/objects/{API_VERSION}/tasks", task)

    async def _create_named(self, entity: str, reference: str, body: Record) -> Found:
        existing = await self.find(entity, reference)
        if existing is not None:
            return existing
        given = {name: str(value) for name, value in body.items() if isinstance(value, str)}
        record = {
            "properties": {**given, self._options.references[entity]: reference},
            "associations": records.attached(entity, body),
        }
        return await self._write("POST", f"/crm/objects/{API_VERSION}/{segment(entity)}", record)

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set properties; None empties one."""
        path = f"/crm/objects/{API_VERSION}/{segment(entity)}/{segment(target_id)}"
        properties = {name: "" if value is None else str(value) for name, value in body.items()}
        return await self._write("PATCH", path, {"properties": properties})

    async def post(self, entity: str, target_id: str) -> Found:
        """HubSpot has nothing to post."""
        raise Rejected(f"{entity} are not posted in HubSpot", reason="crm_rejected", code="unsupported")

    async def _get(self, entity: str, record_id: str) -> Record | None:
        path = f"/crm/objects/{API_VERSION}/{segment(entity)}/{segment(record_id)}"
        query = {"properties": ",".join(self._wanted.get(entity, ()))}
        answer = await self._client.request("GET", path, query=query, idempotent=True, missing_ok=True)
        return None if answer.status == 404 else records.flat(answer.data)

    async def _properties(self, entity: str) -> list[Any] | None:
        """Every property of an object, None where there is no such object."""
        path, found = f"/crm/properties/{API_VERSION}/{segment(entity)}", []
        for archived in ("false", "true"):
            query = {"archived": archived}
            answer = await self._client.request("GET", path, query=query, idempotent=True, missing_ok=True)
            if answer.status == 404:
                return None
            found += records.results(answer.data)
            if not found:
                raise Unavailable(f"{self._client.name}: {entity} without any property cannot be the truth")
        return found

    async def _companies_of(self, ids: Sequence[str]) -> Any:
        path = f"/crm/associations/{API_VERSION}/deals/companies/batch/read"
        return (
            await self._client.request("POST", path, json={"inputs": [{"id": each} for each in ids]}, idempotent=True)
        ).data

    async def _batch(self, entity: str, ids: Sequence[int]) -> list[Record]:
        return await self._reader.batch(entity, ids, "deals")

    async def _search(self, entity: str, request: Record) -> Any:
        path = f"/crm/objects/{API_VERSION}/{segment(entity)}/search"
        return (await self._client.request("POST", path, json=request, idempotent=True)).data

    async def _write(self, method: str, path: str, body: Record) -> Found:
        answer = await self._client.request(method, path, json=body, idempotent=False)
        try:
            return _found(records.flat(answer.data))
        except Unavailable:
            lost = AnswerLost(f"{self._client.name}: {method} was answered without the record")
        raise lost


def _present(record: Record | None, entity: str, record_id: str) -> Record:
    if record is None:
        raise Rejected(f"{entity} {record_id} is gone", reason="not_found", code="404")
    return record


def _found(record: Record) -> Found:
    return Found(id=record["id"], record=record, status=record.get("hs_task_status") or record.get("dealstage") or "")


KIND = Kind(
    name="hubspot",
    title="HubSpot: deals, companies and what belongs to them; decisions written back, tasks for people",
    options=HubSpotOptions,
    build=HubSpot,
    lacks={Ability.POST},
    tasks=tasks.ENTITY,
)
