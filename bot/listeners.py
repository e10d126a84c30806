"""Bolt's listeners, three lines each: read what was sent, let the actions or commands do it, answer where the person is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog
from aiohttp import ClientError
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import views
from bot.actions import Actions
from bot.clicks import asked, click, submission
from bot.command_answers import CommandAnswers
from bot.homes import Homes
from bot.parts import Part, part_of
from bot.people import People
from bot.shortcuts import Shortcuts
from sync.errors import MeshlineError, NotFound

log = structlog.get_logger()

Ack = Callable[..., Awaitable[BoltResponse]]
_ANY = re.compile(r".*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What people use beside the cards: commands, the Home tab, shortcuts."""

    commands: CommandAnswers
    homes: Homes
    shortcuts: Shortcuts


class Listeners:
    """Connects Bolt to what the product does."""

    def __init__(
        self,
        bolt: AsyncApp,
        client: AsyncWebClient,
        actions: Actions,
        parts: Sequence[Part],
        elsewhere: Elsewhere,
        people: People,
    ) -> None:
        self._client, self._actions, self._parts = client, actions, parts
        self._commands, self._homes, self._shortcuts = elsewhere.commands, elsewhere.homes, elsewhere.shortcuts
        self._people = people
        bolt.command("/sync")(self.on_command)
        bolt.shortcut(_ANY)(self.on_shortcut)
        bolt.event("app_home_opened")(self.on_home)
        bolt.action({"type": "block_actions", "action_id": _ANY})(self.on_action)
        bolt.view(_ANY)(self.on_view)
        bolt.options(_ANY)(self.on_options)
        bolt.error(self.on_error)

    async def on_action(self, ack: Ack, body: dict[str, Any]) -> None:
        """A press on a card: committed, then acknowledged."""
        try:
            pressed = click(body)
            await part_of(pressed.verb, self._parts, self._actions).on_click(pressed)
        except NotFound as error:
            await self._actions.stale(*_place(body))
            await self._whisper(body, str(error))
        except MeshlineError as error:
            await self._whisper(body, str(error))
        except (SlackClientError, ClientError, OSError, TimeoutError) as error:
            await self._whisper(body, _reference("press", error))
        await ack()
        if (body.get("view") or {}).get("type") == "home":
            await self._homes.pressed(body["user"]["id"])

    async def on_view(self, ack: Ack, body: dict[str, Any]) -> None:
        """A submitted modal: wrong fields come back beside the fields, a refusal takes the modal's place."""
        try:
            sent = submission(body)
            reply = await part_of(sent.verb, self._parts, self._actions).on_submit(sent)
        except MeshlineError as error:
            notice = views.notice_view("Not possible", self._people.plain(str(error)))
            await ack(response_action="update", view=notice)
            return
        await ack(**reply)
        if not reply:
            await self._homes.pressed(body["user"]["id"])

    async def on_options(self, ack: Ack, body: dict[str, Any]) -> None:
        """A select of a dialog asks what it may offer."""
        try:
            wanted = asked(body)
            found = await part_of(wanted.verb, self._parts, self._actions).on_options(
                wanted, str(body.get("value") or "")
            )
        except MeshlineError:
            found = []
        await ack(options=found)

    async def on_command(self, ack: Ack, respond: Ack, command: dict[str, Any]) -> None:
        """`/sync …`: the answer goes to the one who asked, where they asked."""
        await self._commands.give(ack, respond, command)

    async def on_shortcut(self, ack: Ack, body: dict[str, Any]) -> None:
        """An entry of a message's menu, or of the lightning menu."""
        await ack()
        try:
            await self._shortcuts.called(body)
        except MeshlineError as error:
            await self._whisper(body, str(error))
        except (SlackClientError, ClientError, OSError, TimeoutError) as error:
            await self._whisper(body, _reference("shortcut", error))

    async def on_home(self, event: dict[str, Any]) -> None:
        """The Home tab is drawn when it is opened."""
        if event.get("tab") == "home":
            await self._homes.opened(event["user"])

    async def on_error(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        """A bug: the person gets a reference that finds the log line."""
        await self._whisper(body, _reference("bug", error))
        return BoltResponse(status=200)

    async def _whisper(self, body: dict[str, Any], words: str) -> None:
        user = _who(body)
        channel = (body.get("channel") or {}).get("id") or body.get("channel_id")
        text = self._people.told(words)
        try:
            if user and channel:
                await self._client.chat_postEphemeral(channel=channel, user=user, text=text)
            elif user:  # pressed on the Home tab or in a dialog: the app's own conversation is where they look
                await self._client.chat_postMessage(channel=user, text=text)
        except (SlackClientError, ClientError, OSError, TimeoutError) as error:
            log.warning("whisper_lost", error=type(error).__name__)


def _who(body: dict[str, Any]) -> str | None:
    return (body.get("user") or {}).get("id") or body.get("user_id") or (body.get("event") or {}).get("user")


def _place(body: dict[str, Any]) -> tuple[str, str]:
    """The message that was pressed; two empty words when it was not a message."""
    return str((body.get("channel") or {}).get("id") or ""), str((body.get("message") or {}).get("ts") or "")


def _reference(what: str, error: Exception) -> str:
    reference = uuid4().hex[:8]
    log.error("surface_error", what=what, reference=reference, error=type(error).__name__)
    return f"That did not work, and nothing was changed twice. Please try again; the reference is {reference}."
