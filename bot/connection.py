"""Whether Slack lets us in. When it does not any more we stop sending, ask once a minute, each time with the token as it is then,
and go on where we stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack_errors as refusal
from bot.delivery_words import let_in_again
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.errors import ConfigurationError
from sync.reaching import sync_owners

log = structlog.get_logger()
_EVERY = timedelta(minutes=1)
Token = Callable[[], str]


class Connection:
    """`token` reads the bot token anew. Every process keeps a view of its own; the ledger keeps one for all who ask."""

    def __init__(
        self,
        store: Store,
        client: AsyncWebClient,
        surroundings: Surroundings,
        clock: Callable[[], datetime],
        token: Token,
    ) -> None:
        self._store, self._client, self._around = store, client, surroundings
        self._clock, self._token = clock, token
        self._stopped: bool | None = None
        self._ask_at: datetime | None = None

    async def open(self) -> bool:
        """Whether we may send now. While we may not, Slack is asked once a minute."""
        if self._stopped is None:  # of an earlier life: perhaps there is a new token
            self._stopped = await self._store.slack_stop() is not None
        if not self._stopped:
            return True
        now = self._clock()
        if self._ask_at is not None and now < self._ask_at:
            return False
        self._ask_at = now + _EVERY
        return await self._ask()

    async def stop(self, error: str) -> None:
        """Slack said that it does not let us in."""
        if not self._stopped:
            self._ask_at = self._clock() + _EVERY
        self._stopped = True
        if await self._store.stop_sending(error=error, now=self._clock()):
            log.error("slack_stopped", error=error)

    async def _ask(self) -> bool:
        try:
            self._client.token = self._token()
            await self._client.auth_test()
        except ConfigurationError:
            return False
        except SlackApiError as error:
            await self._store.still_stopped(error=refusal.code(error), now=self._clock())
            return False
        except refusal.NO_ANSWER:
            return False
        await self._again()
        return True

    async def _again(self) -> None:
        stop, now = await self._store.slack_stop(), self._clock()
        self._stopped = False
        team = self._around.workspace.teams.get(sync_owners(self._around.workspace))
        if not await self._store.send_again(now=now) or stop is None or team is None:
            return
        log.info("slack_goes_on", stopped_at=stop.stopped_at.isoformat())
        body = let_in_again(stop, now)
        await self._store.announce(team.channel, "slack_back", body["text"], now=now, body=body)
