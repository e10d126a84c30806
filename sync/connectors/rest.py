"""Any REST system as a target, by description; as a source it is polled, where a list of what changed is described. The same
reference is never knowingly created twice: what the answer does not prove is AnswerLost, and two records with one reference are
for a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.abilities import Ability
from sync.connectors import rest_listing, rest_polling
from sync.connectors.failures import Answer
from sync.connectors.http import Client
from sync.connectors.kind import Kind
from sync.connectors.options import Address, HttpOptions, Secret
from sync.connectors.rest_abilities import described_abilities
from sync.connectors.rest_bulk import read_each
from sync.connectors.rest_description import Call, Description, Entity, Errors, Post, Void, fill, fill_header, fill_path
from sync.connectors.rest_record import ALREADY_DONE, read_record, rejection
from sync.connectors.selector import select
from sync.errors import AnswerLost, ConnectorError, Rejected, Unavailable, WebhookRefused
from sync.listing import Listed
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page


class RestOptions(HttpOptions):
    """`describe` is the description itself; the workspace reads the file it is kept in."""

    base_url: Address
    token: Secret
    describe: Description


class Rest:
    """One REST system."""

    def __init__(self, options: RestOptions, name: str) -> None:
        self._name, self._describe = name, options.describe
        token = options.token.get_secret_value()
        auth = options.describe.auth
        self._client = Client(
            name,
            options.base_url,
            options,
            headers={**options.describe.headers, auth.header: fill(auth.value, {"token": token})},
            secrets=[token],
            refusal=lambda answer: _refusal(answer, options.describe.errors),
        )

    async def probe(self) -> str:
        """Makes the described call."""
        await self._send(self._describe.probe, {})
        return f"{self._name} answers; {', '.join(sorted(self._describe.entities))} can be written"

    async def close(self) -> None:
        """Let go of sockets."""
        await self._client.close()

    async def find(self, entity: str, reference: str) -> Found | None:
        """The record with our reference. Several are Rejected(reason="ambiguous_reference")."""
        known = self._entity(entity)
        call, by_path = known.find, "{reference}" in known.find.path
        body = _filled(call.body, reference) if call.body is not None else None
        answer = await self._send(call, {"reference": reference}, json=body, missing_ok=by_path)
        if answer.status == 404:
            return None
        items = [item for item in self._items(answer, known, entity) if _is_ours(item, known, reference)]
        if len(items) > 1:
            raise Rejected(f"{len(items)} {entity} records carry {reference}", reason="ambiguous_reference")
        return self._found(known, items[0]) if items else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with the target's own id."""
        known = self._entity(entity)
        answer = await self._send(known.get, {"id": target_id}, missing_ok=True)
        return None if answer.status == 404 else self._found(known, select(known.item, answer.data))

    def lists(self, entity: str) -> bool:
        """Whether a list of the entity is described."""
        known = self._describe.entities.get(entity)
        return known is not None and known.list_ is not None

    def lists_changes(self, entity: str) -> bool:
        """Whether the described list can be asked for what changed."""
        known = self._describe.entities.get(entity)
        return known is not None and known.list_ is not None and "since" in known.list_.places()

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind `after`, in the order in which the system lists."""
        known = self._entity(entity)
        if known.list_ is None:
            raise self._unsupported(entity, "listed")
        asked = rest_listing.query(known.list_, fields=fields, after=after, since=since, limit=limit)
        answer = await self._client.request(known.list_.method, known.list_.path, query=asked, idempotent=True)
        return rest_listing.page(self._name, known, known.list_, answer.data, after)

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """It sends no webhooks."""
        raise WebhookRefused(404, "Unknown connection", f"{self._name} is polled and sends no webhooks.")

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what changed at or after this moment."""
        return rest_polling.start_at(since)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of changes since the cursor. Raises ConnectorError."""
        if not self.lists_changes(entity):
            raise self._unsupported(entity, "listed by what changed")
        since, began, after = rest_polling.where(cursor, now)
        listed = await self.listed(entity, fields=(), after=after, since=since)
        return rest_polling.page(entity, listed, since, began)

    async def read(self, entity: str, record_id: str) -> Record:
        """The record as it is now. Raises Rejected(reason="not_found") when it is gone."""
        found = await self.get(entity, record_id)
        if found is None:
            raise Rejected(f"{entity} {record_id} is not in {self._name}", reason="not_found")
        return {**found.record, "id": found.id}

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Only by our reference: no other search is described."""
        known = self._entity(entity)
        if not by:
            return []
        if known.reference is None or set(by) != {known.reference}:
            raise self._unsupported(entity, "searched")
        found = await self.find(entity, by[known.reference])
        return [] if found is None else [{**found.record, "id": found.id}]

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """Create with our reference in the described field. A taken one is Rejected(reason="reference_taken")."""
        known = self._entity(entity)
        if known.create is None:
            raise self._unsupported(entity, "created")
        whole = {**body, known.create.reference: reference}
        return self._written(known, await self._write(known.create, {"reference": reference}, whole))

    def takes_many(self, entity: str) -> bool:
        """Whether a bulk call of the entity is described."""
        known = self._describe.entities.get(entity)
        return known is not None and known.bulk is not None

    async def create_many(
        self, entity: str, records: Sequence[tuple[str, Record]]
    ) -> list[Found | ConnectorError | None]:
        """Create records, each with its own reference, in one request. For each of them, in their order: what was made of
        it, why it was refused, or None where the answer does not say. Raises ConnectorError for the request as a whole."""
        known = self._entity(entity)
        if known.create is None or known.bulk is None:
            raise self._unsupported(entity, "created in bulk")
        bodies = [{**body, known.create.reference: reference} for reference, body in records]
        answer = await self._write(known.bulk, {}, known.bulk.whole(bodies))
        told = read_each(known, known.bulk, self._describe.errors, answer.data)
        if told is None:
            raise AnswerLost(f"{self._name} answered a bulk call without {known.bulk.items}")
        return [told.get(reference) for reference, _ in records]

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set fields of a record."""
        known = self._entity(entity)
        if known.update is None:
            raise self._unsupported(entity, "changed")
        answer = await self._write(known.update, {"id": target_id}, body)
        return self._written(known, answer) if answer.body else await self._read_back(entity, target_id)

    async def post(self, entity: str, target_id: str) -> Found:
        """Make a draft final. One that is final already answers with itself."""
        known = self._entity(entity)
        return self._final(known, await self._moved(entity, target_id, known.post, "posted"))

    async def void(self, entity: str, target_id: str) -> Found:
        """Take a draft back. One that is taken back already answers with itself."""
        return await self._moved(entity, target_id, self._entity(entity).void, "voided")

    def credits(self, entity: str) -> bool:
        """Whether a credit of the entity is described."""
        known = self._describe.entities.get(entity)
        return known is not None and known.credit is not None

    async def credit(self, entity: str, target_id: str, reference: str, body: Record) -> Found:
        """Credit a posted record; the credit note carries our reference. A taken one is Rejected(reason="reference_taken")."""
        known = self._entity(entity)
        if known.credit is None:
            raise self._unsupported(entity, "credited")
        values = {"id": target_id, "reference": reference}
        answer = await self._write(known.credit, values, {**body, known.credit.reference: reference})
        return self._final(known, self._written(known, answer))

    async def _moved(self, entity: str, target_id: str, call: Post | Void | None, what: str) -> Found:
        if call is None:
            raise self._unsupported(entity, what)
        try:
            answer = await self._send(call, {"id": target_id}, idempotent=False, json=call.body)
        except Rejected as refused:
            if refused.reason != ALREADY_DONE:
                raise
            return await self._read_back(entity, target_id)
        return self._written(self._entity(entity), answer) if answer.body else await self._read_back(entity, target_id)

    async def _write(self, call: Call, values: Mapping[str, str], json: Any) -> Answer:
        try:
            return await self._send(call, values, idempotent=False, json=json)
        except Rejected as refused:
            if refused.reason != ALREADY_DONE:
                raise
            words, code, path = refused.words, refused.code, refused.path
        raise Rejected(words, reason=self._describe.errors.default, code=code, path=path)

    async def _send(
        self,
        call: Call,
        values: Mapping[str, str],
        *,
        idempotent: bool = True,
        json: Any = None,
        missing_ok: bool = False,
    ) -> Answer:
        return await self._client.request(
            call.method,
            fill_path(call.path, values),
            query={name: fill(value, values) for name, value in call.query.items()},
            headers={name: fill_header(value, values) for name, value in call.headers.items()},
            json=json,
            idempotent=idempotent,
            missing_ok=missing_ok,
        )

    def _entity(self, entity: str) -> Entity:
        known = self._describe.entities.get(entity)
        if known is None:
            raise self._unsupported(entity, "described")
        return known

    def _unsupported(self, entity: str, what: str) -> Rejected:
        return Rejected(
            f"{entity} is not {what} in {self._name}", reason=self._describe.errors.default, code="unsupported"
        )

    def _items(self, answer: Answer, known: Entity, entity: str) -> list[Any]:
        found = select(known.find.items, answer.data)
        if isinstance(found, dict):
            return [found]
        if not isinstance(found, list):
            raise Unavailable(f"{self._name}: the search of {entity} was answered without {known.find.items}")
        return found

    def _found(self, known: Entity, record: Any) -> Found:
        found = read_record(known, record)
        if found is None:
            raise Unavailable(f"{self._name} answered with a record that has no {known.id}")
        return found

    def _written(self, known: Entity, answer: Answer) -> Found:
        found = read_record(known, select(known.item, answer.data))
        if found is None:
            raise AnswerLost(f"{self._name} answered a write without {known.id}")
        return found

    async def _read_back(self, entity: str, target_id: str) -> Found:
        try:
            found = await self.get(entity, target_id)
        except Unavailable as error:
            lost = f"{self._name} took a write and cannot show the record: {error}"
        else:
            if found is not None:
                return found
            lost = f"{self._name} took a write and does not show the record"
        raise AnswerLost(lost)

    def _final(self, known: Entity, found: Found) -> Found:
        if known.posted and found.status not in known.posted:
            raise AnswerLost(f"{self._name} took the posting and shows {found.status or 'no status'}")
        return found


def _is_ours(item: Any, known: Entity, reference: str) -> bool:
    """A search may be looser than equality; a record that shows another reference is not ours."""
    field = known.reference
    return not isinstance(item, dict) or field not in item or item[field] == reference


def _filled(value: Any, reference: str) -> Any:
    if isinstance(value, str):
        return reference if value == "{reference}" else value
    if isinstance(value, Mapping):
        return {name: _filled(item, reference) for name, item in value.items()}
    return [_filled(item, reference) for item in value] if isinstance(value, list) else value


def _refusal(answer: Answer, errors: Errors) -> ConnectorError | None:
    """A 4xx answer by the described places; the target's own words are kept."""
    status = str(answer.status)
    return rejection(errors, answer.data, code=status, words=answer.text or f"status {status}")


KIND = Kind(
    name="rest",
    title="Any REST system, described in a file: records written, found, listed and polled",
    options=RestOptions,
    build=Rest,
    lacks={Ability.WEBHOOKS},
    tasks="tasks",
    of=described_abilities,
)
