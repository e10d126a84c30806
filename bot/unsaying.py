"""What Slack shows of somebody who was erased: lines are drawn anew from what the ledger still says, packs give way to a notice, files
are deleted. Cards follow the ledger by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack_errors as refusal
from bot.surroundings import Surroundings
from store.ledger import Store

log = structlog.get_logger()

NOTICE = "This was about somebody who was erased; it is not shown any more."
_AWAY = {
    "message_not_found",
    "thread_not_found",
    "channel_not_found",
    "file_not_found",
    "file_deleted",
    "cant_update_message",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaying:
    """Looks at every beat whether anything is left to do in Slack."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings

    async def look(self, now: datetime) -> int:
        """Do what is left; how much of it was done."""
        done = 0
        for number, channel, ts, file_id in await self.store.unsaid():
            try:
                await self._unsay(channel, ts, file_id)
            except SlackApiError as error:
                if refusal.code(error) not in _AWAY:
                    log.warning("not_unsaid", number=number, error=refusal.code(error))
                    return done
            except refusal.NO_ANSWER as error:
                log.warning("not_unsaid", number=number, error=type(error).__name__)
                return done
            await self.store.said(number, now=now)
            done += 1
        return done

    async def _unsay(self, channel: str, ts: str, file_id: str) -> None:
        if file_id:
            await self.client.files_delete(file=file_id)
            return
        lines = await self.store.messages_at(channel, ts)
        told = [one for one in lines if one.body is None and one.text] or [one for one in lines if one.body is not None]
        payload = self.surroundings.message_payload(told) if told else {"text": NOTICE}
        await self.client.chat_update(channel=channel, ts=ts, **{"blocks": [], **payload})
