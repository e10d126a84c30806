"""The page's own HTTP API: the workspace as one person sees it, and everything that person may do."""

from pathlib import Path

from aiohttp import web

from bot.sandbox.slack import page_shapes as shapes
from bot.sandbox.slack.client import Client, silence
from bot.sandbox.slack.page_controls import mount_controls
from bot.sandbox.slack.page_events import stream_changes
from bot.sandbox.slack.page_http import answering, body_of, iso, need, option_in, values_in
from bot.sandbox.slack.state import State
from bot.sandbox.slack.submission import ERRORS
from bot.sandbox.slack.values import Ack, CannotDo, Controls, Json

FILES = Path(__file__).parent.parent / "page"
LATEST = 200


class Page:
    def __init__(self, state: State, client: Client, controls: Controls | None) -> None:
        self._state = state
        self._client = client
        self._controls = controls

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/", self._index)
        app.router.add_get("/page/{file}", self._file)
        app.router.add_get("/sandbox/events", self._events)
        reads = {
            "state": self._overview,
            "channels/{channel}": self._channel,
            "channels/{channel}/threads/{ts}": self._thread,
            "home": self._home,
            "modals": self._modals,
        }
        deeds = {
            "read": self._read,
            "click": self._click,
            "modal/click": self._modal_click,
            "modal/submit": self._submit,
            "modal/close": self._close,
            "home/open": self._open_home,
            "home/click": self._home_click,
            "options": self._options,
            "shortcut": self._shortcut,
            "command": self._command,
            "message": self._say,
        }
        for path, read in reads.items():
            app.router.add_get(f"/sandbox/{path}", answering(read))
        for path, deed in deeds.items():
            app.router.add_post(f"/sandbox/{path}", answering(deed))
        mount_controls(app, self._state, self._controls)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return _served(FILES / "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return _served(FILES / Path(request.match_info["file"]).name)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await stream_changes(request, self._state, self._reader(request))

    async def _overview(self, request: web.Request) -> Json:
        user = self._reader(request)
        workspace, app = self._state.workspace, self._state.app
        now = self._controls.now() if self._controls else self._state.clock()
        return {
            "me": shapes.person(workspace.person(user)),
            "people": [shapes.person(one) for one in workspace.people.values()],
            "channels": shapes.channels(self._state, user),
            "clock": iso(now),
            "team": {"name": app.team_name},
            "app": {"id": app.id, "name": app.name},
            "shortcuts": [shapes.shortcut(one) for one in app.shortcuts],
            "modals": len(self._state.views.stack(user)),
            "story": self._controls.story() if self._controls else [],
        }

    async def _channel(self, request: web.Request) -> Json:
        user, channel = self._reader(request), self._place(request)
        messages = self._state.workspace.shown(channel, user)[-LATEST:]
        return {
            "channel": shapes.channel(self._state, channel, user),
            "messages": [shapes.message(self._state, one) for one in messages],
        }

    async def _thread(self, request: web.Request) -> Json:
        user, channel = self._reader(request), self._place(request)
        ts = request.match_info["ts"]
        root = next((one for one in self._state.workspace.shown(channel, user) if one.ts == ts), None)
        if root is None:
            raise CannotDo("This message is no longer there.")
        replies = self._state.workspace.replies(channel, ts, user)
        return {
            "root": shapes.message(self._state, root),
            "replies": [shapes.message(self._state, one) for one in replies],
        }

    async def _home(self, request: web.Request) -> Json:
        view = self._state.views.home(self._reader(request))
        return {"view": self._state.views.shape(view) if view else None}

    async def _modals(self, request: web.Request) -> Json:
        return {"views": [self._state.views.shape(view) for view in self._state.views.stack(self._reader(request))]}

    async def _read(self, request: web.Request) -> Json:
        body = await body_of(request)
        self._state.workspace.mark_read(need(body, "as"), need(body, "channel"))
        return {"ok": True}

    async def _click(self, request: web.Request) -> Json:
        body = await body_of(request)
        ack = await self._client.click(
            need(body, "as"),
            need(body, "channel"),
            need(body, "ts"),
            need(body, "action_id"),
            block_id=body.get("block_id"),
            option=option_in(body),
        )
        return self._said(ack)

    async def _modal_click(self, request: web.Request) -> Json:
        body = await body_of(request)
        ack = await self._client.modal_click(
            need(body, "as"),
            need(body, "view_id"),
            need(body, "action_id"),
            block_id=body.get("block_id"),
            option=option_in(body),
            values=values_in(body),
        )
        return self._said(ack)

    async def _submit(self, request: web.Request) -> Json:
        body = await body_of(request)
        values = values_in(body)
        ack = await self._client.submit(need(body, "as"), values, view_id=need(body, "view_id"))
        return self._said(ack)

    async def _close(self, request: web.Request) -> Json:
        body = await body_of(request)
        return self._said(await self._client.close(need(body, "as"), view_id=need(body, "view_id")))

    async def _open_home(self, request: web.Request) -> Json:
        return self._said(await self._client.open_home(need(await body_of(request), "as")))

    async def _home_click(self, request: web.Request) -> Json:
        body = await body_of(request)
        user, action_id = need(body, "as"), need(body, "action_id")
        ack = await self._client.home_click(
            user, action_id, block_id=body.get("block_id"), option=option_in(body), values=values_in(body)
        )
        return self._said(ack)

    async def _options(self, request: web.Request) -> Json:
        body = await body_of(request)
        user, action_id = need(body, "as"), need(body, "action_id")
        typed, block_id = str(body.get("typed") or ""), body.get("block_id")
        if ts := body.get("ts"):
            channel = need(body, "channel")
            found = await self._client.message_options(user, channel, str(ts), action_id, typed, block_id=block_id)
        else:
            view_id = body.get("view_id")
            found = await self._client.options(user, action_id, typed, block_id=block_id, view_id=view_id)
        return {"ok": True, "options": found}

    async def _shortcut(self, request: web.Request) -> Json:
        body = await body_of(request)
        ack = await self._client.shortcut(
            need(body, "as"), need(body, "callback_id"), channel=body.get("channel"), ts=body.get("ts")
        )
        return self._said(ack)

    async def _command(self, request: web.Request) -> Json:
        body = await body_of(request)
        return self._said(await self._client.command(need(body, "as"), need(body, "channel"), need(body, "text")))

    async def _say(self, request: web.Request) -> Json:
        body = await body_of(request)
        user, channel, text = need(body, "as"), need(body, "channel"), need(body, "text")
        said = await self._client.say(user, channel, text, thread_ts=body.get("thread_ts"))
        return {"ok": True, "ts": said.ts}

    def _reader(self, request: web.Request) -> str:
        return self._state.workspace.person(request.query.get("as", "")).id

    def _place(self, request: web.Request) -> str:
        return self._client.known_channel(request.match_info["channel"])

    def _said(self, ack: Ack) -> Json:
        if ack.ok:
            return {"ok": True}
        if ack.error == ERRORS:
            return {"ok": False, "errors": ack.errors}
        return {"ok": False, "error": silence(self._state.app.name, ack)}


def _served(path: Path) -> web.StreamResponse:
    if not path.is_file():
        raise web.HTTPNotFound(text="There is no such page.")
    return web.FileResponse(path, headers={"Cache-Control": "no-store"})
