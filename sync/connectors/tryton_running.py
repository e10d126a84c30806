"""What makes subscriptions run in Tryton, and changes those that run: taken back, changed, and set running again. Each step is
taken only where it is not taken yet, so that a change that broke off in the middle is gone on with."""

from __future__ import annotations

from dataclasses import dataclass

from sync.connectors.tryton_link import Link
from sync.connectors.tryton_subscriptions import Subscriptions, ran
from sync.errors import Rejected
from sync.model import Record

_BACK = {"running", "quotation"}
_OVER = {"closed", "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The subscriptions of one connection."""

    link: Link
    shelf: Subscriptions

    async def change(self, stands: Record, body: Record) -> None:
        """The subscription says all of the body; one that ran runs again. Raises Rejected for one that is over."""
        values, state = await self.shelf.changed(stands, body), str(stands["state"])
        if state in _OVER and values:
            words = f"subscription {stands.get('number') or stands['id']} is {state} and cannot change"
            raise Rejected(words, reason="changed_after_posting")
        if values:
            if state in _BACK:
                await self._step("draft", stands)
                state = "draft"
            await self.link.write(self.shelf.model, int(stands["id"]), values)
        if ran(stands):
            await self._run(stands, state)

    async def post(self, stands: Record) -> None:
        """It runs. One that runs already is left alone. Raises Rejected for one that is over."""
        if stands["state"] in _OVER:
            raise Rejected(
                f"subscription {stands.get('number') or stands['id']} is {stands['state']}", code="not_running"
            )
        await self._run(stands, str(stands["state"]))

    async def _run(self, stands: Record, state: str) -> None:
        if state == "draft":
            await self._step("quote", stands)
            state = "quotation"
        if state == "quotation":
            await self._step("run", stands)

    async def _step(self, name: str, stands: Record) -> None:
        await self.link.act(self.shelf.model, int(stands["id"]), name)
