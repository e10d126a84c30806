"""The reading half of a described REST system: found by our reference, shown, listed, polled, searched; and told of by webhooks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sync.connectors import polling, rest_listing
from sync.connectors.failures import Answer
from sync.connectors.http import Client
from sync.connectors.links import next_of, path_within
from sync.connectors.rest_description import Call, Description, Entity, fill, fill_header, fill_path
from sync.connectors.rest_record import read_record
from sync.connectors.rest_search import MOST, how, matching
from sync.connectors.selector import select
from sync.connectors.webhook import Webhook
from sync.errors import Rejected, Unavailable, WebhookRefused
from sync.listing import Listed
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page


class Reading:
    """What is read of one system, over its `client`."""

    def __init__(
        self, name: str, base_url: str, describe: Description, client: Client, webhook: Webhook | None
    ) -> None:
        self._name, self._base_url, self._describe = name, base_url, describe
        self._client, self._webhook = client, webhook

    async def find(self, entity: str, reference: str) -> Found | None:
        """The record with our reference. Several are Rejected(reason="ambiguous_reference")."""
        known = self._entity(entity)
        call, by_path = known.find, "{reference}" in known.find.path
        body = _filled(call.body, "{reference}", reference) if call.body is not None else None
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
        call, following = known.list_, known.list_.follow is not None and after is not None
        asked = {} if following else rest_listing.query(call, fields=fields, after=after, since=since, limit=limit)
        path = after if following and after is not None else call.path
        answer = await self._client.request(call.method, path, query=asked, headers=call.headers, idempotent=True)
        onward = self._next(answer) if call.follow is not None else select(call.after, answer.data)
        return rest_listing.page(self._name, known, call, answer.data, after, onward)

    def _next(self, answer: Answer) -> str | None:
        """The path of the next page as the header Link names it. Raises Unavailable for one that leads elsewhere."""
        link = next_of(answer.headers.get("link", ""))
        path = path_within(self._base_url, link) if link else None
        if link and path is None:
            raise Unavailable(f"{self._name} names a next page at another address")
        return path

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The changes in a genuine webhook, where the connection has `webhooks`; the records are read again."""
        if self._webhook is None:
            raise WebhookRefused(404, "Unknown connection", f"{self._name} is polled and sends no webhooks.")
        return [replace(each, payload=None) for each in self._webhook.accept(incoming, now=now)]

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what changed at or after this moment."""
        return polling.start_at(since)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of changes since the cursor. Raises ConnectorError."""
        if not self.lists_changes(entity):
            raise self._unsupported(entity, "listed by what changed")
        return await polling.changes(self, entity, cursor, now=now)

    async def read(self, entity: str, record_id: str) -> Record:
        """The record as it is now. Raises Rejected(reason="not_found") when it is gone."""
        found = await self.get(entity, record_id)
        if found is None:
            raise Rejected(f"{entity} {record_id} is not in {self._name}", reason="not_found")
        return {**found.record, "id": found.id}

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """By our reference, or by fields of which one has a call; the others are compared here."""
        known = self._entity(entity)
        if not by:
            return []
        if known.reference is not None and set(by) == {known.reference}:
            found = await self.find(entity, by[known.reference])
            return [] if found is None else [{**found.record, "id": found.id}]
        described = how(known, by)
        if described is None:
            raise self._unsupported(entity, f"searched by {', '.join(by)}")
        call, name = described
        body = _filled(call.body, "{value}", by[name]) if call.body is not None else None
        answer = await self._send(call, {"value": by[name]}, json=body)
        items = select(call.items, answer.data)
        if not isinstance(items, list):
            raise Unavailable(f"{self._name}: the search of {entity} was answered without {call.items}")
        records = [self._found(known, item) for item in items]
        return [{**one.record, "id": one.id} for one in records if matching(one.record, by)][:MOST]

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


def _is_ours(item: Any, known: Entity, reference: str) -> bool:
    """A search may be looser than equality; a record that shows another reference is not ours."""
    field = known.reference
    return not isinstance(item, dict) or field not in item or item[field] == reference


def _filled(value: Any, place: str, with_: str) -> Any:
    if isinstance(value, str):
        return with_ if value == place else value
    if isinstance(value, Mapping):
        return {name: _filled(item, place, with_) for name, item in value.items()}
    return [_filled(item, place, with_) for item in value] if isinstance(value, list) else value
