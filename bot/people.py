"""Who may press what, and what people are called. Rights come from the workspace and the row, never from the button; who stands
in for somebody who is away has that person's rights too, for that time."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import escape
from sync.absence import Absence, stand_in, stands_in_for
from sync.errors import NotAllowed
from sync.lifecycle import LEADS, Role, case_move
from sync.workspace.workspace import Workspace

log = structlog.get_logger()
_MARK = re.compile(r"@\{([^}]{1,64})\}")
_USER = re.compile(r"^[UW][A-Z0-9]{5,20}$")
_WORDS = {Role.OWNER: "owner", Role.BACKUP: "backup", Role.MEMBER: "member", Role.APPROVER: "approver"}


class Ledger(Protocol):
    """Who knows who is away, and who is in a Slack user group."""

    def absences(self, *, now: datetime) -> Awaitable[Sequence[Absence]]: ...

    def groups(self) -> Awaitable[Mapping[str, tuple[str, ...]]]: ...


class People:
    """Names are asked from Slack once and kept while the process lives. Who is away is asked from `ledger` at `clock` with
    every `learn_team_members`; without a ledger nobody is."""

    def __init__(
        self,
        workspace: Workspace,
        client: AsyncWebClient | None,
        *,
        ledger: Ledger | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._workspace = workspace
        self._client = client
        self._ledger, self._clock = ledger, clock
        self._names: dict[str, str] = {}
        self.absences: Sequence[Absence] = ()
        self._groups: Mapping[str, tuple[str, ...]] = {}

    @property
    def workspace(self) -> Workspace:
        return self._workspace

    def adopt(self, workspace: Workspace) -> None:
        """Other teams count from now on; names stay known."""
        self._workspace = workspace

    def name(self, user: str) -> str:
        """What the person is called, without mentioning anybody; the id until Slack has told us."""
        return self._names.get(user, user)

    async def learn(self, users: Iterable[str]) -> None:
        """Ask Slack for names not known yet. A Slack that does not answer leaves the ids."""
        for user in {one for one in users if _USER.match(one)} - self._names.keys():
            if self._client is None:
                return
            try:
                answer = await self._client.users_info(user=user)
            except (SlackClientError, ClientError, OSError, TimeoutError) as error:
                log.warning("name_unknown", user=user, error=type(error).__name__)
                return
            profile: dict[str, str] = answer.get("user") or {}
            self._names[user] = profile.get("real_name") or profile.get("name") or user

    async def learn_team_members(self) -> None:
        """The names of everybody in the workspace's teams, and who of them is away now."""
        await self.look_who_is_away()
        teams = self._workspace.teams.values()
        await self.learn(user for team in teams for user in (team.owner, team.backup, *team.approvers, *team.members))

    async def look_who_is_away(self) -> None:
        """Read anew who is away; what a person may do follows from it."""
        if self._ledger is not None and self._clock is not None:
            self.absences = await self._ledger.absences(now=self._clock())
            self._groups = await self._ledger.groups()

    def told(self, text: str) -> str:
        """A line of history with its `@{…}` marks replaced by names, escaped for Slack."""
        return _MARK.sub(lambda mark: f"*{escape(self.name(mark.group(1)))}*", escape(text))

    def plain(self, text: str) -> str:
        """The same for a terminal."""
        return _MARK.sub(lambda mark: self.name(mark.group(1)), text)

    def may(self, user: str, verb: str, team: str) -> tuple[str, ...]:
        """Raises NotAllowed, with the words that say who may, unless the person has the right to this move. Who has it only for
        people who are away gets their ids: for whom they act; nobody's when the right is their own."""
        return self._require(user, case_move(verb).roles, team)

    def may_lead(self, user: str, team: str) -> tuple[str, ...]:
        """Raises NotAllowed unless the person is owner, backup or approver of the team, or stands in for one; as `may`."""
        return self._require(user, LEADS, team)

    def has_one_of(self, user: str, roles: frozenset[Role], team: str) -> tuple[str, ...]:
        """Raises NotAllowed unless the person has one of these roles in the team, or stands in for somebody who has; as `may`."""
        return self._require(user, roles, team)

    def roles(self, team: str, user: str) -> frozenset[Role]:
        """What a person may be in a team now, for themselves or for somebody who is away."""
        acts_for = (user, *self._stands_in_for(user))
        return frozenset(role for one in acts_for for role in self._own_roles(team, one))

    def _own_roles(self, team: str, user: str) -> frozenset[Role]:
        """By the workspace; whoever is in the user group that is on call answers as the owner does."""
        found, on_call = self._workspace.roles(team, user), self._workspace.team(team).on_call
        is_on_call = on_call is not None and user in self._groups.get(on_call.group or "", ())
        return found | {Role.OWNER} if is_on_call else found

    def who_is_there(self, user: str) -> str | None:
        """The person, or who stands in while they are away; None when nobody does."""
        return stand_in(user, self.absences, self._clock()) if self._clock is not None else user

    def _stands_in_for(self, user: str) -> tuple[str, ...]:
        return stands_in_for(user, self.absences, self._clock()) if self._clock is not None else ()

    def _require(self, user: str, roles: frozenset[Role], team: str) -> tuple[str, ...]:
        if self._own_roles(team, user) & roles:
            return ()
        if lent := tuple(one for one in self._stands_in_for(user) if self._own_roles(team, one) & roles):
            return lent
        named = self._workspace.team(team)
        holders = {
            Role.OWNER: [named.owner],
            Role.BACKUP: [named.backup],
            Role.APPROVER: list(named.approvers),
            Role.MEMBER: list(named.members),
        }
        who = [f"{self.name(user_id)} ({_WORDS[role]})" for role in Role if role in roles for user_id in holders[role]]
        raise NotAllowed(f"This is for {named.title}: {', '.join(who) or 'nobody is named'}. Nothing was changed.")
