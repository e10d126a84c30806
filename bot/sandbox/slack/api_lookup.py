"""The methods that only look: who am I, who is here, which channels there are and what was said in them."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import TypeVar

from bot.sandbox.slack.params import Params
from bot.sandbox.slack.shapes import (
    bot_user_shape,
    channel_shape,
    direct_shape,
    group_shape,
    message_bot,
    message_shape,
    user_shape,
)
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Json, Message, SlackError

Item = TypeVar("Item")


def api_test(state: State, params: Params) -> Json:
    if error := params.text("error"):
        raise SlackError(error)
    return {"args": {}}


def auth_test(state: State, params: Params) -> Json:
    app = state.app
    return {
        "url": f"https://{app.team_domain}.slack.com/",
        "team": app.team_name,
        "user": app.name.lower(),
        "team_id": app.team_id,
        "user_id": app.user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def team_info(state: State, params: Params) -> Json:
    app = state.app
    return {"team": {"id": app.team_id, "name": app.team_name, "domain": app.team_domain, "email_domain": ""}}


def bots_info(state: State, params: Params) -> Json:
    if params.text("bot") not in (None, state.app.bot_id):
        raise SlackError("bot_not_found")
    return {"bot": {**message_bot(state.app), "user_id": state.app.user_id}}


def users_info(state: State, params: Params) -> Json:
    user = params.need("user")
    if user == state.app.user_id:
        return {"user": bot_user_shape(state.app)}
    if user not in state.workspace.people:
        raise SlackError("user_not_found")
    gone = {"deleted": user in state.workspace.deactivated}
    return {"user": user_shape(state.workspace.people[user], state.app) | gone}


def users_list(state: State, params: Params) -> Json:
    members = [user_shape(person, state.app) for person in state.workspace.people.values()]
    page, rest = _page([*members, bot_user_shape(state.app)], params)
    return {"members": page, **rest}


def users_by_email(state: State, params: Params) -> Json:
    email = params.need("email").casefold()
    for person in state.workspace.people.values():
        if person.email.casefold() == email:
            return {"user": user_shape(person, state.app)}
    raise SlackError("users_not_found")


def usergroups_list(state: State, params: Params) -> Json:
    return {"usergroups": [group_shape(group, state.app) for group in state.workspace.groups.values()]}


def usergroup_users(state: State, params: Params) -> Json:
    group = state.workspace.groups.get(params.need("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}


def conversations_list(state: State, params: Params) -> Json:
    wanted = (params.text("types") or "public_channel").split(",")
    channels = [_channel(state, channel) for channel in state.workspace.channels if "public_channel" in wanted]
    if params.flag("exclude_archived"):
        channels = [channel for channel in channels if not channel["is_archived"]]
    direct = [direct_shape(channel, users) for channel, users in state.workspace.direct.items() if "im" in wanted]
    page, rest = _page([*channels, *direct], params)
    return {"channels": page, **rest}


def conversations_info(state: State, params: Params) -> Json:
    return {"channel": _channel(state, state.workspace.resolve(params.need("channel")))}


def conversations_members(state: State, params: Params) -> Json:
    page, rest = _page(list(state.workspace.members(state.workspace.resolve(params.need("channel")))), params)
    return {"members": page, **rest}


def conversations_join(state: State, params: Params) -> Json:
    channel = state.workspace.resolve(params.need("channel"))
    if channel in state.workspace.archived:
        raise SlackError("is_archived")
    state.workspace.without_app.discard(channel)
    return {"channel": _channel(state, channel)}


def conversations_open(state: State, params: Params) -> Json:
    if channel := params.text("channel"):
        return {"channel": _channel(state, state.workspace.resolve(channel))}
    users = tuple(user.strip() for user in params.need("users").split(","))
    if any(user not in state.workspace.people for user in users):
        raise SlackError("user_not_found")
    return {"channel": _channel(state, state.workspace.open_direct(users))}


def conversations_history(state: State, params: Params) -> Json:
    """The channel's own messages, newest first."""
    channel = _readable(state, params)
    said = [one for one in state.workspace.shown(channel) if _within(one, params)]
    page, rest = _page(said[::-1], params)
    return {
        "messages": _shapes(state, page, params),
        "has_more": bool(rest["response_metadata"]["next_cursor"]),
        **rest,
    }


def conversations_replies(state: State, params: Params) -> Json:
    """A thread with its root first, oldest to newest."""
    channel, ts = _readable(state, params), params.need("ts")
    root = next((one for one in state.workspace.shown(channel) if one.ts == ts), None)
    if root is None:
        raise SlackError("thread_not_found")
    replies = [one for one in state.workspace.replies(channel, ts) if _within(one, params)]
    page, rest = _page([root, *replies], params)
    return {
        "messages": _shapes(state, page, params),
        "has_more": bool(rest["response_metadata"]["next_cursor"]),
        **rest,
    }


def _readable(state: State, params: Params) -> str:
    channel = state.workspace.resolve(params.need("channel"))
    if channel in state.workspace.without_app:
        raise SlackError("not_in_channel")
    return channel


def _channel(state: State, channel: str) -> Json:
    workspace = state.workspace
    if channel in workspace.direct:
        return direct_shape(channel, workspace.direct[channel])
    return channel_shape(
        workspace.channels[channel],
        archived=channel in workspace.archived,
        member=channel not in workspace.without_app,
        members=len(workspace.members(channel)),
    )


def _shapes(state: State, messages: list[Message], params: Params) -> list[Json]:
    metadata = params.flag("include_all_metadata")
    return [
        message_shape(one, state.app, state.workspace.replies(one.channel, one.ts), metadata=metadata)
        for one in messages
    ]


def _within(message: Message, params: Params) -> bool:
    oldest, latest = params.text("oldest") or "0", params.text("latest") or "9" * 12
    at, first, last = (_micros(moment) for moment in (message.ts, oldest, latest))
    return first <= at <= last if params.flag("inclusive") else first < at < last


def _micros(ts: str) -> int:
    seconds, _, rest = ts.partition(".")
    return int(seconds or 0) * 1_000_000 + int(rest.ljust(6, "0")[:6])


def _page(found: list[Item], params: Params) -> tuple[list[Item], Json]:
    start, limit = _offset(params.text("cursor")), max(1, min(params.number("limit", 100), 1000))
    following = b64encode(f"next:{start + limit}".encode()).decode() if start + limit < len(found) else ""
    return found[start : start + limit], {"response_metadata": {"next_cursor": following}}


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        return int(b64decode(cursor).decode().removeprefix("next:"))
    except (NotBase64, ValueError) as error:
        raise SlackError("invalid_cursor") from error
