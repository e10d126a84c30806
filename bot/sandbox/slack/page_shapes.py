"""People, channels and messages as the page reads them."""

from bot.sandbox.slack.page_http import iso
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Json, Message, Person


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
        "name": known.name if known else state.app.name,
        "topic": known.topic if known else "",
        "unread": state.workspace.unread(user, channel_id),
    }


def message(state: State, one: Message) -> Json:
    links = "\n".join(f"<{file['url_private']}|{file['title']}>" for file in one.files)
    replies = state.workspace.replies(one.channel, one.ts)
    return {
        "ts": one.ts,
        "user": one.user,
        "username": one.username,
        "text": "\n".join(part for part in (one.text, links) if part),
        "blocks": one.blocks,
        "edited": one.edited is not None,
        "thread_ts": one.thread_ts,
        "reply_count": len(replies),
        "broadcast": one.broadcast,
        "ephemeral": one.ephemeral,
        "at": iso(one.at),
    }
