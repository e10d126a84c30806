"""Stripe by its official library: each call ends in a plain record or in exactly one ConnectorError, with Stripe's own words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from sync.circles import Walk
from sync.connectors.failures import Answer, clip, unanswered, understood
from sync.connectors.http import Client
from sync.connectors.stripe_options import StripeOptions
from sync.connectors.stripe_shapes import LINE, fits
from sync.errors import AnswerLost, ConfigurationError, ConnectorError, Rejected, Throttled, Unavailable
from sync.model import Record

UNKNOWN = "not_in_erp"
MOST = 100
"""So many records a list of Stripe gives at once."""
SEARCHED = frozenset({"customer", "invoice"})
"""What Stripe's search knows."""
_ID = re.compile(r"[A-Za-z0-9_]{1,255}", re.ASCII)
_PARAM = re.compile(r"lines\[(\d+)\]\[(\w+)\]")
_GONE = "resource_missing"
_ANCHORS = 5
_REASONS = {_GONE: UNKNOWN, "invoice_not_editable": "changed_after_posting"}
_PATHS = {
    "customer": "customer_id", "currency": "currency", "effective_at": "issue_date", "days_until_due": "payment_terms",
    "name": "name", "email": "email", "phone": "phone", "address[country]": "country",
}  # fmt: skip
_LINE_PATHS = {"amount": "unit_price_minor", "unit_amount": "unit_price_minor", "tax_rates": "tax_code"}


