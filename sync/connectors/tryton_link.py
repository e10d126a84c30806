"""What Tryton is asked, whichever way in a connection has: searches, creations, changes, and the actions that its models offer. Each
call ends in a plain result or in exactly one ConnectorError, with Tryton's own words."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from html import unescape
from typing import Any

from sync.connectors.failures import Answer, clip
from sync.connectors.http import Client
from sync.connectors.tryton_options import TrytonOptions
from sync.errors import AnswerLost, ConnectorError, Unauthorized, Unavailable
from sync.model import Found, Record

_TAGS = re.compile(r"<(title|h1)>.*?</\1>|<[^>]*>", re.DOTALL)


class Link(ABC):
    """The way into one company. `company` is its id in Tryton, once it was entered."""

    def __init__(self, options: TrytonOptions, name: str, client: Client) -> None:
        self.name, self.company = name, 0
        self._options, self._client = options, client
        self._heard: datetime | None = None

    async def close(self) -> None:
        """Let go of sockets."""
        await self._client.close()

    @abstractmethod
    async def entered(self) -> int:
        """Tryton's id of the company, after it was entered. Raises ConnectorError."""

    @abstractmethod
    async def ask(self, model: str, method: str, **params: Any) -> Any:
        """What a method of a whole model says that changes nothing; `params` by their names and in their order. Raises ConnectorError."""

    @abstractmethod
    async def create(self, model: str, values: Record) -> int:
        """The id of a new record. Raises ConnectorError; AnswerLost where it may be there."""

    @abstractmethod
    async def write(self, model: str, record_id: int, values: Record) -> None:
        """Change a record. Raises ConnectorError."""

    @abstractmethod
    async def act(self, model: str, record_id: int, action: str) -> None:
        """Have Tryton do something with a record, such as post it. Raises ConnectorError; Rejected(reason="erp_warning", code=its key)
        where a person may pass it."""

    @abstractmethod
    async def skip(self, warning: str) -> None:
        """The next call may pass the warning with this key, once. Raises ConnectorError."""

    async def read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], *, limit: int | None = None
    ) -> list[Record]:
        """The records that fit, also those that are not active, in the order of their ids, at most `limit`."""
        found = await self.ask(
            model, "search_read", domain=domain, offset=0, limit=limit, order=[["id", "ASC"]], fields_names=list(fields)
        )
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

    async def now(self) -> datetime | None:
        """What Tryton's own clock says; None where its answers do not tell. Raises ConnectorError."""
        await self.ask("company.company", "search_count", domain=[])
        return self._heard

    def _one_company(self, found: Any, whom: str) -> int:
        """The one that a search by the name of the company found."""
        match found:
            case [int(company)]:
                return company
            case [_, _, *_]:
                raise Unauthorized(f"{self.name} has several companies called {self._options.company}")
            case []:
                raise Unauthorized(f"{self.name} shows {whom} no company called {self._options.company}")
        raise Unavailable(f"{self.name} answered the search of the company with something else")

    def _by_name(self) -> Record:
        """How the company is searched; two are enough to know that it is not one."""
        domain = [["party.name", "=", self._options.company]]
        return {"domain": domain, "offset": 0, "limit": 2, "order": None}


def read_back(name: str, error: ConnectorError | None = None) -> AnswerLost:
    """A write was taken, and the record cannot be seen."""
    return AnswerLost(f"{name} took a write and does not show the record{f': {error}' if error else ''}")


def words(*parts: Any) -> str:
    """What Tryton says to its user, as one line."""
    return clip(" ".join(str(part) for part in parts if part))


def page(answer: Answer) -> str:
    """The words of an answer that is a page of HTML."""
    return clip(unescape(_TAGS.sub(" ", answer.body[:4000].decode("utf-8", "replace"))))
