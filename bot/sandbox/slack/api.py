"""Slack's Web API over HTTP: who may call, what is broken today, and the answer in Slack's shape."""

from collections.abc import Callable

from aiohttp import web

from bot.sandbox.slack import api_chat, api_files, api_lookup, api_views
from bot.sandbox.slack.params import Params, read_params, refusal
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Json, SlackError

Method = Callable[[State, Params], Json]

METHODS: dict[str, tuple[Method, str | None]] = {
    "api.test": (api_lookup.api_test, None),
    "auth.test": (api_lookup.auth_test, None),
    "bots.info": (api_lookup.bots_info, "users:read"),
    "chat.delete": (api_chat.delete, "chat:write"),
    "chat.getPermalink": (api_chat.get_permalink, None),
    "chat.postEphemeral": (api_chat.post_ephemeral, "chat:write"),
    "chat.postMessage": (api_chat.post_message, "chat:write"),
    "chat.update": (api_chat.update, "chat:write"),
    "conversations.history": (api_lookup.conversations_history, "channels:history"),
    "conversations.info": (api_lookup.conversations_info, "channels:read"),
    "conversations.join": (api_lookup.conversations_join, "channels:join"),
    "conversations.list": (api_lookup.conversations_list, "channels:read"),
    "conversations.members": (api_lookup.conversations_members, "channels:read"),
    "conversations.open": (api_lookup.conversations_open, "im:write"),
    "conversations.replies": (api_lookup.conversations_replies, "channels:history"),
    "files.completeUploadExternal": (api_files.complete_upload, "files:write"),
    "files.delete": (api_files.delete, "files:write"),
    "files.info": (api_files.info, "files:read"),
    "files.getUploadURLExternal": (api_files.get_upload_url, "files:write"),
    "reactions.add": (api_chat.add_reaction, "reactions:write"),
    "team.info": (api_lookup.team_info, "team:read"),
    "usergroups.list": (api_lookup.usergroups_list, "usergroups:read"),
    "usergroups.users.list": (api_lookup.usergroup_users, "usergroups:read"),
    "users.info": (api_lookup.users_info, "users:read"),
    "users.list": (api_lookup.users_list, "users:read"),
    "users.lookupByEmail": (api_lookup.users_by_email, "users:read.email"),
    "views.open": (api_views.open_view, None),
    "views.publish": (api_views.publish_view, None),
    "views.push": (api_views.push_view, None),
    "views.update": (api_views.update_view, None),
}
WRITES = {
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "files.completeUploadExternal",
    "reactions.add",
    "views.open",
    "views.publish",
    "views.push",
    "views.update",
}


def mount_api(app: web.Application, state: State) -> None:
    async def call(request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        state.base = state.base or str(request.url.origin())
        state.calls[name] += 1
        try:
            return await _answer(state, name, request)
        finally:
            state.changes.nudge()

    app.router.add_route("*", "/slack/api/{method}", call)


async def _answer(state: State, name: str, request: web.Request) -> web.StreamResponse:
    if state.faults.down:
        state.refused.append(f"{name}: unavailable")
        return unavailable()
    try:
        if state.faults.takes_rate_limit():
            raise SlackError("ratelimited")
        body = {"ok": True, **_call(state, name, request.headers.get("Authorization"), await read_params(request))}
    except SlackError as error:
        state.refused.append(f"{name}: {error.code}")
        return _refused(state, error)
    if name in WRITES and state.faults.takes_answer():
        return cut(request)
    return web.json_response(body, headers=_headers(state))


def _call(state: State, name: str, authorization: str | None, params: Params) -> Json:
    if name not in METHODS:
        raise SlackError("unknown_method", req_method=name)
    method, scope = METHODS[name]
    if name != "api.test":
        _refuse_stranger(state, authorization, params)
    if scope is not None and scope not in state.scopes:
        raise SlackError("missing_scope", needed=scope, provided=",".join(state.scopes))
    return method(state, params)


def _refuse_stranger(state: State, authorization: str | None, params: Params) -> None:
    token = (authorization or "").removeprefix("Bearer ").strip() or params.text("token")
    if not token:
        raise SlackError("not_authed")
    if token != state.token:
        raise SlackError("invalid_auth")
    if state.faults.token_revoked:
        raise SlackError("token_revoked")


def _refused(state: State, error: SlackError) -> web.Response:
    limited = error.code == "ratelimited"
    headers = _headers(state) | ({"Retry-After": "1"} if limited else {})
    return web.json_response(refusal(error), status=429 if limited else 200, headers=headers)


def _headers(state: State) -> dict[str, str]:
    return {"X-OAuth-Scopes": ",".join(state.scopes), "X-Slack-Req-Id": f"sandbox-{state.calls.total()}"}


def unavailable() -> web.Response:
    return web.Response(status=503, text="<html>Service Unavailable</html>", content_type="text/html")


def cut(request: web.Request) -> web.StreamResponse:
    """Hang up without a word. What was asked for has happened."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
