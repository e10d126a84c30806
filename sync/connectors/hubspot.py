"""HubSpot as a source of deals, companies, contacts and what belongs to them, and as a target for what goes back: fields of
records, tasks for people, and records that carry our reference.

The search index lags behind writes by seconds. Polling overlaps its windows for that, `find` of a task may miss one that
is brand new, and `read` never searches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.abilities import Ability
from sync.connectors import hubspot_listing as listing
from sync.connectors import hubspot_parts as parts
from sync.connectors import hubspot_polling as polling
from sync.connectors import hubspot_records as records
from sync.connectors import hubspot_schema as schema
from sync.connectors import hubspot_tasks as tasks
from sync.connectors import hubspot_writing as writing
from sync.connectors import oauth
from sync.connectors.http import Client
from sync.connectors.hubspot_calls import Calls
from sync.connectors.hubspot_options import API_VERSION, NAMED_BY, OWNERS, PROPERTIES, HubSpotOptions, abilities_of
from sync.connectors.hubspot_signature import verify
from sync.connectors.hubspot_webhook import read_changes
from sync.connectors.kind import Kind
from sync.connectors.together import together
from sync.connectors.tokens import Tokens
from sync.counting import Counted
from sync.described import Described
from sync.errors import ConnectorError, Rejected, WebhookRefused
from sync.listing import Listed
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page

_WEBHOOKS_OFF = "The connection has no client_secret to check them with. An app has one; for a Service Key HubSpot sends no webhooks."


class HubSpot:
    """One HubSpot account."""

    def __init__(self, options: HubSpotOptions, name: str) -> None:
        self._options = options
        wanted = {**PROPERTIES, **{entity: tuple(names) for entity, names in options.properties.items()}}
        self._calls = Calls(_client(options, name), wanted, options.searched_like)
        self._parts = parts.parts_of(options.related)

    async def probe(self) -> str:
        """Reads the properties of deals, and names those that we ask for and the account lacks. Raises Rejected where a
        property that is to take each value once does not."""
        there = await self._named_properties("deals")
        for entity in self._options.unique:
            await self._each_once(entity, self._options.references[entity])
        missing = ", ".join(sorted(set(self._calls.wanted["deals"]) - there))
        return f"deals can be read; {len(there)} properties" + (f", none called {missing}" if missing else "")

    async def close(self) -> None:
        """Let go of sockets."""
        await self._calls.client.close()

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The changes in a body that HubSpot signed within five minutes of now."""
        if self._options.client_secret is None:
            raise WebhookRefused(401, "Webhooks are off", _WEBHOOKS_OFF)
        verify(incoming, self._options.client_secret.get_secret_value(), now=now)
        options = self._options
        written_back = frozenset(options.written_back)
        return read_changes(incoming.body, portal=options.portal_id, written_back=written_back, objects=options.objects)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of the window that the cursor is in. Deletions are not seen here; webhooks and reads show them."""
        size, lag, theirs = self._options.page_size, self._options.lag, self._calls.client.theirs
        window = polling.window(cursor, overlap=self._options.overlap, lag=lag, now=theirs(now))
        answer = await self._calls.search(entity, polling.query(entity, window, size))
        return polling.page(entity, polling.ending(window, cursor, lag=lag, now=theirs(now)), answer, size)

    def start_at(self, entity: str, since: datetime) -> Record:
        """A window that begins there; the overlap reaches a little further back, as for every window."""
        return {"since": max(polling.milliseconds(since), 0), "until": None, "after": None}

    async def read(self, entity: str, record_id: str) -> Record:
        """The record with all wanted properties and its parts, such as the `company` and the `lines` of a deal; a merged one
        comes as its survivor. `owners` are people."""
        if entity == OWNERS:
            return _present(await self._calls.owner(record_id), entity, record_id)
        found = await parts.read_whole(self._calls, entity, record_id, self._parts.get(entity, {}))
        return _present(found, entity, record_id)

    async def describe(self, entity: str) -> Described | None:
        """The properties of the entity, those that are archived too; with those of its parts, such as a deal's company."""
        places = {"": entity, **self._parts.get(entity, {})}
        listed = await together(map(self._properties, places.values()))
        known = [each for each in listed if each is not None]
        return schema.described(entity, dict(zip(places, known, strict=True))) if len(known) == len(places) else None

    def want(self, entity: str, paths: Collection[str]) -> None:
        """From now on a record is read with these fields too, those of its parts among them."""
        wanted = self._calls.wanted
        for kind, names in schema.objects(entity, paths, self._parts.get(entity, {})).items():
            wanted[kind] = tuple(dict.fromkeys((*wanted.get(kind, ()), *names)))

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Records whose properties equal all of `by`; `*` finds those that share a word with it in their name. An owner is
        found by the `email`."""
        exact = {name: value for name, value in by.items() if name != "*"}
        if entity == OWNERS:
            return await self._calls.owners(exact["email"]) if exact.get("email") and len(by) == 1 else []
        filters = [{"propertyName": name, "operator": "EQ", "value": value} for name, value in exact.items()]
        groups = [filters] if filters else []
        if "*" in by:
            named = {**NAMED_BY, **self._options.titles}.get(entity, "name")
            tokens = [{"propertyName": named, "operator": "CONTAINS_TOKEN", "value": w} for w in records.words(by["*"])]
            groups = [[*filters, token] for token in tokens]
        if not groups or not all(exact.values()):
            return []
        wanted = list(self._calls.wanted.get(entity, ()))
        request = {"filterGroups": [{"filters": group} for group in groups], "properties": wanted, "limit": 100}
        answer = await self._calls.search(entity, request)
        return [records.flat(result) for result in records.results(answer)]

    def lists(self, entity: str) -> bool:
        """Every object that can be searched can be listed."""
        return entity != OWNERS

    def lists_changes(self, entity: str) -> bool:
        """By the property that says when a record changed last."""
        return entity != OWNERS

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind the id `after`, of at most two hundred."""
        parts_of = self._parts.get(entity, {})
        return await listing.page(self._calls, entity, parts_of, fields=fields, after=after, since=since, limit=limit)

    def counts(self, entity: str) -> bool:
        """The search counts whatever it finds."""
        return entity != OWNERS

    async def counted(self, entity: str, *, amount: str | None = None, currency: str | None = None) -> Counted:
        """How many records the search finds. HubSpot adds nothing up."""
        if amount is not None:
            raise Rejected(f"HubSpot cannot add up {amount} of {entity}", reason="crm_rejected", code="unsupported")
        return Counted(records=records.total(await self._calls.search(entity, {"filterGroups": [], "limit": 1})))

    async def find(self, entity: str, reference: str) -> Found | None:
        """A task by its marker, what may be created by the property that holds our reference, everything else by its id."""
        if (named := self._options.references.get(entity)) is not None:
            same = sorted(await self.search(entity, {named: reference}), key=lambda each: int(each["id"]))
            return records.found(same[0]) if same else None
        if entity != tasks.ENTITY:
            return await self.get(entity, reference)
        listed = records.results(await self._calls.search(entity, tasks.search(reference)))
        found = [records.flat(result) for result in listed]
        ours = sorted((r for r in found if tasks.carries(r, reference)), key=lambda r: int(r["id"]))
        return records.found(ours[0]) if ours else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with HubSpot's id."""
        record = await self._calls.get(entity, target_id)
        return None if record is None else records.found(record)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """A task for people, or a record that may be created, attached to the records it names; one that carries the reference
        already is the answer."""
        named = self._options.references.get(entity)
        if named is None and entity != tasks.ENTITY:
            raise Rejected(f"{entity} are not created in HubSpot", reason="crm_rejected", code="unsupported")
        existing = await self.find(entity, reference)
        if existing is not None:
            return existing
        if named is not None:
            return await writing.create_named(self._calls, entity, named, reference, body)
        return await writing.create_task(self._calls, reference, body)

    def takes_many(self, entity: str) -> bool:
        """Where HubSpot takes each reference once: then what is sent twice is still one record."""
        return entity in self._options.unique

    async def create_many(
        self, entity: str, given: Sequence[tuple[str, Record]]
    ) -> Sequence[Found | ConnectorError | None]:
        """Create records by their references, up to a hundred in one call. One that is there already is set to what is given."""
        return await writing.create_many(self._calls, entity, self._options.references[entity], given)

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set properties; None empties one."""
        return await self._calls.write("PATCH", entity, {"properties": writing.changed(body)}, target_id)

    async def post(self, entity: str, target_id: str) -> Found:
        """HubSpot has nothing to post."""
        raise Rejected(f"{entity} are not posted in HubSpot", reason="crm_rejected", code="unsupported")

    async def _properties(self, entity: str) -> Sequence[Any] | None:
        return schema.OWNER if entity == OWNERS else await self._calls.properties(entity)

    async def _named_properties(self, entity: str) -> set[str]:
        answer = await self._calls.ask("GET", f"/crm/properties/{API_VERSION}/{entity}")
        return {str(each.get("name")) for each in records.results(answer.data)}

    async def _each_once(self, entity: str, named: str) -> None:
        known = {each.get("name"): each for each in await self._calls.properties(entity) or ()}
        if known.get(named, {}).get("hasUniqueValue") is not True:
            words = f"{entity}: HubSpot does not keep the values of {named} unique; take {entity} out of `unique`"
            raise Rejected(words, reason="crm_rejected", code="unsupported")


def _client(options: HubSpotOptions, name: str) -> Client:
    fixed = options.token or options.service_key
    token = fixed.get_secret_value() if fixed is not None else ""
    return Client(
        name,
        options.base_url,
        options,
        headers={"authorization": f"Bearer {token}"} if token else {},
        secrets=[token] if token else [],
        auth=None if token else _oauth(options, name),
        refusal=records.refusal,
        milliseconds_from=1000,
    )


def _oauth(options: HubSpotOptions, name: str) -> Tokens:
    if options.client_id is None or options.client_secret is None or options.refresh_token is None:
        raise ValueError("the options of an OAuth connection are not whole")  # they were checked when they were read
    grant = oauth.refresh_token(
        client_id=options.client_id, client_secret=options.client_secret, token=options.refresh_token
    )
    return oauth.tokens(name, f"{options.base_url}/oauth/{API_VERSION}/token", grant, options)


def _present(record: Record | None, entity: str, record_id: str) -> Record:
    if record is None:
        raise Rejected(f"{entity} {record_id} is gone", reason="not_found", code="404")
    return record


KIND = Kind(
    name="hubspot",
    title="HubSpot: deals, companies and what belongs to them; decisions written back, tasks for people",
    options=HubSpotOptions,
    build=HubSpot,
    lacks={Ability.POST},
    tasks=tasks.ENTITY,
    of=abilities_of,
)
