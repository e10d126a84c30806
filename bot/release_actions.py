"""Releases in Slack: a message where people must agree, kept true while the release changes, and what its buttons lead to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import Block
from bot.clicks import Click, Submission
from bot.parts import Reply
from bot.release_cards import VERBS, release_card
from bot.release_rights import channels_of, may_agree, may_release
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.errors import NotAllowed, NotFound
from sync.lifecycle import ReleaseState
from sync.releases import Release

log = structlog.get_logger()

_LATEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseActions:
    """What presses on a release lead to. Rights are looked up in the workspace that runs, never in the button."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    verbs: frozenset[str] = frozenset(VERBS)
    _seen: dict[int, str] = field(default_factory=dict)  # how each stood when this process last told of it

    async def on_click(self, click: Click) -> None:
        """Carry out a press. Raises MeshlineError with the words for the person."""
        number, verb = click.cause, click.verb.removeprefix("release_")
        release, workspace = await self.store.published(number), self.surroundings.workspace
        try:
            if verb == "approve":
                may_agree(workspace, click.candidate or "", click.user)
            else:
                may_release(workspace, release, click.user)
            await self._move(verb, click, number)
        except NotAllowed as refused:
            await self.store.refuse_press(
                by=click.user, verb=verb, what=f"release:{number}", why=str(refused), now=self.clock()
            )
            raise
        finally:
            await self.show(number)
        self.changed()

    async def on_submit(self, sent: Submission) -> Reply:
        """No dialog belongs to releases."""
        raise NotFound("This dialog is out of date.")

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of a release asks."""
        return []

    async def _move(self, verb: str, click: Click, number: int) -> None:
        now, by, why = self.clock(), click.user, "pressed on its card"
        match verb:
            case "approve":
                await self.store.agree(number, click.candidate or "", by=by, now=now)
            case "reject":
                await self.store.reject(number, by=by, why=why, now=now)
            case "promote":
                await self.store.promote(number, by=by, why=why, now=now)
            case "roll_back":
                await self.store.roll_back(number, by=by, why=why, now=now)
            case _:
                raise NotFound("This button is from an older version of the card.")

    async def look(self, now: datetime) -> int:
        """Tell of releases that nobody was told of yet, and draw those that changed since; how many messages."""
        told = 0
        for release in await self.store.all_published(limit=_LATEST):
            stand = f"{release.state.value}/{len(release.approved)}"
            if release.based_on is not None and self._seen.get(release.id) != stand:
                told += await self._tell(release, stand, now)
                self._seen[release.id] = stand
        return told

    async def _tell(self, release: Release, stand: str, now: datetime) -> int:
        kind, told = f"release:{release.id}", 0
        payload = await self._payload(release)
        for channel in channels_of(self.surroundings.workspace, release):
            told += await self.store.announce(channel, kind, payload["text"], now=now, body=payload, once=channel)
        first = release.state is ReleaseState.PROPOSED and not release.approved
        if await self.store.claim_tick(f"{kind}:shown", stand, now=now) and not first:
            await self.show(release.id)
        return told

    async def show(self, number: int) -> None:
        """Draw its messages as it stands now. One that Slack does not take stays as it was; its buttons are judged here."""
        payload = await self._payload(await self.store.published(number))
        for channel, ts in await self.store.message_places(f"release:{number}"):
            try:
                await self.client.chat_update(channel=channel, ts=ts, **payload)
            except (SlackClientError, ClientError, OSError, TimeoutError) as error:
                log.warning("release_not_drawn", release=number, error=type(error).__name__)

    async def _payload(self, release: Release) -> Block:
        people = self.surroundings.people
        await people.learn([release.made_by, release.ended_by, *release.approved.values()])
        affected = await self.store.deviating(release.id)
        return release_card(release, self.surroundings.around(self.clock()), affected=affected)
