"""The chat methods: what the app says, changes, takes back and whispers."""

from typing import Any

from bot.sandbox.slack.limits import LONGEST_TEXT, block_problems
from bot.sandbox.slack.normal import normal
from bot.sandbox.slack.params import Params
from bot.sandbox.slack.shapes import message_shape
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Json, Message, SlackError


def read_blocks(given: Any) -> list[Json] | None:
    """Blocks as Slack keeps them. Raises SlackError with everything that is wrong with them."""
    if given is None:
        return None
    if not isinstance(given, list):
        raise SlackError("invalid_blocks_format")
    if problems := block_problems(given, "message"):
        raise SlackError("invalid_blocks", problems)
    return normal(given)


def read_text(given: Any) -> str | None:
    text = None if given is None else str(given)
    if text is not None and len(text) > LONGEST_TEXT:
        raise SlackError("msg_too_long")
    return text


def post_message(state: State, params: Params) -> Json:
    channel = state.workspace.writable(params.need("channel"))
    if not state.throttle.allows(channel):
        raise SlackError("ratelimited")
    text, blocks = _content(params)
    message = state.workspace.say(
        channel,
        text=text,
        blocks=blocks,
        metadata=_metadata(params),
        thread_ts=params.text("thread_ts") or None,
        broadcast=params.flag("reply_broadcast"),
    )
    return {"channel": channel, "ts": message.ts, "message": message_shape(message, state.app)}


def post_ephemeral(state: State, params: Params) -> Json:
    channel = state.workspace.writable(params.need("channel"))
    reader = params.need("user")
    if reader not in state.workspace.members(channel):
        raise SlackError("user_not_in_channel")
    text, blocks = _content(params)
    thread_ts = params.text("thread_ts") or None
    message = state.workspace.say(channel, text=text, blocks=blocks, thread_ts=thread_ts, only_for=reader)
    return {"message_ts": message.ts}


def update(state: State, params: Params) -> Json:
    message = _own(state, params, "cant_update_message")
    text = read_text(params.text("text"))
    blocks = read_blocks(params.json("blocks", "invalid_blocks_format"))
    if text is None and blocks is None:
        raise SlackError("no_text")
    edited = state.workspace.edit(message, text=text, blocks=blocks, metadata=_metadata(params))
    shape = message_shape(edited, state.app)
    return {"channel": edited.channel, "ts": edited.ts, "text": edited.text, "message": shape}


def delete(state: State, params: Params) -> Json:
    message = _own(state, params, "cant_delete_message")
    state.workspace.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(state: State, params: Params) -> Json:
    channel = state.workspace.resolve(params.need("channel"))
    message = state.workspace.find(channel, params.need("message_ts"))
    path = f"/archives/{channel}/p{message.ts.replace('.', '')}"
    return {"channel": channel, "permalink": state.url(path)}


def add_reaction(state: State, params: Params) -> Json:
    channel = state.workspace.resolve(params.need("channel"))
    message = state.workspace.find(channel, params.need("timestamp"))
    state.workspace.react(message, params.need("name").strip(":"), state.app.user_id)
    return {}


def _content(params: Params) -> tuple[str, list[Json]]:
    text = read_text(params.text("text")) or ""
    blocks = read_blocks(params.json("blocks", "invalid_blocks_format")) or []
    if not text and not blocks:
        raise SlackError("no_text")
    return text, blocks


def _metadata(params: Params) -> Json | None:
    given = params.json("metadata", "invalid_metadata_format")
    if given is None:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("event_payload"), dict) or not given.get("event_type"):
        raise SlackError("invalid_metadata_schema")
    return given


def _own(state: State, params: Params, refusal: str) -> Message:
    channel = state.workspace.writable(params.need("channel"))
    message = state.workspace.find(channel, params.need("ts"))
    if message.ephemeral:
        raise SlackError("message_not_found")
    if not message.bot:
        raise SlackError(refusal)
    return message
