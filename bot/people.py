"""Who may press what, and what people are called. Rights come from the workspace and the row, never from the button."""

from __future__ import annotations

import re
from collections.abc import Iterable

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import escape
from sync.errors import NotAllowed
from sync.lifecycle import LEADS, Role, case_move
from sync.workspace.workspace import Workspace

log = structlog.get_logger()
_MARK = re.compile(r"@\{([^}]{1,64})\}")
_USER = re.compile(r"^[UW][A-Z0-9]{5,20}$")
_WORDS = {Role.OWNER: "owner", Role.BACKUP: "backup", Role.MEMBER: "member", Role.APPROVER: "approver"}


class People:
    """Names are asked from Slack once and kept while the process lives."""

    def __init__(self, workspace: Workspace, client: AsyncWebClient | None) -> None:
        self._workspace = workspace
        self._client = client
        self._names: dict[str, str] = {}

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
        """The names of everybody in the workspace's teams."""
        teams = self._workspace.teams.values()
        await self.learn(user for team in teams for user in (team.owner, team.backup, *team.approvers, *team.members))

    def told(self, text: str) -> str:
        """A line of history with its `@{…}` marks replaced by names, escaped for Slack."""
        return _MARK.sub(lambda mark: f"*{escape(self.name(mark.group(1)))}*", escape(text))

    def plain(self, text: str) -> str:
        """The same for a terminal."""
        return _MARK.sub(lambda mark: self.name(mark.group(1)), text)

    def may(self, user: str, verb: str, team: str) -> None:
        """Raises NotAllowed, with the words that say who may, unless the person has the right to this move."""
        self._require(user, case_move(verb).roles, team)

    def may_lead(self, user: str, team: str) -> None:
        """Raises NotAllowed unless the person is owner, backup or approver of the team."""
        self._require(user, LEADS, team)

    def _require(self, user: str, roles: frozenset[Role], team: str) -> None:
        if self._workspace.roles(team, user) & roles:
            return
        named = self._workspace.team(team)
        holders = {
            Role.OWNER: [named.owner],
            Role.BACKUP: [named.backup],
            Role.APPROVER: list(named.approvers),
            Role.MEMBER: list(named.members),
        }
        who = [f"{self.name(user_id)} ({_WORDS[role]})" for role in Role if role in roles for user_id in holders[role]]
        raise NotAllowed(f"This is for {named.title}: {', '.join(who) or 'nobody is named'}. Nothing was changed.")
