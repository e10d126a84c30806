"""The Home tab of each person: gathered from the ledger, drawn when it is opened. What it shows is decided in `bot/home.py`."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError

from bot.blocks import Block
from bot.commands import Desk
from bot.home import home
from sync.errors import MeshlineError
from sync.picking import Pick

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Homes:
    """Draws Home tabs."""

    desk: Desk

    async def view(self, user: str) -> Block:
        """The person's Home tab as it is now."""
        desk = self.desk
        teams = desk.teams_of(user)
        causes = [cause for cause in await desk.store.open_causes() if cause.team in teams]
        mine = await desk.store.picked(Pick(teams=teams, holder=user))
        return home(
            mine.cases,
            causes,
            await desk.store.status(),
            await desk.store.holds(),
            await desk.store.pauses(),
            desk.around(),
            await desk.works(),
        )

    async def draw(self, user: str) -> None:
        """Show it. A Slack that does not take it is logged: the next change, or opening the tab again, draws it."""
        try:
            await self.desk.client.views_publish(user_id=user, view=await self.view(user))
        except (MeshlineError, SlackClientError, ClientError, OSError, TimeoutError) as error:
            log.warning("home_not_drawn", error=type(error).__name__)
