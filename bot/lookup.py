"""Finds a message of ours by its metadata, when the answer to its posting was lost. It looks back to when the try began."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

_CLOCKS_DIFFER = timedelta(minutes=3)
_PAGE, _PAGES = 200, 25


class Lookup:
    """Asks Slack page by page. Raises what the client raises."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def card(self, channel: str, event: str, cause: int, since: datetime | None) -> str | None:
        """The message id of a cause's card in the channel."""
        return await self._find(event, "cause", cause, since, channel=channel)

    async def line(
        self, channel: str, event: str, message: int, since: datetime | None, thread: str | None
    ) -> str | None:
        """The message id of a line, in its thread where it has one."""
        return await self._find(event, "ids", message, since, channel=channel, thread=thread)

    async def pack(self, channel: str, event: str, pack: int, since: datetime | None) -> str | None:
        """The message id of a pack."""
        return await self._find(event, "pack", pack, since, channel=channel)

    async def _find(
        self, event: str, key: str, value: int, since: datetime | None, *, channel: str, thread: str | None = None
    ) -> str | None:
        asked: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": _PAGE}
        if since is not None:
            asked["oldest"] = f"{(since - _CLOCKS_DIFFER).timestamp():.6f}"
        for _ in range(_PAGES):
            answer = await self._page(thread, asked)
            found = _with_metadata(answer.get("messages", []), event, key, value)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if found is not None or not cursor:
                return found
            asked["cursor"] = cursor
        return None

    async def _page(self, thread: str | None, asked: dict[str, Any]) -> Any:
        if thread is None:
            return await self._client.conversations_history(**asked)
        return await self._client.conversations_replies(ts=thread, **asked)


def _with_metadata(found: list[dict[str, Any]], event: str, key: str, value: int) -> str | None:
    for message in found:
        metadata = message.get("metadata") or {}
        held = metadata.get("event_payload", {}).get(key)
        if metadata.get("event_type") == event and (held == value or (isinstance(held, list) and value in held)):
            return str(message["ts"])
    return None
