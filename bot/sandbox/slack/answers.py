"""The addresses that are not methods: response_url, upload, download and the link to a message."""

import json
from contextlib import suppress
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.slack.api import unavailable
from bot.sandbox.slack.api_chat import read_blocks, read_text
from bot.sandbox.slack.params import refusal
from bot.sandbox.slack.state import State
from bot.sandbox.slack.triggers import AnswerUrl
from bot.sandbox.slack.values import Json, Message, SlackError

PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


def mount_answers(app: web.Application, state: State) -> None:
    async def respond(request: web.Request) -> web.Response:
        state.calls["response_url"] += 1
        try:
            return await _respond(state, request)
        finally:
            state.changes.nudge()

    async def upload(request: web.Request) -> web.Response:
        if state.faults.down:
            return unavailable()
        try:
            file = state.files.receive(request.match_info["file"], await request.read())
        except SlackError as error:
            return web.Response(status=404, text=error.code)
        return web.Response(text=f"OK - {len(file.content or b'')}")

    async def download(request: web.Request) -> web.Response:
        try:
            file = state.files.find(request.match_info["file"])
        except SlackError as error:
            return web.Response(status=404, text=error.code)
        kind = "inline" if file.mimetype in PICTURES else f'attachment; filename="{quote(file.name)}"'
        headers = {"Content-Disposition": kind, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=file.content, content_type=file.mimetype, headers=headers)

    async def archive(request: web.Request) -> web.Response:
        link = request.match_info
        raise web.HTTPFound(f"/?channel={link['channel']}&message={link['message'].removeprefix('p')}")

    app.router.add_post("/slack/response/{answer}", respond)
    app.router.add_route("*", "/slack/upload/{file}", upload)
    app.router.add_get("/slack/files/{file}", download)
    app.router.add_get("/archives/{channel}/{message}", archive)


async def _respond(state: State, request: web.Request) -> web.Response:
    if state.faults.down:
        return unavailable()
    try:
        answer = state.rights.use_answer(request.match_info["answer"])
        body = json.loads(await request.text() or "{}")
        give_answer(state, answer, body if isinstance(body, dict) else {})
    except SlackError as error:
        state.refused.append(f"response_url: {error.code}")
        gone = error.code in ("used_url", "expired_url")
        return web.json_response(refusal(error), status=404 if gone else 400)
    except ValueError:
        return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
    return web.Response(text="ok")


def give_answer(state: State, answer: AnswerUrl, body: Json) -> None:
    """Put an answer where the person is: a new message, or in place of the one that was pressed."""
    original = _original(state, answer)
    if body.get("delete_original") in (True, "true"):
        if original is not None:
            state.workspace.remove(original)
        return
    text, blocks = read_text(body.get("text")), read_blocks(body.get("blocks"))
    if not text and not blocks:
        raise SlackError("no_text")
    if original is not None and body.get("replace_original") in (True, "true"):
        state.workspace.edit(original, text=text or "", blocks=blocks or [], metadata=None)
        return
    visible = body.get("response_type") == "in_channel"
    state.workspace.say(
        answer.channel,
        text=text or "",
        blocks=blocks,
        thread_ts=body.get("thread_ts") or answer.thread_ts,
        only_for=None if visible else answer.user,
    )


def _original(state: State, answer: AnswerUrl) -> Message | None:
    if answer.ts is None:
        return None
    with suppress(SlackError):
        return state.workspace.find(answer.channel, answer.ts)
    return None
