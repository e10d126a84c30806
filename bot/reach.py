"""Which channels can be reached. What belongs into a lost one goes to its fallback, the one who runs Meshline is told once what
to click, and when it works again new cards go there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery_words import channel_back, channel_lost
from bot.slack_errors import NO_ANSWER
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.delivery import LostChannel
from sync.model import Card
from sync.reaching import fallback, sync_owners

log = structlog.get_logger()
_LOOK = timedelta(seconds=15)
_EVERY = timedelta(minutes=1)


class Reach:
    """Notes what the poster finds out about channels, and asks Slack about the lost ones."""

    def __init__(
        self, store: Store, client: AsyncWebClient, surroundings: Surroundings, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._client, self._around, self._clock = store, client, surroundings, clock
        self._lost: dict[str, LostChannel] = {}
        self._look_at: datetime | None = None

    async def card(self, card: Card, error: str) -> bool:
        """The card goes elsewhere. False when there is nowhere else."""
        place = await self._elsewhere(card.channel, error, card.cause.flow)
        if place is not None:
            await self._store.move_card(card, to=place, now=self._clock())
        return place is not None

    async def lines(self, channel: str, ids: list[int], error: str) -> bool:
        """The messages go elsewhere, with the card whose thread they belong to. False when there is nowhere else."""
        place = await self._elsewhere(channel, error)
        if place is not None:
            await self._store.move_lines(ids, channel=channel, to=place, now=self._clock())
        return place is not None

    async def elsewhere(self, channel: str, error: str) -> str | None:
        """Where to write instead of a channel that was found lost, which is noted and told. None when there is nowhere else."""
        return await self._elsewhere(channel, error)

    async def worked(self, channel: str) -> None:
        """A message could be posted there."""
        if channel in self._lost:
            await self._back(channel)

    async def look(self) -> None:
        """Now and then: which channels are lost, and does Slack say that one of them works again?"""
        now = self._clock()
        if self._look_at is not None and now < self._look_at:
            return
        self._look_at = now + _LOOK
        self._lost = await self._store.lost_channels()
        for lost in list(self._lost.values()):
            if await self._store.look_at_channel(lost.channel, now=now, every=_EVERY):
                await self._ask(lost)

    async def _ask(self, lost: LostChannel) -> None:
        if lost.error == "restricted_action":
            return  # Slack does not say who may post; the next card tries
        try:
            answer = await self._client.conversations_info(channel=lost.channel)
        except (SlackApiError, *NO_ANSWER):
            return
        found = answer.get("channel") or {}
        if found.get("is_member") and not found.get("is_archived"):
            await self._back(lost.channel)

    async def _elsewhere(self, channel: str, error: str, flow: str = "") -> str | None:
        workspace, now = self._around.workspace, self._clock()
        self._lost = await self._store.lost_channels()
        place = fallback(workspace, channel, flow=flow, lost=self._lost)
        if place is None:
            return None
        if await self._store.lose_channel(channel, error=error, fallback=place, now=now):
            log.warning("channel_lost", channel=channel, error=error, fallback=place)
            lost = LostChannel(channel=channel, error=error, fallback=place, lost_at=now)
            self._lost[channel] = lost
            await self._tell(lost)
        return place

    async def _tell(self, lost: LostChannel) -> None:
        team = self._around.workspace.teams.get(sync_owners(self._around.workspace))
        if team is None:
            return
        to = lost.fallback if team.channel in self._lost else team.channel
        body = channel_lost(lost, team.owner)
        await self._store.announce(to, "channel_lost", body["text"], now=self._clock(), body=body)

    async def _back(self, channel: str) -> None:
        self._lost.pop(channel, None)
        if await self._store.find_channel(channel, now=self._clock()):
            log.info("channel_found", channel=channel)
            body = channel_back(channel)
            await self._store.announce(channel, "channel_back", body["text"], now=self._clock(), body=body)
