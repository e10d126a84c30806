"""Proposed rules: what the two buttons of their message lead to. Neither applies the rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import Block
from bot.clicks import Click, Submission
from bot.fixing.rule_card import DISMISS, NOTE, rule_card
from bot.parts import Reply
from bot.surroundings import Surroundings
from store.ledger import Store
from store.suggestions import RULE
from sync.errors import NotAllowed, NotFound
from sync.suggestions import ProposedRule

log = structlog.get_logger()

_STATES = {NOTE: "noted", DISMISS: "dismissed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What presses on a proposed rule lead to. The owner of the flow, and who stands in, may decide."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    verbs: frozenset[str] = frozenset((NOTE, DISMISS))

    async def on_click(self, click: Click) -> None:
        """Carry out a press. Raises MeshlineError with the words for the person."""
        rule = await self.store.proposed_rule(click.cause)
        try:
            self._may(click.user, rule)
            await self.store.end_rule(rule.id, _STATES[click.verb], by=click.user, now=self.clock())
        except NotAllowed as refused:
            what, why = f"rule:{rule.id}", str(refused)
            await self.store.refuse_press(by=click.user, verb=click.verb, what=what, why=why, now=self.clock())
            raise
        finally:
            await self._show(rule.id)

    async def on_submit(self, sent: Submission) -> Reply:
        """No dialog belongs to rules."""
        raise NotFound("This dialog is out of date.")

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of a rule asks."""
        return []

    def _may(self, user: str, rule: ProposedRule) -> None:
        flow = self.surroundings.workspace.flows.get(rule.flow)
        if flow is None:
            raise NotFound("This flow is not in the workspace any more.")
        self.surroundings.people.may_lead(user, flow.owner)

    async def _show(self, rule_id: int) -> None:
        """Draw its message as it stands now; one that Slack does not take stays as it was, and is judged here again."""
        rule = await self.store.proposed_rule(rule_id)
        await self.surroundings.people.learn([rule.decided_by or ""])
        card = rule_card(rule, self.surroundings.around(self.clock()))
        for channel, ts in await self.store.message_places(f"{RULE}:{rule_id}"):
            try:
                await self.client.chat_update(channel=channel, ts=ts, **card)
            except (SlackClientError, ClientError, OSError, TimeoutError) as error:
                log.warning("rule_not_drawn", rule=rule_id, error=type(error).__name__)
