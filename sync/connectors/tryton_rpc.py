"""Calls to Tryton over JSON-RPC. A session is opened when it is needed and again when it ran out; each call ends in a plain
result or in exactly one ConnectorError, with Tryton's own words."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any, Literal

from pydantic import Field

from sync.acknowledging import WARNING as WARNING
from sync.connectors.failures import Answer, clip, sent_at, unanswered, understood
from sync.connectors.http import Client, segment
from sync.connectors.options import Address, HttpOptions, Seconds, Secret
from sync.connectors.tryton_values import plain
from sync.errors import AnswerLost, ConnectorError, Rejected, Unauthorized, Unavailable
from sync.model import Found, Record

_TAGS = re.compile(r"<(title|h1)>.*?</\1>|<[^>]*>", re.DOTALL)


class TrytonOptions(HttpOptions):
    """One company in one database, entered as one user. `amounts` says what the flows call the total of an invoice: `net`, before
    tax, or `gross`. `dated` says whose day stands on an invoice: `as_given`, or `when_posted`, and then the given one is the day
    on which it is booked. The tables translate the workspace's codes to the codes (names of payment terms and taxes) in Tryton."""

    base_url: Address
    database: str = Field(min_length=1)
    """The name of the database."""
    user: str = Field(min_length=1)
    """The user whom Meshline enters as; it needs the groups of sales and accounting."""
    password: Secret
    """The password of that user."""
    company: str = Field(min_length=1)
    """The name of the company whose books they are."""
    amounts: Literal["net", "gross"]
    dated: Literal["as_given", "when_posted"] = "as_given"
    vat_id_type: str | None = None
    """Of which type of identifier a VAT number is in Tryton; Tryton's own choice where it is left out."""
    overlap: Seconds = 300.0
    """How many seconds a poll reaches back behind the last one, for changes that were long under way."""
    lag: Seconds = 10.0
    """How many seconds before now a poll ends."""
    payment_terms: Mapping[str, str] = {}
    """The name of the payment terms in Tryton for each code of the workspace."""
    products: Mapping[str, str] = {}
    """The code of the product in Tryton for each code of the workspace."""
    accounts: Mapping[str, str] = {}
    """The code of the account in Tryton for each code of the workspace."""
    taxes: Mapping[str, str] = {}
    """The name of the tax in Tryton for each code of the workspace."""


class Rpc:
    """The session of one connection."""

    def __init__(self, options: TrytonOptions, name: str) -> None:
        self._options, self.name = options, name
        password = options.password.get_secret_value()
        self._client = Client(name, options.base_url, options, headers={}, secrets=[password], refusal=_refusal)
        self._path = f"/{segment(options.database)}/rpc/"
        self._entering = asyncio.Lock()
        self._session = ""
        self._heard: datetime | None = None
        self.company = 0

    async def close(self) -> None:
        """Let go of sockets."""
        await self._client.close()

    async def read(self, model: str, domain: Sequence[Any], fields: Sequence[str], **more: Any) -> list[Record]:
        """The records that fit, also those that are not active, in the order of their ids, at most `limit`."""
        limit, context = more.get("limit"), {"active_test": False}
        order = [["id", "ASC"]]
        found = await self.call(f"model.{model}.search_read", domain, 0, limit, order, list(fields), context=context)
        if not isinstance(found, list) or not all(isinstance(each, dict) and "id" in each for each in found):
            raise Unavailable(f"{self.name} answered a search of {model} with something else")
        return found

    async def after(self, look: Callable[[], Awaitable[list[Found]]]) -> list[Found]:
        """What is seen of a record after it was written; at least one. Raises AnswerLost where nothing is."""
        try:
            found = await look()
        except Unavailable as error:
            lost = read_back(self.name, error)
        else:
            if found:
                return found
            lost = read_back(self.name)
        raise lost

    async def call(self, method: str, *params: Any, idempotent: bool = True, context: Record | None = None) -> Any:
        """The result of a method. Raises ConnectorError; Rejected(reason="erp_warning", code=its key) where a person may pass it."""
        company, session = await self.entered(), self._session
        whole = [*params, {"company": company, "language": "en", **(context or {})}]
        try:
            return await self._ask(method, whole, session=session, idempotent=idempotent)
        except Unauthorized:
            await self._enter(session)  # sessions end after minutes of quiet; nothing was done
        return await self._ask(method, whole, session=self._session, idempotent=idempotent)

    async def entered(self) -> int:
        """Tryton's id of the company, after a session was opened. Raises ConnectorError."""
        if not self._session:
            await self._enter("")
        return self.company

    async def now(self) -> datetime | None:
        """What Tryton's own clock says; None where its answers do not tell. Raises ConnectorError."""
        await self.call("model.company.company.search_count", [])
        return self._heard

    async def _enter(self, stale: str) -> None:
        async with self._entering:
            if self._session != stale:
                return  # somebody else was here meanwhile
            told = self._options
            password = {"password": told.password.get_secret_value()}
            opened = await self._ask("common.db.login", [told.user, password, "en"], session="", idempotent=True)
            match opened:
                case [int(user), str(token), *_]:
                    session = base64.b64encode(f"{told.user}:{user}:{token}".encode()).decode()
                case _:
                    raise Unavailable(f"{self.name} answered the login with something else")
            self.company = await self._find_company(session)
            self._session = session

    async def _find_company(self, session: str) -> int:
        asked = [[["party.name", "=", self._options.company]], 0, 2, None, {"language": "en"}]
        found = await self._ask("model.company.company.search", asked, session=session, idempotent=True)
        match found:
            case [int(company)]:
                return company
            case [_, _, *_]:
                raise Unauthorized(f"{self.name} has several companies called {self._options.company}")
            case []:
                raise Unauthorized(f"{self.name} shows {self._options.user} no company called {self._options.company}")
        raise Unavailable(f"{self.name} answered the search of the company with something else")

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


def read_back(name: str, error: ConnectorError | None = None) -> AnswerLost:
    """A write was taken, and the record cannot be seen."""
    return AnswerLost(f"{name} took a write and does not show the record{f': {error}' if error else ''}")


def _told(name: str, method: str, kind: str, about: Sequence[Any], *, idempotent: bool) -> ConnectorError:
    """The error that Tryton names. What is no word to its user is a fault inside it, and nobody knows how far it came."""
    match kind, about:
        case "UserError", [[message, *more], *_]:
            return Rejected(_words(message, *more[:1]))
        case "UserWarning", [[key, message, *more], *_]:
            return Rejected(_words(message, *more[:1]), reason=WARNING, code=clip(str(key), 200))
        case "ConcurrencyException", _:
            return Unavailable(f"{name} is changing this very record: {_words(*about)}")
        case "LoginException", _:
            return Unauthorized(f"{name} asks for more than a password")
    return unanswered(f"{name} failed in {method}: {clip(kind, 200)}", idempotent=idempotent)


def _words(*parts: Any) -> str:
    return clip(" ".join(str(part) for part in parts if part))


def _refusal(answer: Answer) -> ConnectorError | None:
    """Errors before any method is reached are pages of HTML."""
    said = clip(unescape(_TAGS.sub(" ", answer.body[:4000].decode("utf-8", "replace"))))
    if answer.status == 404:
        return Unauthorized(f"there is no such database: {said}")
    return Rejected(said or f"status {answer.status}", code=str(answer.status))
