"""Who may talk to us at all: requests of another Slack workspace are refused and put on record, however well they are signed. And
what Slack itself tells about our installation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from bot.connection import Connection
from bot.views import notice_view
from store.ledger import Store

log = structlog.get_logger()
_WORDS = "This Meshline belongs to another Slack workspace. Nothing was changed."
Next = Callable[[], Awaitable[BoltResponse]]


class Strangers:
    """Stands in front of all listeners, behind the signature."""

    def __init__(self, bolt: AsyncApp, store: Store, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._store, self._connection, self._clock = store, connection, clock
        bolt.middleware(self.turn_away)
        bolt.event("app_uninstalled")(self.on_uninstalled)
        bolt.event("tokens_revoked")(self.on_revoked)

    async def turn_away(self, context: AsyncBoltContext, body: dict[str, Any], next: Next) -> BoltResponse:
        """Let through what comes from the workspace in which we are installed."""
        ours = context.authorize_result.team_id if context.authorize_result else None
        claimed = _claimed(body) | ({context.team_id} if context.team_id else set())
        strange = sorted(claimed - {ours})
        if not ours or not strange or context.is_enterprise_install:
            return await next()
        what = f"workspace:{strange[0]}"[:255]
        log.warning("stranger_refused", workspace=strange[0])
        by = str(context.user_id or "unknown")[:255]
        await self._store.refuse_press(by=by, verb=_kind(body), what=what, why=_WORDS, now=self._clock())
        return _refusal(body)

    async def on_uninstalled(self) -> None:
        """The app was uninstalled; whether that is so is asked at once."""
        await self._connection.doubt("app_uninstalled")

    async def on_revoked(self, event: dict[str, Any]) -> None:
        """Tokens were revoked; when the bot's is among them we hear it at once."""
        if (event.get("tokens") or {}).get("bot"):
            await self._connection.doubt("token_revoked")


def _claimed(body: dict[str, Any]) -> set[str]:
    """Every workspace that the request says it is of."""
    team, view = body.get("team"), body.get("view")
    found = {team.get("id") if isinstance(team, dict) else team, body.get("team_id")}
    if isinstance(view, dict):
        found |= {view.get("team_id"), view.get("app_installed_team_id")}
    return {str(one) for one in found if one}


def _kind(body: dict[str, Any]) -> str:
    return str(body.get("type") or body.get("command") or "request")[:64]


def _refusal(body: dict[str, Any]) -> BoltResponse:
    if body.get("type") == "view_submission":
        answer = {"response_action": "update", "view": notice_view("Not possible", _WORDS)}
    elif body.get("command"):
        answer = {"response_type": "ephemeral", "text": _WORDS}
    else:
        answer = {"text": _WORDS}
    return BoltResponse(status=200, body=answer)
