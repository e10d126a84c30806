"""People, channels and messages as the page reads them."""

from bot.sandbox.slack.page_http import iso
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Json, Message, Person, Shortcut


def person(who: Person) -> Json:
    return {
        "id": who.id,
        "name": who.name,
        "real_name": who.real_name,
        "title": who.title,
        "role": who.role,
        "tz": who.tz,
    }


def channels(state: State, user: str) -> list[Json]:
    """Every channel, and this person's conversation with the app once something was said in it."""
    workspace = state.workspace
    direct = [
        channel for channel, users in workspace.direct.items() if user in users and workspace.shown(channel, user)
    ]
    return [channel(state, one, user) for one in [*workspace.channels, *direct]]


def channel(state: State, channel_id: str, user: str) -> Json:
    known = state.workspace.channels.get(channel_id)
    return {
        "id": channel_id,
        "name": known.name if known else _others(state, channel_id, user),
        "direct": known is None,
        "topic": known.topic if known else "",
        "unread": state.workspace.unread(user, channel_id),
    }


def _others(state: State, channel_id: str, user: str) -> str:
    """A direct conversation by who else is in it; with the app alone it carries the app's name."""
    others = [one for one in state.workspace.direct.get(channel_id, ()) if one != user]
    return ", ".join([state.app.name, *(state.workspace.person(one).real_name for one in others)])


def file_shape(file: Json) -> Json:
    names = ("id", "name", "title", "size", "mimetype", "alt_txt")
    return {**{name: file[name] for name in names}, "url": file["url_private"]}


def shortcut(one: Shortcut) -> Json:
    return {
        "kind": one.kind,
        "name": one.name,
        "description": one.description,
        "callback_id": one.callback_id,
    }


def message(state: State, one: Message) -> Json:
    replies = state.workspace.replies(one.channel, one.ts)
    return {
        "ts": one.ts,
        "user": one.user,
        "username": one.username,
        "text": one.text,
        "blocks": one.blocks,
        "files": [file_shape(file) for file in one.files],
        "bot": one.bot,
        "edited": one.edited is not None,
        "thread_ts": one.thread_ts,
        "reply_count": len(replies),
        "broadcast": one.broadcast,
        "ephemeral": one.ephemeral,
        "at": iso(one.at),
    }
