"""Tryton over REST, with the key of a user: no session, so that nothing runs out. Records are made, changed and moved as resources.
They are searched by the action `search_read` of their model and not by GET: a GET leaves out what its user may not read as if it
were not there, puts what is searched into the logs of every machine on the way, and is refused (414) when many codes are asked for."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import orjson

from sync.connectors.failures import Answer, sent_at, understood
from sync.connectors.http import Client, segment
from sync.connectors.tryton_link import Link, page, read_back, words
from sync.connectors.tryton_options import TrytonOptions
from sync.connectors.tryton_values import plain
from sync.errors import ConnectorError, Rejected, Unavailable
from sync.model import Record

_ONLY_ID = "?f=id"


class _Key:
    """A key that lasts. A busy Tryton sometimes does not find it: what was refused is sent once more."""

    def __init__(self, key: str) -> None:
        self._headers = {"authorization": f"Bearer {key}"}

    async def headers_for(self, method: str, url: str, body: bytes | None) -> Mapping[str, str]:
        return self._headers

    def refused(self, headers: Mapping[str, str]) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""


class Rest(Link):
    """The key of one connection. A warning is refused in Tryton's words like any other refusal: REST does not tell them apart."""

    def __init__(self, options: TrytonOptions, name: str, *, key: str) -> None:
        client = Client(name, options.base_url, options, headers={}, secrets=[key], refusal=_refusal, auth=_Key(key))
        super().__init__(options, name, client)
        self._path = f"/{segment(options.database)}/rest/model/"
        self._entering = asyncio.Lock()

    async def entered(self) -> int:
        """Tryton's id of the company, after it was searched by its name. Raises ConnectorError."""
        async with self._entering:
            if not self.company:
                found = await self._said("company.company", "search", self._by_name())
                self.company = self._one_company(found, "the user of this key")
        return self.company

    async def ask(self, model: str, method: str, **params: Any) -> Any:
        """An action of the whole model."""
        await self.entered()
        return await self._said(model, method, params)

    async def create(self, model: str, values: Record) -> int:
        """One resource."""
        await self.entered()
        answer = await self._sent("POST", segment(model) + _ONLY_ID, values, idempotent=False)
        match answer.data:
            case {"id": int(made)}:
                return made
        raise read_back(self.name)

    async def write(self, model: str, record_id: int, values: Record) -> None:
        """One resource."""
        await self._moved("PUT", model, record_id, "", values)

    async def act(self, model: str, record_id: int, action: str) -> None:
        """An action of one resource."""
        await self._moved("POST", model, record_id, f"/{segment(action)}", {})

    async def skip(self, warning: str) -> None:
        """Never: nobody knows which warning it was."""
        raise Rejected("a warning of Tryton is passed over JSON-RPC only, not with a key", code="unsupported")

    async def _moved(self, method: str, model: str, record_id: int, action: str, values: Record) -> None:
        await self.entered()
        path = f"{segment(model)}/{record_id}{action}{_ONLY_ID}"
        answer = await self._sent(method, path, values, idempotent=False, missing_ok=True)
        if answer.status == 404:
            raise Rejected(f"there is no {model} {record_id} in Tryton", code="404")

    async def _said(self, model: str, method: str, params: Record) -> Any:
        answer = await self._sent("POST", f"{segment(model)}/{segment(method)}", params, idempotent=True)
        with understood(self.name):
            return plain(answer.data)

    async def _sent(
        self, method: str, path: str, told: Record, *, idempotent: bool, missing_ok: bool = False
    ) -> Answer:
        context: Record = {"language": "en", **({"company": self.company} if self.company else {})}
        if idempotent or method == "PUT":  # what is not active is found, too
            context["active_test"] = False
        headers = {"x-tryton-context": base64.urlsafe_b64encode(orjson.dumps(context)).decode()}
        answer = await self._client.request(
            method, self._path + path, json=told, headers=headers, idempotent=idempotent, missing_ok=missing_ok
        )
        self._heard = sent_at(answer.headers)
        return answer


def _refusal(answer: Answer) -> ConnectorError | None:
    """Words to its user are JSON; all else that goes wrong is a page of HTML."""
    match answer.data:
        case {"message": message, **more}:
            return Rejected(words(message, more.get("description")))
    said = page(answer)
    if answer.status == 404:
        return Unavailable(f"there is no such database, or it has no REST: {said}")  # or it was started a moment ago
    return Rejected(said or f"status {answer.status}", code=str(answer.status))
