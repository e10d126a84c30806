"""The demo's stage as the browser tests need it: on a working day, without waiting for Slack's pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.sandbox.deals import story
from bot.sandbox.demo import sell
from bot.sandbox.people import CHANNELS, PEOPLE
from bot.sandbox.stage import Stage, set_stage
from sync.model import Cause

USERS = {one.name: one.id for one in PEOPLE}
PLACES = {one.name: one.id for one in CHANNELS}


@dataclass
class Shop:
    """The stage, and the questions that a test asks behind the screen."""

    stage: Stage

    async def cause(self, cause_id: int) -> Cause:
        return await self.stage.parts.store.cause(cause_id)

    async def one(self, reason: str, *, titled: str = "", records: int | None = None) -> Cause:
        """An untouched card for this reason; of several the newest."""
        for cause in reversed(await self.stage.parts.store.open_causes(limit=2000)):
            first = cause.first[0]
            fits = titled in first.title and (records is None or cause.unresolved == records)
            if cause.reason == reason and fits and first.state == "open" and not cause.level:
                return cause
        raise LookupError(f"no untouched card for {reason}")

    async def until(self, reason: str) -> None:
        """Until there is a card for this reason."""
        for _ in range(200):
            if any(one.reason == reason for one in await self.stage.parts.store.open_causes(limit=2000)):
                return await self.calm()
            await asyncio.sleep(0.05)
        raise TimeoutError(f"no card for {reason}")

    async def place(self, cause: Cause) -> tuple[str, str]:
        """The channel and the timestamp of a card."""
        found = await self.stage.parts.store.card_at(cause.id)
        assert found is not None
        assert found[1] is not None
        return found[0], found[1]

    async def calm(self) -> None:
        """Until Slack shows everything that happened."""
        for _ in range(200):
            if not any((await self.stage.parts.store.backlog()).values()):
                return
            await asyncio.sleep(0.05)
        raise TimeoutError("Slack was not told everything")

    async def billed(self, cause: Cause) -> dict[str, object]:
        """The invoice of a card's first record, once it is posted."""
        for _ in range(200):
            found = self.invoice(cause)
            if found is not None:
                return found
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{cause.first[0].ref} was not billed")

    def invoice(self, cause: Cause) -> dict[str, object] | None:
        """The posted invoice for the first record of a card."""
        deal = cause.first[0].subject.partition(":")[2]
        posted = self.stage.world.erp.posted()
        return next((one for one in posted if one["contract_reference"] == deal), None)


@asynccontextmanager
async def open_shop(*, deals: int = 120) -> AsyncIterator[Shop]:
    stage = await set_stage(port=0)
    try:
        stage.clock.forward_to(_monday_at_nine(stage.clock()))
        stage.world.slack.throttle.enabled = False
        assert stage.parts.poster is not None
        stage.parts.poster.unpaced()
        stage.story = story(now=stage.clock(), deals=deals)
        await sell(stage, stage.story, stage.say)
        shop = Shop(stage)
        await shop.calm()
        yield shop
    finally:
        await stage.close()


def _monday_at_nine(now: datetime) -> datetime:
    """The next Monday that starts a week without German holidays, so that deadlines fall where the tests expect them."""
    monday = now.astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=7 - now.weekday())
    quiet = {2, 3, 6, 7, 8, 9, 11}
    while monday.month not in quiet or not 4 <= monday.day <= 22:
        monday += timedelta(days=7)
    return monday
