"""A small app that draws whatever a test puts on the page, and keeps what people sent. No Meshline in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.people import CHANNELS, PEOPLE
from bot.sandbox.slack import App, Shortcut, SlackSandbox

Json = dict[str, Any]
SHORTCUTS = (
    Shortcut(kind="message", name="Show the exception", description="The story of this card", callback_id="about"),
    Shortcut(kind="global", name="Report a manual fix", description="Say what you mended", callback_id="report"),
)


@dataclass
class Kitchen:
    """`views` are the dialogs by the word that opens or pushes them; `options` what a search finds."""

    slack: SlackSandbox
    api: AsyncWebClient
    views: dict[str, Json] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    seen: list[Json] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        form = await request.post()
        if "payload" not in form:
            return await self._command(form) if "command" in form else web.json_response({})
        body = json.loads(str(form["payload"]))
        self.seen.append(body)
        if body["type"] == "block_suggestion":
            return web.json_response({"options": self._found(body["value"])})
        await self._open(body)
        return web.json_response({})

    async def heard(self, fits: Callable[[Json], bool]) -> None:
        """Until the app got a payload that fits. Raises TimeoutError."""
        for _ in range(250):
            if any(fits(one) for one in self.seen):
                return
            await asyncio.sleep(0.02)
        raise TimeoutError("the app was not told")

    async def _command(self, form: Any) -> web.Response:
        self.seen.append({"type": "command", "text": form["text"]})
        await self.api.views_open(trigger_id=form["trigger_id"], view=self.views["first"])
        return web.Response()

    async def _open(self, body: Json) -> None:
        word = body.get("callback_id") or (body["actions"][0]["action_id"] if body.get("actions") else "")
        if word not in self.views:
            return
        if body.get("view") and word.startswith("update"):
            await self.api.views_update(view_id=body["view"]["id"], view=self.views[word])
        elif body.get("view") and body["view"]["type"] == "modal":
            await self.api.views_push(trigger_id=body["trigger_id"], view=self.views[word])
        else:
            await self.api.views_open(trigger_id=body["trigger_id"], view=self.views[word])

    def _found(self, typed: str) -> list[Json]:
        fits = {value: text for value, text in self.options.items() if typed.casefold() in text.casefold()}
        return [{"text": plain(text), "value": value} for value, text in fits.items()]


@asynccontextmanager
async def open_kitchen() -> AsyncIterator[Kitchen]:
    slack = SlackSandbox(
        people=PEOPLE, channels=CHANNELS, signing_secret="s", bot_token="xoxb-k", app=App(shortcuts=SHORTCUTS)
    )
    await slack.start()
    kitchen = Kitchen(slack, AsyncWebClient(token="xoxb-k", base_url=slack.api_url, retry_handlers=[]))
    app = web.Application()
    app.router.add_post("/slack/events", kitchen.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield kitchen
    finally:
        await slack.stop()
        await runner.cleanup()


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field_of(block_id: str, label: str, kind: str, **more: Any) -> Json:
    """An input block."""
    outer = {name: more.pop(name) for name in ("optional", "hint", "dispatch_action") if name in more}
    element = {"type": kind, "action_id": block_id, **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **outer}


def buttons(*names: str, block_id: str = "row") -> Json:
    made = [{"type": "button", "action_id": name, "text": plain(name.capitalize())} for name in names]
    return {"type": "actions", "block_id": block_id, "elements": made}


def dialog(title: str, *blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(title), "submit": plain("Save"), "blocks": list(blocks), **more}
