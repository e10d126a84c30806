"""Any REST system as a target, by description; as a source it is polled or tells of changes by webhook. The same
reference is never knowingly created twice: what the answer does not prove is AnswerLost, and two records with one reference are
for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from sync.connectors.failures import Answer
from sync.connectors.http import Client
from sync.connectors.kind import Kind
from sync.connectors.links import path_within
from sync.connectors.rest_abilities import described_abilities
from sync.connectors.rest_bulk import read_each
from sync.connectors.rest_description import Call, Entity, Errors, Post, Void
from sync.connectors.rest_options import RestOptions, fetched, lasting
from sync.connectors.rest_reading import Reading
from sync.connectors.rest_record import ALREADY_DONE, read_record, rejection
from sync.connectors.selector import select
from sync.connectors.webhook import Webhook
from sync.errors import AnswerLost, ConnectorError, Rejected, Unavailable
from sync.model import Found, Record


class Rest(Reading):
    """One REST system."""

    def __init__(self, options: RestOptions, name: str) -> None:
        headers, secrets = lasting(options)
        client = Client(
            name,
            options.base_url,
            options,
            headers={**options.describe.headers, **headers},
            secrets=secrets,
            refusal=lambda answer: _refusal(answer, options.describe.errors),
            auth=fetched(name, options),
        )
        webhook = Webhook(options.webhooks, name) if options.webhooks is not None else None
        super().__init__(name, options.base_url, options.describe, client, webhook)

    async def probe(self) -> str:
        """Makes the described call."""
        await self._send(self._describe.probe, {})
        return f"{self._name} answers; {', '.join(sorted(self._describe.entities))} can be written"

    async def close(self) -> None:
        """Let go of sockets."""
        await self._client.close()

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """Create with our reference in the described field. A taken one is Rejected(reason="reference_taken")."""
        known = self._entity(entity)
        if known.create is None:
            raise self._unsupported(entity, "created")
        whole = {**body, known.create.reference: reference}
        return await self._made(entity, await self._write(known.create, {"reference": reference}, whole))

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
        return self._final(known, await self._made(entity, answer))

    async def _made(self, entity: str, answer: Answer) -> Found:
        """What a write made: shown in its answer, or where that says that it is."""
        known, there = self._entity(entity), answer.headers.get("location")
        if answer.body or not there:
            return self._written(known, answer)
        path = path_within(self._base_url, there)
        made = unquote(path.partition("?")[0].rpartition("/")[2]) if path is not None else ""
        if not made:
            raise AnswerLost(f"{self._name} took a write and names an address elsewhere")
        return await self._read_back(entity, made)

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


def _refusal(answer: Answer, errors: Errors) -> ConnectorError | None:
    """A 4xx answer by the described places; the target's own words are kept."""
    status = str(answer.status)
    return rejection(errors, answer.data, code=status, words=answer.text or f"status {status}")


KIND = Kind(
    name="rest",
    title="Any REST system, described in a file: records written, found, listed and polled",
    options=RestOptions,
    build=Rest,
    tasks="tasks",
    of=described_abilities,
)
