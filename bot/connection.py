"""Whether Slack lets us in. When it does not any more we stop sending, ask once a minute, each time with the token as it is then,
and go on where we stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import slack_errors as refusal
from bot.delivery_words import let_in_again
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.errors import ConfigurationError
from sync.reaching import sync_owners

log = structlog.get_logger()
_EVERY = timedelta(minutes=1)
_WHO_SECONDS, _WHO_EVERY = 1.0, timedelta(seconds=30)
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
        self._asked_who: datetime | None = None
        self._ours: dict[str, Any] = {}

    def authorize(self) -> Callable[..., Awaitable[AuthorizeResult]]:
        """Tells Bolt as whom we answer a request. A press counts while Slack does not answer us, or does not let us in."""

        async def authorize(enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult:
            ours = await self._who()
            return AuthorizeResult(
                enterprise_id=enterprise_id, team_id=ours.get("team_id") or team_id, user_id=user_id,
                bot_user_id=ours.get("user_id"), bot_id=ours.get("bot_id"), bot_token=self._client.token,
            )  # fmt: skip

        return authorize  # Bolt goes by the names of the arguments, and `self` is none of its own

    async def _who(self) -> dict[str, Any]:
        """Who we are, asked once; nothing while Slack does not say."""
        now = self._clock()
        if not self._ours and (self._asked_who is None or now - self._asked_who >= _WHO_EVERY):
            self._asked_who = now
            with suppress(SlackApiError, *refusal.NO_ANSWER):
                async with asyncio.timeout(_WHO_SECONDS):
                    self._ours = _told(await self._client.auth_test())
        return self._ours

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

    async def doubt(self, error: str) -> None:
        """Somebody says that Slack does not let us in: nothing is sent until Slack itself was asked, which is done next."""
        await self.stop(error)
        self._ask_at = None

    async def _ask(self) -> bool:
        try:
            self._client.token = self._token()
            self._ours = _told(await self._client.auth_test())
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


def _told(answer: AsyncSlackResponse) -> dict[str, Any]:
    return answer.data if isinstance(answer.data, dict) else {}
