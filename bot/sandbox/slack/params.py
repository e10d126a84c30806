"""The arguments of one Web API call, however they came: query, form fields that may hold JSON, or a JSON body."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox.slack.values import Json, SlackError

_TRUE = (True, 1, "1", "true", "True")
_PREFIX = "[ERROR] "


class Params:
    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def text(self, name: str) -> str | None:
        value = self._given.get(name)
        return None if value is None else str(value)

    def need(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def flag(self, name: str) -> bool:
        return self._given.get(name) in _TRUE

    def number(self, name: str, default: int) -> int:
        try:
            return int(self._given.get(name) or default)
        except ValueError as error:
            raise SlackError("invalid_arguments", [f"must provide a number [json-pointer:/{name}]"]) from error

    def json(self, name: str, refusal: str) -> Any:
        """A structured argument; `refusal` is Slack's word for one that cannot be read."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError as error:
            raise SlackError(refusal) from error

    def view(self) -> Json:
        view = self.json("view", "invalid_arguments")
        if view is None:
            raise missing("view")
        if not isinstance(view, dict):
            raise SlackError("invalid_arguments", ["must provide an object [json-pointer:/view]"])
        return view


def missing(name: str) -> SlackError:
    return SlackError("invalid_arguments", [f"missing required field: {name} [json-pointer:/{name}]"])


async def read_params(request: web.Request) -> Params:
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        given |= _object(await request.text())
    elif request.can_read_body:
        given |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return Params(given)


def _object(body: str) -> Json:
    try:
        found = json.loads(body or "{}")
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(found, dict):
        raise SlackError("json_not_object")
    return found


def refusal(error: SlackError) -> Json:
    """The body of an answer that says no."""
    lines = [f"{_PREFIX}{line}" for line in error.problems]
    explained = {"errors": error.problems, "response_metadata": {"messages": lines}} if lines else {}
    return {"ok": False, "error": error.code, **error.extra, **explained}
