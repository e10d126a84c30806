"""Server-Sent Events: each change that concerns a person, the moment it happens, until the page or the server goes."""

import json
from contextlib import aclosing, suppress

from aiohttp import web

from bot.sandbox.slack.state import State

HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def stream_changes(request: web.Request, state: State, user: str) -> web.StreamResponse:
    response = web.StreamResponse(headers=HEADERS)
    async with aclosing(state.changes.stream()) as changes:
        with suppress(ConnectionError):
            await response.prepare(request)
            await response.write(b": hello\n\n")
            async for change in changes:
                if change.get("user") in (None, user):
                    await response.write(f"data: {json.dumps(change)}\n\n".encode())
    return response
