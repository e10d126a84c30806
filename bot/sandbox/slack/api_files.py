"""The three steps of an upload: ask for an address, send the bytes there, show the file."""

from bot.sandbox.slack.params import Params
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Json, SlackError


def get_upload_url(state: State, params: Params) -> Json:
    name = params.need("filename")
    params.need("length")
    file = state.files.expect(name, params.text("alt_txt") or "")
    return {"upload_url": state.url(f"/slack/upload/{file.id}"), "file_id": file.id}


def complete_upload(state: State, params: Params) -> Json:
    asked = params.json("files", "invalid_arguments")
    if not isinstance(asked, list) or not asked:
        raise SlackError("invalid_arguments", ["missing required field: files [json-pointer:/files]"])
    files = [_complete(state, one) for one in asked]
    channels = params.text("channel_id") or params.text("channels")
    for channel in channels.split(",") if channels else ():
        state.workspace.say(
            state.workspace.writable(channel.strip()),
            text=params.text("initial_comment") or "",
            thread_ts=params.text("thread_ts") or None,
            files=tuple(files),
        )
    return {"files": files}


def info(state: State, params: Params) -> Json:
    """A file that was completed; one that is only on its way is not found."""
    file = state.files.find(params.need("file"))
    if not file.shown:
        raise SlackError("file_not_found")
    return {"file": {"id": file.id, "name": file.name, "mimetype": file.mimetype}}


def delete(state: State, params: Params) -> Json:
    state.files.forget(params.need("file"))
    return {}


def _complete(state: State, asked: object) -> Json:
    if not isinstance(asked, dict) or not asked.get("id"):
        raise SlackError("invalid_arguments", ["missing required field: id [json-pointer:/files/0]"])
    file_id = str(asked["id"])
    return state.files.complete(file_id, asked.get("title"), state.url(f"/slack/files/{file_id}"))
