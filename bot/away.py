"""Being away, by button, dialog and command: who is away has somebody who stands in. People set their own absence, and those who
lead a team that of its people; everybody named is somebody of the workspace's teams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.away_views import BACK, DELEGATE, WHO, Wish, away_view, line, span, standing_of, wish
from bot.blocks import Block
from bot.clicks import Click, Submission
from bot.parts import Reply, wrong_fields
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.errors import IllegalMove, NotAllowed
from sync.lifecycle import LEADS
from sync.preferences import zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Verbs `away` (the dialog) and `back` (the absence of the person who pressed is over)."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    verbs: frozenset[str] = frozenset({"away", "back"})

    async def on_click(self, click: Click) -> None:
        """Open the dialog, or end the absence. Raises MeshlineError with the words for the person."""
        if click.verb == "back":
            await self.back(click.user)
        else:
            await self.open(click.trigger, click.user)

    async def open(self, trigger: str, user: str) -> None:
        """Open the dialog for a person. Raises NotAllowed for somebody who is in no team."""
        if not self._in_a_team(user):
            await self._refuse(user, user, "You are in none of the teams, so nobody has to stand in for you.")
        now = self.clock()
        absence = standing_of(user, await self.store.absences(now=now), now)
        await self.surroundings.people.learn_team_members()
        today = now.astimezone(zone_of((await self.store.preferences(user)).timezone)).date()
        view = away_view(user, today, absence, self.surroundings.around(now))
        await self.client.views_open(trigger_id=trigger, view=view)

    async def back(self, user: str) -> str:
        """The person is here again; in words. Raises IllegalMove when they were not away."""
        if not await self.store.end_absence(user, by=user, now=self.clock()):
            raise IllegalMove("You are not away.")
        await self.surroundings.people.look_who_is_away()
        self.changed()
        return "Welcome back. From now on you are asked again."

    async def standing(self) -> str:
        """Who is away, one line each, for whoever asks."""
        now = self.clock()
        around = self.surroundings.around(now)
        return "\n".join(line(one, around) for one in await self.store.absences(now=now)) or "Nobody is away."

    async def on_submit(self, sent: Submission) -> Reply:
        """Keep what was entered. What is wrong comes back beside the fields."""
        asked = wish(sent.view)
        if wrong := self._wrong(asked):
            return wrong_fields(wrong)
        await self._may_set(sent.user, asked.user)
        now = self.clock()
        when = span(asked, now, zone_of((await self.store.preferences(asked.user)).timezone))
        if when is None or when[1] <= when[0]:
            return wrong_fields({BACK: "The first day back has to be after the absence begins."})
        try:
            await self.store.set_absence(
                asked.user, since=when[0], until=when[1], delegate=asked.delegate, by=sent.user, now=now
            )
        except IllegalMove as error:
            return wrong_fields({DELEGATE: self.surroundings.people.plain(str(error))})
        await self.surroundings.people.look_who_is_away()
        self.changed()
        return {}

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of this dialog asks."""
        return []

    def _wrong(self, asked: Wish) -> dict[str, str]:
        name = self.surroundings.people.name
        if not self._in_a_team(asked.user):
            return {WHO: f"{name(asked.user) or 'Nobody'} is in none of the teams."}
        if asked.back is None:
            return {BACK: "Please choose the first day back."}
        if not self._in_a_team(asked.delegate):
            return {DELEGATE: "Please choose somebody who is in one of the teams: nobody else could decide."}
        if asked.delegate == asked.user:
            return {DELEGATE: "Somebody else has to stand in."}
        return {}

    async def _may_set(self, by: str, user: str) -> None:
        workspace = self.surroundings.workspace
        led = (team for team in workspace.teams if workspace.roles(team, user))
        if by != user and not any(workspace.roles(team, by) & LEADS for team in led):
            name = self.surroundings.people.name(user)
            await self._refuse(by, user, f"Only {name}, or who leads a team of theirs, says when they are away.")

    async def _refuse(self, by: str, user: str, why: str) -> None:
        await self.store.refuse_press(by=by, verb="away", what=f"person:{user}", why=why, now=self.clock())
        raise NotAllowed(why)

    def _in_a_team(self, user: str) -> bool:
        workspace = self.surroundings.workspace
        return any(workspace.roles(team, user) for team in workspace.teams)
