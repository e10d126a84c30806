"""The last resort of a card that Slack refuses: its words without its blocks, so that nobody misses it."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import clip

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What was to be shown, and where."""

    channel: str
    ts: str | None
    text: str


async def refused_card(client: AsyncWebClient, drawing: Drawing) -> str | None:
    """Show the words alone; the message's id, None when Slack refuses even that."""
    text = clip(drawing.text, 2900)
    try:
        if drawing.ts is not None:
            await client.chat_update(channel=drawing.channel, ts=drawing.ts, text=text, blocks=[])
            return drawing.ts
        answer = await client.chat_postMessage(channel=drawing.channel, text=text)
    except (SlackApiError, ClientError, OSError, TimeoutError) as error:
        log.error("card_lost_its_words", channel=drawing.channel, error=type(error).__name__)
        return None
    return str(answer["ts"])
