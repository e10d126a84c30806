"""Stopping the clock of a card, for a reason, and letting it run again. Class A is stopped by approvers only; whoever is in the
team lets it run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import Block
from bot.clicks import Click, Submission
from bot.parts import Reply, wrong_fields
from bot.pause_views import REASON, chosen, may_be_paused, pause_view, severity_of
from bot.surroundings import Surroundings
from store.ledger import Store
from store.pausing import Standstill
from sync.errors import IllegalMove, NotAllowed
from sync.lifecycle import TEAM
from sync.model import Case, Cause
from sync.pausing import may_pause


@dataclass(frozen=True, slots=True, kw_only=True)
class PausingClocks:
    """Verbs `pause_clock` (the dialog) and `resume_clock` (at once)."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    verbs: frozenset[str] = frozenset({"pause_clock", "resume_clock"})

    async def on_click(self, click: Click) -> None:
        """Open the dialog, or let the clock run. Raises MeshlineError with the words for the person."""
        cause = await self.store.cause(click.cause)
        if click.verb == "resume_clock":
            cases = await self._allowed(click.user, click.verb, cause)
            await self.store.resume_clocks([case.id for case in cases], by=click.user, now=self.clock())
            self.changed()
            return
        await self._allowed(click.user, click.verb, cause)
        if not may_be_paused(cause):
            raise IllegalMove("No clock of this card can be stopped now.")
        view = pause_view(cause, self.surroundings.around(self.clock()))
        await self.client.views_open(trigger_id=click.trigger, view=view)

    async def on_submit(self, sent: Submission) -> Reply:
        """Stop the clocks of the card's records. What is missing comes back beside its field."""
        cause, now = await self.store.cause(sent.cause), self.clock()
        cases = await self._allowed(sent.user, "pause_clock", cause)
        asked = chosen(sent.view, now)
        if asked is None:
            return wrong_fields({REASON: "Please choose why the clock has to stand still."})
        why, until, note = asked
        ids = [case.id for case in cases]
        await self.store.pause_clocks(Standstill(cases=ids, by=sent.user, why=why, until=until, note=note), now=now)
        self.changed()
        return {}

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of this dialog asks."""
        return []

    async def _allowed(self, user: str, verb: str, cause: Cause) -> list[Case]:
        """The card's unresolved records, once the person has the right to it. A refusal is on record before anything else is said."""
        cases = await self.store.cases_of(cause.id)
        gravest = severity_of(cases or list(cause.first))
        people = self.surroundings.people
        await people.learn_team_members()
        async with self._on_record(user, verb, cause.id):
            people.has_one_of(user, TEAM if verb == "resume_clock" else may_pause(gravest), cause.team)
        if not cases:
            raise IllegalMove("Nothing on this card waits for a decision any more.")
        return cases

    @asynccontextmanager
    async def _on_record(self, user: str, verb: str, cause: int) -> AsyncIterator[None]:
        try:
            yield
        except NotAllowed as refused:
            what = f"cause:{cause}"
            await self.store.refuse_press(by=user, verb=verb, what=what, why=str(refused), now=self.clock())
            raise
