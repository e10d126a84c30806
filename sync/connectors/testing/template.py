"""Acme's billing system: records are found, created and changed there, listed, and polled for what changed. The same reference
is never knowingly created twice: what an answer does not prove is AnswerLost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.abilities import Ability
from sync.connectors import polling
from sync.connectors.failures import Answer
from sync.connectors.http import Client, segment
from sync.connectors.kind import Kind
from sync.connectors.options import Address, HttpOptions, Secret
from sync.errors import AnswerLost, ConnectorError, Rejected, Unavailable, WebhookRefused
from sync.listing import Entry, Listed
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page


class AcmeOptions(HttpOptions):
    """One account at Acme."""

    base_url: Address
    """Where the system is reached, such as https://api.acme.example."""
    token: Secret
    """The API key of the user that Meshline is there."""


def refusal(answer: Answer) -> ConnectorError | None:
    """What a refusal means, in Acme's words; None where the answer says nothing that we know."""
    said = answer.data.get("error") if isinstance(answer.data, dict) else None
    if not isinstance(said, dict):
        return None
    code, words = str(said.get("code", "")), str(said.get("message", ""))
    reason = "reference_taken" if code == "duplicate_reference" else "erp_rejected"
    return Rejected(words or code, reason=reason, code=code, path=said.get("field"))


class Acme:
    """One account."""

    def __init__(self, options: AcmeOptions, name: str) -> None:
        token = options.token.get_secret_value()
        headers = {"authorization": f"Bearer {token}"}
        self._name = name
        self._client = Client(name, options.base_url, options, headers=headers, secrets=[token], refusal=refusal)

    async def probe(self) -> str:
        """Asks who we are there."""
        answer = await self._client.request("GET", "/v1/me", idempotent=True)
        who = answer.data.get("name") if isinstance(answer.data, dict) else None
        return f"{self._name} answers as {who or 'somebody without a name'}"

    async def close(self) -> None:
        """Let go of sockets."""
        await self._client.close()

    async def find(self, entity: str, reference: str) -> Found | None:
        """The record that carries our reference. Several are Rejected(reason="ambiguous_reference")."""
        found = [each for each in await self._rows(entity, {"reference": reference}) if each.reference == reference]
        if len(found) > 1:
            raise Rejected(f"{len(found)} {entity} carry {reference}", reason="ambiguous_reference")
        return Found(id=found[0].id, record=found[0].record, status=found[0].status) if found else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with Acme's own id."""
        path = f"/v1/{segment(entity)}/{segment(target_id)}"
        answer = await self._client.request("GET", path, idempotent=True, missing_ok=True)
        if answer.status == 404:
            return None
        found = shown(answer.data)
        if found is None:
            raise Unavailable(f"{self._name} answered with something that is no record")
        return found

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """Create with our reference. A taken one is Rejected(reason="reference_taken")."""
        return await self._write("POST", f"/v1/{segment(entity)}", {**body, "reference": reference})

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set fields of a record."""
        return await self._write("PATCH", f"/v1/{segment(entity)}/{segment(target_id)}", body)

    async def post(self, entity: str, target_id: str) -> Found:
        """Acme knows no drafts."""
        raise Rejected(f"{entity} are not posted in Acme", code="unsupported")

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """Acme sends no webhooks."""
        raise WebhookRefused(404, "Unknown connection", f"{self._name} is polled and sends no webhooks.")

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what changed at or after this moment."""
        return polling.start_at(since)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of changes since the cursor. Raises ConnectorError."""
        return await polling.changes(self, entity, cursor, now=now)

    async def read(self, entity: str, record_id: str) -> Record:
        """The record as it is now. Raises Rejected(reason="not_found") when it is gone."""
        found = await self.get(entity, record_id)
        if found is None:
            raise Rejected(f"{entity} {record_id} is not in {self._name}", reason="not_found")
        return {**found.record, "id": found.id}

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Records whose fields equal all of `by`."""
        if not by or not all(by.values()):
            return []
        return [{**each.record, "id": each.id} for each in await self._rows(entity, by)]

    def lists(self, entity: str) -> bool:
        """Everything is listed."""
        return True

    def lists_changes(self, entity: str) -> bool:
        """By the moment that Acme says a record changed."""
        return True

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind the id `after`, in the order of the ids, which no change moves."""
        size = min(limit, 100)
        query = {"after": after, "since": since.isoformat() if since else None, "limit": str(size)}
        found = await self._rows(entity, {name: value for name, value in query.items() if value is not None})
        return Listed(entries=tuple(found), after=found[-1].id if len(found) == size else None)

    async def _rows(self, entity: str, query: Mapping[str, str]) -> list[Entry]:
        answer = await self._client.request("GET", f"/v1/{segment(entity)}", query=query, idempotent=True)
        items = answer.data.get("items") if isinstance(answer.data, dict) else None
        found = [entry(each) for each in items] if isinstance(items, list) else [None]
        rows = [each for each in found if each is not None]
        if len(rows) < len(found):  # a record that is passed over would be lost
            raise Unavailable(f"{self._name} listed {entity} with something that is no record")
        return rows

    async def _write(self, method: str, path: str, body: Record) -> Found:
        answer = await self._client.request(method, path, json=body, idempotent=False)
        found = shown(answer.data)
        if found is None:
            raise AnswerLost(f"{self._name} answered a write without the record")
        return found


def shown(data: Any) -> Found | None:
    """The record in an answer; None where there is none."""
    if not isinstance(data, dict) or not isinstance(data.get("id"), str | int):
        return None
    return Found(id=str(data["id"]), record=data, status=str(data.get("status") or ""))


def entry(data: Any) -> Entry | None:
    """A record as it stands in a list; None where it is none, or does not say when it changed."""
    found = shown(data)
    try:
        at = datetime.fromisoformat(data["changed_at"])
    except (KeyError, TypeError, ValueError):
        return None
    if found is None or at.tzinfo is None:
        return None
    return Entry(found.id, found.record, at, found.status, str(found.record.get("reference") or ""))


KIND = Kind(
    name="acme",
    title="Acme: records found, created, changed, listed and polled",
    options=AcmeOptions,
    build=Acme,
    lacks={Ability.WEBHOOKS, Ability.POST},
)
