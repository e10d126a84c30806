"""A whole Slack workspace on loopback: the Web API for the app, and for tests and the demo the people who use it."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.sandbox.slack.answers import mount_answers
from bot.sandbox.slack.api import mount_api
from bot.sandbox.slack.client import Client
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.faults import Faults, Throttle
from bot.sandbox.slack.page import Page
from bot.sandbox.slack.state import State, new_state
from bot.sandbox.slack.values import Ack, App, Channel, Controls, Json, Message, Person, UserGroup


class SlackSandbox:
    """The clock dates messages and answers; signatures, triggers and rates run on real time.

    What a person cannot do raises CannotDo; what the app answers, or fails to, comes back as an Ack.
    """

    def __init__(
        self,
        *,
        people: Iterable[Person],
        channels: Iterable[Channel],
        signing_secret: str,
        bot_token: str,
        clock: Callable[[], datetime] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        app: App | None = None,
    ) -> None:
        self.state: State = new_state(
            people=people,
            channels=channels,
            signing_secret=signing_secret,
            token=bot_token,
            clock=clock,
            monotonic=monotonic,
            app=app,
        )
        self.events = Events(self.state)
        self.client = Client(self.state, self.events)
        self._runner: web.AppRunner | None = None

    @property
    def base(self) -> str | None:
        """Where the sandbox listens, for example http://127.0.0.1:3000."""
        return self.state.base

    @base.setter
    def base(self, base: str) -> None:
        self.state.base = base.rstrip("/")

    @property
    def api_url(self) -> str:
        return self.state.url("/slack/api/")

    @property
    def bot_url(self) -> str | None:
        return self.state.sender.bot_url

    @bot_url.setter
    def bot_url(self, url: str | None) -> None:
        self.state.sender.bot_url = url.rstrip("/") if url else None

    @property
    def app(self) -> App:
        return self.state.app

    @property
    def faults(self) -> Faults:
        return self.state.faults

    @property
    def throttle(self) -> Throttle:
        return self.state.throttle

    @property
    def trouble(self) -> list[str]:
        return self.state.trouble

    @property
    def calls(self) -> Counter[str]:
        return self.state.calls

    @property
    def refused(self) -> list[str]:
        return self.state.refused

    def mount(self, app: web.Application, controls: Controls | None = None) -> None:
        """Add the Web API, the answer and upload addresses, the page and its API. They end with the application."""
        mount_api(app, self.state)
        mount_answers(app, self.state)
        Page(self.state, self.client, controls).mount(app)
        app.on_shutdown.append(self._end_streams)
        app.on_cleanup.append(self._cleanup)

    async def start(self, *, host: str = "127.0.0.1", port: int = 0, controls: Controls | None = None) -> str:
        """Listen on an address of its own, and return it."""
        app = web.Application()
        self.mount(app, controls)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.base = f"http://{host}:{self._runner.addresses[0][1]}"
        return self.state.url("")

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def messages(self, channel: str) -> list[Message]:
        """What the channel shows to everybody, oldest first; replies only if they were broadcast."""
        return self.state.workspace.shown(self.state.workspace.resolve(channel))

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The replies of a thread, oldest first, without its root."""
        return self.state.workspace.replies(self.state.workspace.resolve(channel), ts)

    def ephemerals(self, user: str, channel: str | None = None) -> list[Message]:
        return self.state.workspace.whispers(user, channel)

    def home(self, user: str) -> Json | None:
        view = self.state.views.home(user)
        return self.state.views.shape(view) if view else None

    def modals(self, user: str) -> list[Json]:
        """The dialogs that are open in front of a person, the top one last."""
        return [self.state.views.shape(view) for view in self.state.views.stack(user)]

    def add_usergroup(self, group: UserGroup) -> None:
        self.state.workspace.groups[group.id] = group

    def archive(self, channel: str) -> None:
        self.state.workspace.archived.add(channel)

    def remove_app(self, channel: str) -> None:
        """Take the app out of a channel, until it joins again."""
        self.state.workspace.without_app.add(channel)

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, *, block_id: str | None = None, option: Any = None
    ) -> Ack:
        """Press an element of a message; `option` is the place or the value of a choice. A confirm dialog is passed."""
        return await self.client.click(user, channel, ts, action_id, block_id=block_id, option=option)

    async def modal_click(
        self, user: str, view_id: str | None, action_id: str, *, block_id: str | None = None, option: Any = None
    ) -> Ack:
        return await self.client.modal_click(user, view_id, action_id, block_id=block_id, option=option, values={})

    async def submit(self, user: str, values: Json, *, view_id: str | None = None) -> Ack:
        """Submit a dialog with plain values by block_id or action_id. What is not given keeps what stands there."""
        return await self.client.submit(user, values, view_id=view_id)

    async def close(self, user: str, view_id: str | None = None) -> Ack:
        return await self.client.close(user, view_id=view_id)

    async def command(self, user: str, channel: str, text: str) -> Ack:
        return await self.client.command(user, channel, text)

    async def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> Message:
        return await self.client.say(user, channel, text, thread_ts=thread_ts)

    async def open_home(self, user: str) -> Ack:
        return await self.client.open_home(user)

    async def home_click(self, user: str, action_id: str, *, block_id: str | None = None, option: Any = None) -> Ack:
        return await self.client.home_click(user, action_id, block_id=block_id, option=option, values={})

    async def options(
        self, user: str, view_id: str | None, action_id: str, typed: str, *, block_id: str | None = None
    ) -> list[Json]:
        """What a menu of a dialog offers once these letters are typed. Without a `view_id`: of the Home tab."""
        return await self.client.options(user, action_id, typed, block_id=block_id, view_id=view_id)

    async def shortcut(self, user: str, callback_id: str, *, channel: str | None = None, ts: str | None = None) -> Ack:
        return await self.client.shortcut(user, callback_id, channel=channel, ts=ts)

    async def forge(self, payload: Json) -> Ack:
        """Send any interaction, correctly signed, whoever may have made it up."""
        return await self.state.sender.interaction(payload)

    def wait(self, predicate: Callable[[], object], timeout: float = 5.0) -> Awaitable[None]:
        """Return once the predicate holds; it is asked again after every change. Raises TimeoutError."""
        return self.state.changes.wait(predicate, timeout)

    def announce(self, kind: str, **about: Any) -> None:
        """Tell the page and those who wait about a change outside Slack: "clock", "story" or "books"."""
        self.state.changes.tell(kind, **about)

    def subscribe(self) -> AsyncIterator[Json]:
        """Every change from now on, as the page hears it."""
        return self.state.changes.stream()

    async def _end_streams(self, app: web.Application) -> None:
        self.state.changes.end_streams()

    async def _cleanup(self, app: web.Application) -> None:
        await self.events.close()
        await self.state.sender.close()
