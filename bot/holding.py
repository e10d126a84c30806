"""Holding billing from a card: whoever leads a team that may bill holds the customers of the card's records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot import views
from bot.blocks import Block
from bot.clicks import Click, Submission
from bot.leading import billing_teams, may_lead_one_of
from bot.parts import Reply, wrong_fields
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.billing import Scope, Source
from sync.errors import IllegalMove, NotAllowed
from sync.model import Case, Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingBilling:
    """Verb `hold_billing`: the dialog that asks why, and the hold."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    verbs: frozenset[str] = frozenset({"hold_billing"})

    async def on_click(self, click: Click) -> None:
        """Open the dialog. Raises MeshlineError with the words for the person."""
        cause = await self.store.cause(click.cause)
        cases = await self._allowed(click.user, cause)
        await self.client.views_open(trigger_id=click.trigger, view=views.hold_view(cause, cases))

    async def on_submit(self, sent: Submission) -> Reply:
        """Place a hold on each customer of the card. A missing reason comes back beside its field."""
        cause = await self.store.cause(sent.cause)
        cases = await self._allowed(sent.user, cause)
        if wrong := views.note_problems(sent.view):
            return wrong_fields(wrong)
        placed = [await self._place(sent, case) for case in cases]
        self.changed()
        if not any(placed):
            raise IllegalMove("Billing is held already.")
        return {}

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of this dialog asks."""
        return []

    async def _place(self, sent: Submission, case: Case) -> bool:
        try:
            await self.store.place_hold(
                Scope.CUSTOMER.value, case.customer or "", name=case.customer_name, why=views.reason_text(sent.view),
                source=Source.PERSON.value, by=sent.user, now=self.clock(), case_id=case.id,
            )  # fmt: skip
        except IllegalMove:
            return False
        return True

    async def _allowed(self, user: str, cause: Cause) -> list[Case]:
        """One case for each customer of the card, once the person has the right to hold them."""
        people = self.surroundings.people
        await people.learn_team_members()
        async with self._on_record(user, cause.id):
            may_lead_one_of(people, user, [cause.team, *billing_teams(self.surroundings.workspace)])
        cases = await self.store.cases_of(cause.id)
        found = {case.customer: case for case in reversed(cases) if case.customer}
        if not found:
            raise IllegalMove("No record of this card that waits names a customer.")
        return list(reversed(found.values()))

    @asynccontextmanager
    async def _on_record(self, user: str, cause: int) -> AsyncIterator[None]:
        try:
            yield
        except NotAllowed as refused:
            what, why = f"cause:{cause}", str(refused)
            await self.store.refuse_press(by=user, verb="hold_billing", what=what, why=why, now=self.clock())
            raise
