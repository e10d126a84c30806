"""Other systems, as small Protocols: a source that is read, a target that is written, and what every connection can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from sync.errors import ConnectorError
from sync.model import Change, Found, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A webhook as it arrived. `url` is the full public address, `headers` have lower-case names, `body` is raw."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a poll. `cursor` continues after it (opaque JSON of the connector); `more` says whether this window has further pages."""

    changes: tuple[Change, ...]
    cursor: Record
    more: bool


@runtime_checkable
class Source(Protocol):
    """A system that records come from."""

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The changes in a genuine webhook. Raises WebhookRefused (401 unsigned, stale or forged; 400 malformed)."""
        ...

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of changes since the cursor; None starts from the beginning. Raises ConnectorError."""
        ...

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what changed at or after this moment."""
        ...

    async def read(self, entity: str, record_id: str) -> Record:
        """The record as it is now with its relations. Raises Rejected(reason="not_found") when it is gone, ConnectorError otherwise."""
        ...

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Records of the entity whose fields equal all of `by`, at most 100, each with `id`. The field `*` searches by words."""
        ...


@runtime_checkable
class Target(Protocol):
    """A system that records are written to. Every method raises ConnectorError; AnswerLost only where the fate is unknown."""

    async def find(self, entity: str, reference: str) -> Found | None:
        """The record that carries the external reference."""
        ...

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with the target's own id."""
        ...

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """Create with the external reference. Never creates twice knowingly; a taken reference is Rejected(reason="reference_taken")."""
        ...

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set fields of a record."""
        ...

    async def post(self, entity: str, target_id: str) -> Found:
        """Turn a draft into a posted record. Posting a posted record answers with it."""
        ...


@runtime_checkable
class BulkTarget(Target, Protocol):
    """A target that can also take many records in one call."""

    def takes_many(self, entity: str) -> bool:
        """Whether it can for this entity."""
        ...

    async def create_many(
        self, entity: str, records: Sequence[tuple[str, Record]]
    ) -> Sequence[Found | ConnectorError | None]:
        """Create records, each with its external reference. For each of them, in their order: what was made of it, why it
        was not, or None where the answer does not say. Raises ConnectorError for the call as a whole."""
        ...


@runtime_checkable
class VoidingTarget(Target, Protocol):
    """A target that can also take a draft back."""

    async def void(self, entity: str, target_id: str) -> Found:
        """The draft counts no more. Voiding what is void answers with it; what is posted is refused."""
        ...


@runtime_checkable
class Connector(Protocol):
    """What every connection can do besides being a source or a target."""

    async def probe(self) -> str:
        """One line that proves the connection works. Raises ConnectorError."""
        ...

    async def close(self) -> None:
        """Let go of sockets."""
        ...
