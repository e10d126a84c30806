"""Salesforce as a source of opportunities and accounts, and as a target for what goes back: fields of a record, tasks for people,
records that people asked to be created.

A record is read by one query, so what it comes with is of one moment. Each request names API v67."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.abilities import Ability
from sync.connectors import salesforce_batches as batches
from sync.connectors import salesforce_creating as creating
from sync.connectors import salesforce_outbound as outbound
from sync.connectors import salesforce_polling as polling
from sync.connectors import salesforce_records as records
from sync.connectors import salesforce_schema as schema
from sync.connectors import salesforce_soql as soql
from sync.connectors import salesforce_tasks as tasks
from sync.connectors.http import Client, segment
from sync.connectors.kind import Kind
from sync.connectors.salesforce_auth import auth
from sync.connectors.salesforce_changes import Changes
from sync.connectors.salesforce_errors import refusal
from sync.connectors.salesforce_listing import SalesforceLists
from sync.connectors.salesforce_options import SalesforceOptions
from sync.connectors.salesforce_reader import Reader
from sync.described import Described
from sync.errors import AnswerLost, ConnectorError, Rejected, Unavailable
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page
from sync.replying import Reply

API_VERSION = "67.0"
DATA = f"/services/data/v{API_VERSION}"

_USUAL = ("Name",)
_MOST = 100
_MERGES = 5


class Salesforce(SalesforceLists):
    """One org."""

    def __init__(self, options: SalesforceOptions, name: str) -> None:
        self._options = options
        who = auth(options, name)
        fixed = options.token.get_secret_value() if options.token is not None else ""
        self._client = Client(
            name,
            options.base_url,
            options,
            headers={"authorization": f"Bearer {fixed}"} if fixed else {},
            secrets=[fixed] if fixed else [],
            refusal=refusal,
            auth=who,
        )
        self._reader = Reader(self._client, DATA)
        self._changes = Changes(self._client, DATA, self._reader, options, who)
        self._wanted = {**records.FIELDS, **{entity: tuple(paths) for entity, paths in options.fields.items()}}
        self._related = records.parts_of(options.related)

    async def probe(self) -> str:
        """Asks how many of the day's requests are left."""
        answer = await self._client.request("GET", f"{DATA}/limits", idempotent=True)
        daily = answer.data.get("DailyApiRequests") if isinstance(answer.data, dict) else None
        if not isinstance(daily, dict):
            raise Unavailable(f"{self._client.name}: the limits of the org cannot be read")
        return (
            f"API v{API_VERSION} answers; {daily.get('Remaining')} of {daily.get('Max')} requests are left for 24 hours"
        )

    async def close(self) -> None:
        """Let go of sockets."""
        await self._changes.close()
        await self._client.close()

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The changes in an outbound message that carries our token and the id of our org."""
        return outbound.read_changes(incoming, self._options, now=now)

    def reply(self) -> Reply:
        """The acknowledgement without which Salesforce goes on sending."""
        return outbound.ACK

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of the window that the cursor is in, with what was deleted or merged. A long stretch of the past with
        many changes comes from a bulk job."""
        return await self._changes.page(entity, cursor or {}, now=now)

    def start_at(self, entity: str, since: datetime) -> Record:
        """A window that begins there; the overlap reaches a little further back, as for every window."""
        return polling.start_at(since)

    async def read(self, entity: str, record_id: str) -> Record:
        """The record with all wanted fields and its parts; an opportunity has `company` and `lines`. One that was merged is read
        as the one that it is now."""
        parts, fields, at = self._parts(entity), self._fields(entity), record_id
        for _ in range(_MERGES):
            found = await self._read(entity, at, parts, fields)
            if found is not None:
                return found
            survivor = await self._reader.survivor(entity, at)
            if survivor is None:
                break
            at = survivor
        raise Rejected(f"{entity} {record_id} is gone", reason="not_found", code="404")

    async def describe(self, entity: str) -> Described | None:
        """The fields of the entity with those of its parts, such as an opportunity's company, as they are now."""
        self._reader.objects.forget()
        shape = await self._reader.objects.of(entity)
        if shape is None:
            return None
        shapes = {"": shape}
        for place, relationship in self._parts(entity).items():
            column = shape.parent(relationship)
            kind = shape.children.get(relationship) if place.endswith(records.EACH) else column and column.refers[0]
            part = await self._reader.objects.of(kind) if kind else None
            if part is not None:
                shapes[place] = part
        return schema.described(entity, shapes)

    def want(self, entity: str, paths: Collection[str]) -> None:
        """From now on a record is read with these fields too, those of its parts among them."""
        known = self._fields(entity)
        places = {place.removesuffix(records.EACH) for place in self._parts(entity)}
        new = [path for path in paths if path not in (*known, "id") and path.removesuffix(records.EACH) not in places]
        if new:
            self._wanted[entity] = (*known, *new)
            self._reader.objects.forget()

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Records whose fields equal all of `by`; `*` finds those that share a word with it in their name."""
        if not by or not all(by.values()):
            return []
        shape = await self._reader.shape(entity)
        where = [_equal(shape, name, value) for name, value in by.items() if name != "*"]
        if "*" in by:
            titled = soql.name(self._options.titles.get(entity, "Subject" if entity == tasks.ENTITY else "Name"))
            alike = [f"{titled} LIKE {soql.holding(word)}" for word in records.words(by["*"])]
            if not alike:
                return []
            where.append(f"({' OR '.join(alike)})")
        return await self._reader.select(entity, self._own(entity), where, order="Id", limit=_MOST)

    async def find(self, entity: str, reference: str) -> Found | None:
        """A task by its marker, what may be created by its external id, everything else by its own id. Several with one
        reference are Rejected(reason="ambiguous_reference")."""
        if (named := self._options.references.get(entity)) is not None:
            found = await self._reader.select(
                entity, self._own(entity), [f"{named} = {soql.text(reference)}"], order="Id", limit=2
            )
            if len(found) > 1:
                words = f"several {entity} records carry {reference} in {named}"
                raise Rejected(words, reason="ambiguous_reference", code="300")
        elif entity in tasks.NAMES:
            listed = records.rows(await self._reader.query(tasks.query(reference)))
            found = [{"id": str(each.get("Id"))} for each in listed]
        else:
            return await self.get(entity, reference)
        return _found(found[0]) if found else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with Salesforce's id, without its parts."""
        segment(target_id)
        record = await self._read(_kind(entity), target_id, {}, self._own(_kind(entity)))
        return None if record is None else _found(record)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """A task for people, or a record that may be created; one that carries the reference already is the answer. A record
        is created by its external id, so that two who create it at once create one; the records that the body names refer to
        it from then on, or nothing happens at all."""
        named = self._options.references.get(entity)
        if named is None and entity not in tasks.NAMES:
            raise Rejected(f"{entity} are not created in Salesforce", reason="crm_rejected", code="unsupported")
        existing = await self.find(entity, reference)
        if existing is not None:
            return existing
        if named is None:
            address, now = self._options.base_url, self._client.clock()
            return await self._created("POST", tasks.ENTITY, tasks.fields(reference, body, address=address, now=now))
        values = records.sent(await self._reader.shape(entity), records.own(body))
        path = f"{segment(entity)}/{segment(named)}/{segment(reference)}"
        hung = await creating.hanging(self._reader, entity, body)
        if not hung:
            return await self._created("PATCH", path, values)
        asked = creating.request(DATA, path, values, hung)
        answer = await self._client.request("POST", f"{DATA}/composite", json=asked, idempotent=False)
        return self._made(creating.made(answer.data))

    def takes_many(self, entity: str) -> bool:
        """What is created by an external id."""
        return entity in self._options.references

    async def create_many(
        self, entity: str, records: Sequence[tuple[str, Record]]
    ) -> Sequence[Found | ConnectorError | None]:
        """Create records by their external ids, 200 in one request. For each of them, in their order: what was made of it, why
        it was refused, or None where the answer does not say. Raises ConnectorError for the first request as a whole."""
        named = self._options.references.get(entity)
        if named is None:
            raise Rejected(f"{entity} are not created in Salesforce", reason="crm_rejected", code="unsupported")
        return await batches.upserted(self._client, DATA, await self._reader.shape(entity), named, records)

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set fields; None empties one."""
        values = records.sent(await self._reader.shape(_kind(entity)), body)
        path = f"{DATA}/sobjects/{segment(_kind(entity))}/{segment(target_id)}"
        await self._client.request("PATCH", path, json=values, idempotent=False)
        return Found(id=target_id, record={**body, "id": target_id})

    async def post(self, entity: str, target_id: str) -> Found:
        """Salesforce has nothing to post."""
        raise Rejected(f"{entity} are not posted in Salesforce", reason="crm_rejected", code="unsupported")

    async def _created(self, method: str, path: str, values: Record) -> Found:
        answer = await self._client.request(method, f"{DATA}/sobjects/{path}", json=values, idempotent=False)
        made = answer.data.get("id") if isinstance(answer.data, dict) else None
        return self._made(made if isinstance(made, str) and soql.is_id(made) else None)

    def _made(self, made: str | ConnectorError | None) -> Found:
        if isinstance(made, ConnectorError):
            raise made
        if made is None:
            raise AnswerLost(f"{self._client.name}: a write was answered without the record")
        return Found(id=made, record={"id": made})

    async def _read(self, entity: str, record_id: str, parts: Mapping[str, str], paths: Sequence[str]) -> Record | None:
        if not soql.is_id(record_id):
            return None
        found = await self._reader.select(entity, paths, [f"Id = {soql.text(record_id)}"], parts=parts)
        return found[0] if found else None

    def _parts(self, entity: str) -> Mapping[str, str]:
        return self._related.get(entity, {})

    def _fields(self, entity: str) -> tuple[str, ...]:
        return tuple(self._wanted.get(entity, _USUAL))

    def _own(self, entity: str) -> list[str]:
        """The wanted fields of the record itself."""
        places = tuple(f"{place}." for place in self._parts(entity))
        return (
            [path for path in self._fields(entity) if not path.startswith(places)]
            if places
            else list(self._fields(entity))
        )


def _kind(entity: str) -> str:
    return tasks.ENTITY if entity in tasks.NAMES else entity


def _equal(shape: schema.Shape, name: str, value: str) -> str:
    column = shape.columns.get("Id" if name == "id" else name)
    if column is None:
        raise Rejected(f"{shape.name} has no field {name}", reason="crm_rejected", code="INVALID_FIELD", path=name)
    try:
        return f"{column.name} = {soql.literal(column.type, value)}"
    except ValueError:
        return "Id = NULL"  # no record holds what is no value of this type


def _found(record: Record) -> Found:
    return Found(id=record["id"], record=record, status=str(record.get("StageName") or record.get("Status") or ""))


def _abilities(options: Mapping[str, Any], entity: str) -> Collection[Ability] | None:
    """Only tasks, and what has a field for our reference, can be created."""
    references = options.get("references")
    if entity in tasks.NAMES or (isinstance(references, Mapping) and entity in references):
        return None
    return set(Ability) - {Ability.CREATE, Ability.BULK, Ability.TASK}


KIND = Kind(
    name="salesforce",
    title="Salesforce: opportunities, accounts and what belongs to them; decisions written back, tasks for people",
    options=SalesforceOptions,
    build=Salesforce,
    lacks={Ability.POST},
    tasks="tasks",
    of=_abilities,
)