class Calls:
    """The calls of one connection."""

    def __init__(self, options: StripeOptions, name: str) -> None:
        key, wire = options.api_key.get_secret_value(), _library()
        self.name, self.options = name, options
        self._client = Client(
            name,
            options.base_url,
            options,
            headers={"authorization": f"Bearer {key}"},
            secrets=[key],
            refusal=self._refusal,
        )
        self._replayed = wire.REPLAYED
        api: Any = wire.opened(self._client, key, options.base_url).v1
        self._lines = {"invoice": api.invoices.line_items, "credit_note": api.credit_notes.line_items}
        self._services = {"customer": api.customers, "invoice": api.invoices, "credit_note": api.credit_notes}

    async def close(self) -> None:
        """Let go of sockets."""
        await self._client.close()

    def lately(self) -> int:
        """The moment, by Stripe's clock, from which on its search may not know everything."""
        now: datetime = self._client.theirs(self._client.clock())
        return int((now - timedelta(seconds=self.options.recent)).timestamp())

    async def read(self, entity: str, target_id: str) -> Record | None:
        """The record with Stripe's id; None where there is none, or it was deleted."""
        try:
            record, _ = await self._one(entity, self._services[entity].retrieve_async(known(target_id)), reading=True)
        except Rejected as refused:
            if refused.code == _GONE:
                return None
            wrong: ConnectorError = refused
            if refused.code == "404":  # a page of somebody else's says nothing of the record
                wrong = Unavailable(f"{self.name} answered the reading of a {entity} with a page that is not Stripe's")
        else:
            return None if record.get("deleted") else record
        raise wrong

    async def page(
        self, entity: str, asked: Mapping[str, Any], behind: Sequence[str] = ()
    ) -> tuple[list[Record], bool]:
        """The newest records, or those `behind` the last of these ids that is still there, and whether there are more. A list knows at
        once what was written."""
        for anchor in reversed(behind):
            try:
                return await self._page(entity, {**asked, "starting_after": anchor})
            except Rejected as refused:
                if refused.code != _GONE:
                    raise
        if behind:
            raise Unavailable(f"{self.name} has none of the records any more behind which its list was to go on")
        return await self._page(entity, asked)

    async def walk(self, entity: str, asked: Mapping[str, Any]) -> AsyncIterator[Record]:
        """Every record of a list, the newest first."""
        more, behind, walk = True, list[str](), Walk()
        while more:
            rows, more = await self.page(entity, {"limit": MOST, **asked}, behind)
            for row in rows:
                yield row
            behind = anchors(behind, rows)
            self._on(walk, entity, rows)

    async def searched(self, entity: str, query: str) -> list[Record]:
        """The first records that Stripe's search finds. It is behind: what was written just now may be missing."""
        rows, _ = await self._several(
            entity, self._services[entity].search_async(params={"query": query, "limit": MOST})
        )
        return rows

    async def lines(self, document: Record) -> list[Record]:
        """All lines of an invoice or a credit note, which itself holds only the first."""
        rows, more, walk = list(document["lines"]["data"]), document["lines"]["has_more"], Walk()
        while more:
            asked = {"limit": MOST, **({"starting_after": rows[-1]["id"]} if rows else {})}
            listing = self._lines[document["object"]].list_async(document["id"], params=asked)
            page, more = await self._several(LINE, listing)
            rows += page
            self._on(walk, LINE, page)
        return rows

    async def make(self, entity: str, told: Record, seed: str) -> Record:
        """What was created. A second belt is Stripe's own: within a day the same seed and record make one. Where that one is gone or
        void by now, another is made."""
        for _ in range(MOST):
            creating = self._services[entity].create_async(params=told, options={"idempotency_key": _key(seed)})
            made, before = await self._one(entity, creating, reading=False)
            if not before:
                return made
            stands = await self.read(entity, made["id"])
            if stands is not None and stands.get("status") != "void":
                return stands
            seed = f"{seed} {made['id']}"
        raise AnswerLost(f"{self.name} answers a new {entity} again and again with one that is gone")

    async def change(self, entity: str, target_id: str, told: Record) -> Record:
        """The record with these fields set."""
        return (await self._one(entity, self._services[entity].update_async(target_id, params=told), reading=False))[0]

    async def act(self, what: str, target_id: str, told: Record, *, seed: str | None = None) -> Record:
        """The invoice after an action of this name."""
        options = {"idempotency_key": _key(seed)} if seed else {}
        call = getattr(self._services["invoice"], f"{what}_async")(target_id, params=told, options=options)
        return (await self._one("invoice", call, reading=False))[0]

    async def delete(self, target_id: str) -> None:
        """Delete a draft; one that is not there is deleted."""
        try:
            await self._one("invoice", self._services["invoice"].delete_async(target_id), reading=False)
        except Rejected as refused:
            if refused.code != _GONE:
                raise

    def _on(self, walk: Walk, entity: str, rows: Sequence[Record]) -> None:
        """The next page may be asked for. Raises Unavailable where the pages go in a circle."""
        if rows and walk.circles(rows[-1]["id"]):
            raise Unavailable(f"{self.name}: the list of {entity} goes in a circle")

    async def _one(self, entity: str, call: Awaitable[Any], *, reading: bool) -> tuple[Record, bool]:
        with understood(self.name, idempotent=reading):
            answer = await call
            record: Record = answer.to_dict()
            if fits(entity, record):
                return record, answer.last_response.headers[self._replayed] == "true"
        raise unanswered(f"{self.name} answered with something that is no {entity}", idempotent=reading)

    async def _page(self, entity: str, asked: Mapping[str, Any]) -> tuple[list[Record], bool]:
        return await self._several(entity, self._services[entity].list_async(params=dict(asked)))

    async def _several(self, entity: str, call: Awaitable[Any]) -> tuple[list[Record], bool]:
        with understood(self.name):
            answer = (await call).to_dict()
            rows, more = list(answer["data"]), bool(answer["has_more"])
            if all(fits(entity, row) for row in rows) and (rows or not more):
                return rows, more
        raise Unavailable(f"{self.name} answered a list with something else")

    def _refusal(self, answer: Answer) -> ConnectorError | None:
        """One table: what Stripe's errors stand for."""
        error = answer.data.get("error") if isinstance(answer.data, dict) else None
        if not isinstance(error, dict):
            return None
        words = clip(str(error.get("message") or f"status {answer.status}"))
        code = clip(str(error.get("decline_code") or error.get("code") or error.get("type") or answer.status), 100)
        if answer.status == 429 or code == "rate_limit":
            return Throttled(f"{self.name}: {words}", retry_after=answer.retry_after, sent=True)
        if answer.status == 409:  # the same write is under way
            return AnswerLost(f"{self.name}: {words}")
        return Rejected(words, reason=_REASONS.get(code, "erp_rejected"), code=code, path=_path(error.get("param")))


def known(target_id: Any, path: str | None = None) -> str:
    """An id as Stripe makes them. Raises Rejected."""
    if not isinstance(target_id, str) or not _ID.fullmatch(target_id):
        raise Rejected(f"{str(target_id)[:60]!r} is not an id of Stripe", reason=UNKNOWN, path=path)
    return target_id


def anchors(behind: Sequence[str], rows: Sequence[Record]) -> list[str]:
    """The ids behind which a list goes on after these rows: a few, for a draft that is deleted meanwhile is no place in a list."""
    return [*behind, *(row["id"] for row in rows)][-_ANCHORS:]


def _path(param: Any) -> str | None:
    """Where in a flow's record the place of Stripe's is."""
    line = _PARAM.match(str(param))
    if line is None:
        return _PATHS.get(str(param))
    return f"lines[{line[1]}].{_LINE_PATHS[line[2]]}" if line[2] in _LINE_PATHS else "lines"


def _key(seed: str) -> str:
    return f"meshline-{hashlib.sha256(seed.encode()).hexdigest()}"


def _library() -> ModuleType:
    """The library behind our transport. Raises ConfigurationError where the extra is not installed."""
    try:
        from sync.connectors import stripe_wire
    except ImportError:
        pass
    else:
        return stripe_wire
    raise ConfigurationError(["a connection of kind stripe needs Stripe's library: install meshline[stripe]"])
