"""How the page's API reads a request and answers it: JSON both ways, and every refusal in words for a person."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.sandbox.slack.inputs import Given, plain_of
from bot.sandbox.slack.values import CannotDo, Json

Answer = Callable[[web.Request], Awaitable[Json]]


def answering(answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    """JSON out; what a person cannot do is a 400 with the words for it."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await answer(request))
        except CannotDo as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)

    return handle


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


async def body_of(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError as error:
        raise CannotDo("This request cannot be read.") from error
    if not isinstance(body, dict):
        raise CannotDo("This request cannot be read.")
    return body


def need(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise CannotDo(f"This request needs {name!r}.")
    return value


def option_in(body: Json) -> Any:
    element = body.get("element")
    return plain_of(element) if isinstance(element, dict) else None


def values_in(body: Json) -> Given:
    """{block: {action: chosen}} as the page sends it, as {(block, action): plain value}."""
    values = body.get("values")
    blocks = values.items() if isinstance(values, dict) else ()
    fields = [(block, action, one) for block, chosen in blocks for action, one in chosen.items()]
    return {(block, action): plain_of(one) for block, action, one in fields}
