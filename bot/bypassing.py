"""The postmortem of a change around Meshline: whoever is in the card's team reads the draft and writes down what changes in the
runbook. It is asked once and stays asked until it is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot import views
from bot.blocks import Block
from bot.bypass_cards import VERB
from bot.bypass_views import postmortem_view
from bot.clicks import Click, Submission
from bot.parts import Reply, wrong_fields
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.bypasses import KeptBypass
from sync.errors import NotAllowed
from sync.lifecycle import TEAM
from sync.model import Cause
from sync.postmortem import Part, as_text, draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmortems:
    """Verb `postmortem`: the dialog, and its answer."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    verbs: frozenset[str] = frozenset({VERB})

    async def on_click(self, click: Click) -> None:
        """Open the draft. Raises MeshlineError with the words for the person."""
        cause = await self._allowed(click.user, click.cause)
        _, parts = await self._draft(cause)
        await self.client.views_open(trigger_id=click.trigger, view=postmortem_view(cause, parts))

    async def on_submit(self, sent: Submission) -> Reply:
        """Put the change of the runbook on record, with the postmortem. What is missing comes back beside its field."""
        cause = await self._allowed(sent.user, sent.cause)
        if wrong := views.note_problems(sent.view):
            return wrong_fields(wrong)
        kept, parts = await self._draft(cause)
        lesson = views.reason_text(sent.view)
        text, now = as_text(parts, lesson), self.clock()
        await self.store.learn(kept.id, lesson, postmortem=text, by=sent.user, now=now)
        self.changed()
        return {}

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of this dialog asks."""
        return []

    async def _draft(self, cause: Cause) -> tuple[KeptBypass, tuple[Part, ...]]:
        kept = await self.store.bypass_of(cause.id)
        return kept, draft(kept, await self.store.bypass_story(kept))

    async def _allowed(self, user: str, cause_id: int) -> Cause:
        cause, people = await self.store.cause(cause_id), self.surroundings.people
        await people.learn_team_members()
        async with self._on_record(user, cause_id):
            people.has_one_of(user, TEAM, cause.team)
        return cause

    @asynccontextmanager
    async def _on_record(self, user: str, cause: int) -> AsyncIterator[None]:
        try:
            yield
        except NotAllowed as refused:
            what, why = f"cause:{cause}", str(refused)
            await self.store.refuse_press(by=user, verb=VERB, what=what, why=why, now=self.clock())
            raise
