"""Tryton over JSON-RPC. A session is opened when it is needed and again when it ran out. Only this way tells a warning from an error
and names it, so that people can let it pass."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

from sync.acknowledging import WARNING
from sync.connectors.failures import Answer, clip, sent_at, unanswered, understood
from sync.connectors.http import Client, segment
from sync.connectors.tryton_link import Link, page, read_back, words
from sync.connectors.tryton_options import TrytonOptions
from sync.connectors.tryton_values import plain
from sync.errors import ConnectorError, Rejected, Unauthorized, Unavailable
from sync.model import Record


class Rpc(Link):
    """The session of one connection."""

    def __init__(self, options: TrytonOptions, name: str, *, user: str, password: str) -> None:
        client = Client(name, options.base_url, options, headers={}, secrets=[password], refusal=_refusal)
        super().__init__(options, name, client)
        self._path = f"/{segment(options.database)}/rpc/"
        self._user, self._password = user, password
        self._entering = asyncio.Lock()
        self._session = ""

    async def entered(self) -> int:
        """Tryton's id of the company, after a session was opened. Raises ConnectorError."""
        if not self._session:
            await self._enter("")
        return self.company

    async def ask(self, model: str, method: str, **params: Any) -> Any:
        """JSON-RPC knows parameters by their places."""
        return await self._call(f"model.{model}.{method}", *params.values(), idempotent=True)

    async def create(self, model: str, values: Record) -> int:
        """One record by a call that makes many."""
        match await self._call(f"model.{model}.create", [values]):
            case [int(made)]:
                return made
        raise read_back(self.name)

    async def write(self, model: str, record_id: int, values: Record) -> None:
        """One record by a call that changes many."""
        await self._call(f"model.{model}.write", [record_id], values)

    async def act(self, model: str, record_id: int, action: str) -> None:
        """As a button of Tryton's own client does."""
        await self._call(f"model.{model}.{action}", [record_id])

    async def skip(self, warning: str) -> None:
        """As somebody who says yes in Tryton's own client."""
        await self._call("model.res.user.warning.skip", warning, False, idempotent=True)

    async def _call(self, method: str, *params: Any, idempotent: bool = False) -> Any:
        company, session = await self.entered(), self._session
        whole = [*params, {"company": company, "language": "en", **({"active_test": False} if idempotent else {})}]
        try:
            return await self._ask(method, whole, session=session, idempotent=idempotent)
        except Unauthorized:
            await self._enter(session)  # sessions end after minutes of quiet; nothing was done
        return await self._ask(method, whole, session=self._session, idempotent=idempotent)

    async def _enter(self, stale: str) -> None:
        async with self._entering:
            if self._session != stale:
                return  # somebody else was here meanwhile
            asked = [self._user, {"password": self._password}, "en"]
            opened = await self._ask("common.db.login", asked, session="", idempotent=True)
            match opened:
                case [int(user), str(token), *_]:
                    session = base64.b64encode(f"{self._user}:{user}:{token}".encode()).decode()
                case _:
                    raise Unavailable(f"{self.name} answered the login with something else")
            asked = [*self._by_name().values(), {"language": "en"}]
            found = await self._ask("model.company.company.search", asked, session=session, idempotent=True)
            self.company = self._one_company(found, self._user)
            self._session = session

    async def _ask(self, method: str, params: Sequence[Any], *, session: str, idempotent: bool) -> Any:
        answer = await self._client.request(
            "POST",
            f"{self._path}?{method}",  # Tryton does not read it; whoever reads its logs does
            json={"id": 1, "method": method, "params": params},
            headers={"authorization": f"Session {session}"} if session else None,
            idempotent=idempotent,
        )
        self._heard = sent_at(answer.headers)
        match answer.data:
            case {"error": [kind, *about]}:
                raise _told(self.name, method, str(kind), about, idempotent=idempotent)
            case {"result": result}:
                with understood(self.name, idempotent=idempotent):
                    return plain(result)
        raise unanswered(f"{self.name} answered {method} with something else", idempotent=idempotent)


def _told(name: str, method: str, kind: str, about: Sequence[Any], *, idempotent: bool) -> ConnectorError:
    """The error that Tryton names. What is no word to its user is a fault inside it, and nobody knows how far it came."""
    match kind, about:
        case "UserError", [[message, *more], *_]:
            return Rejected(words(message, *more[:1]))
        case "UserWarning", [[key, message, *more], *_]:
            return Rejected(words(message, *more[:1]), reason=WARNING, code=clip(str(key), 200))
        case "ConcurrencyException", _:
            return Unavailable(f"{name} is changing this very record: {words(*about)}")
        case "LoginException", _:
            return Unauthorized(f"{name} asks for more than a password")
    return unanswered(f"{name} failed in {method}: {clip(kind, 200)}", idempotent=idempotent)


def _refusal(answer: Answer) -> ConnectorError | None:
    """Errors before any method is reached are pages of HTML."""
    said = page(answer)
    if answer.status == 404:
        return Unauthorized(f"there is no such database: {said}")
    return Rejected(said or f"status {answer.status}", code=str(answer.status))
