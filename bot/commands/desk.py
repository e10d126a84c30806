"""What every verb of `/sync` works with: the ledger, the workspace, the clock, and who may do what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot.commands.parsing import one_of
from bot.glance import Works
from bot.leading import may_lead_one_of
from bot.reconciling import Reconciling
from bot.surroundings import Surroundings
from bot.wording import Around
from store.ledger import Store
from sync.errors import NotAllowed, NotFound
from sync.line import Line
from sync.preferences import zone_of
from sync.reasons import REASONS
from sync.workspace.flow import Flow

Payload = dict[str, Any]
"""What a command answers, as Slack's acknowledgement has it; empty when a dialog has opened instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One command: who typed it, the words after the verb as they were typed, and the right to open a dialog."""

    user: str
    text: str = ""
    trigger: str = ""

    @property
    def words(self) -> list[str]:
        return self.text.split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`poll` reads a flow's source now; `changed` is called when there may be work or stale cards; `line` is what runs."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    poll: Callable[[Flow], Awaitable[str]]
    changed: Callable[[], None]
    line: Callable[[], Line]
    reconciling: Reconciling | None = None

    def around(self) -> Around:
        """Names and titles at this moment."""
        return self.surroundings.around(self.clock())

    def teams_of(self, user: str) -> frozenset[str]:
        """The teams that a person is in."""
        roles = self.surroundings.people.roles
        return frozenset(name for name in self.surroundings.workspace.teams if roles(name, user))

    def flow(self, wanted: str) -> Flow:
        """The flow of that name or title; the only one when nothing was said. Raises NotFound with what there is."""
        flows = self.surroundings.workspace.flows
        if not wanted.strip() and len(flows) == 1:
            return next(iter(flows.values()))
        return flows[one_of(wanted, {name: flow.title for name, flow in flows.items()}, "flow")]

    def team(self, wanted: str) -> str:
        """The team of that name or title. Raises NotFound with what there is."""
        teams = self.surroundings.workspace.teams
        return one_of(wanted, {name: team.title for name, team in teams.items()}, "team")

    def reason(self, wanted: str) -> str:
        """The reason of that code or title. Raises NotFound with the nearest."""
        return one_of(wanted, {code: each.title for code, each in REASONS.items()}, "reason")

    async def zone(self, user: str) -> ZoneInfo:
        """The clock on which a person writes times: their own, else that of their team, else of any team."""
        said = await self.store.preferences(user)
        workspace = self.surroundings.workspace
        teams = sorted(self.teams_of(user)) or sorted(workspace.teams)
        return zone_of(said.timezone if said.timezone != "UTC" else workspace.calendar(teams[0]).timezone)

    async def may(self, user: str, verb: str, team: str, what: str) -> tuple[str, ...]:
        """Raises NotAllowed, on record, unless the person has the right to this move in the team: for whom, when it is lent."""
        async with self.on_record(user, verb, what):
            return self.surroundings.people.may(user, verb, team)

    async def may_lead(self, user: str, verb: str, teams: Iterable[str], what: str) -> None:
        """Raises NotAllowed, on record, unless the person leads one of these teams."""
        async with self.on_record(user, verb, what):
            may_lead_one_of(self.surroundings.people, user, teams)

    @asynccontextmanager
    async def on_record(self, user: str, verb: str, what: str) -> AsyncIterator[None]:
        """A refused attempt is in the journal before the person hears of it."""
        await self.surroundings.people.learn_team_members()
        try:
            yield
        except NotAllowed as refused:
            await self.store.refuse_press(by=user, verb=verb, what=what, why=str(refused), now=self.clock())
            raise

    async def works(self) -> Works:
        """How the machinery is."""
        store = self.store
        number = (await store.running_releases()).trial
        return Works(
            workers=await store.workers(),
            fields=await store.new_fields(),
            modes=await store.modes(),
            breakers=await store.breakers(),
            trial=await store.published(number) if number is not None else None,
            tally=(await store.tallies(number))[0] if number is not None else None,
        )


def needed(words: str, what: str) -> str:
    """The words, which must be there. Raises NotFound that asks for them."""
    if not words.strip():
        raise NotFound(what)
    return words.strip()
