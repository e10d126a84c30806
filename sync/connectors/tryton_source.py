"""Tryton as a source: whatever it shows can be polled by the moment of its last change, read as it is now, and searched. It sends
no webhooks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sync.connectors import tryton_polling as polling
from sync.connectors.tryton_link import Link
from sync.connectors.tryton_options import TrytonOptions
from sync.connectors.tryton_posting import Shelf
from sync.errors import Rejected, WebhookRefused
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page

_PAGE = 500
_MOST = 100
_WORD = re.compile(r"\w{2,60}")
_PARTY = {"name": "name", "reference": "code", "vat_id": "identifiers.code", "email": "contact_mechanisms.value"}
_SOLD = {
    "number": "number",
    "reference": "reference",
    "state": "state",
    "party.reference": "party.code",
    "party.name": "party.name",
}
SEARCHED: Mapping[str, Mapping[str, str]] = {
    "customer": _PARTY, "contact": _PARTY, "sale_opportunity": {**_SOLD, "description": "description"}, "sale_subscription": _SOLD,
    "invoice": {"number": "number", "reference": "reference"},
}  # fmt: skip
"""What records are searched by: a flow's word → Tryton's."""


class _Company(Protocol):
    _name: str
    _options: TrytonOptions
    _link: Link

    def _shelf(self, entity: str) -> Shelf: ...

    async def get(self, entity: str, target_id: str) -> Found | None: ...

    async def _read(self, shelf: Shelf, domain: Sequence[Any], *, limit: int | None = None) -> list[Found]: ...


class TrytonSource:
    """What a company adds to be a source."""

    def accept(self: _Company, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """It sends no webhooks."""
        raise WebhookRefused(404, "Unknown connection", f"{self._name} is polled and sends no webhooks.")

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what changed at or after this moment."""
        return polling.start_at(since)

    async def changes(self: _Company, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of the window that the cursor is in. Deletions are not seen here; reads and reconciliation show them. What is
        changed in a record of its own, such as an address or the sale of an opportunity, is no change here. Raises ConnectorError."""
        shelf, options = self._shelf(entity), self._options
        window = polling.under_way(cursor)
        if window is None:
            overlap, lag = timedelta(seconds=options.overlap), timedelta(seconds=options.lag)
            window = polling.following(cursor, overlap=overlap, lag=lag, now=await self._link.now() or now)
        domain = [*polling.domain(window), *shelf.within(await self._link.entered())]
        rows = await self._link.read(shelf.model, domain, polling.FIELDS, limit=_PAGE)
        return polling.page(entity, window, rows, _PAGE)

    async def read(self: _Company, entity: str, record_id: str) -> Record:
        """The record with all that its shelf shows. Raises Rejected(reason="not_found") when it is gone."""
        found = await self.get(entity, record_id)
        if found is None:
            raise Rejected(f"{entity} {record_id} is not in Tryton", reason="not_found", code="404")
        return found.record

    async def search(self: _Company, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Records by some of their fields; `*` finds those that share a word with it in the name by which Tryton shows them."""
        shelf, known = self._shelf(entity), SEARCHED.get(entity, {})
        exact = {name: value for name, value in by.items() if name != "*"}
        if not exact.keys() <= known.keys():
            unknown = ", ".join(sorted(exact.keys() - known.keys()))
            raise Rejected(f"{entity} is not searched by {unknown} in Tryton", code="unsupported")
        domain: list[Any] = [[known[name], "=", value] for name, value in exact.items()]
        if "*" in by:
            said = _words(by["*"])
            if not said:
                return []
            domain.append(["OR", *([["rec_name", "ilike", f"%{_plain(word)}%"]] for word in said)])
        if not domain or not all(exact.values()):
            return []
        return [each.record for each in await self._read(shelf, domain, limit=_MOST)]


def _words(text: str, limit: int = 5) -> list[str]:
    """The longest different words of a text."""
    return sorted(dict.fromkeys(_WORD.findall(text[:1000].lower())), key=len, reverse=True)[:limit]


def _plain(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
