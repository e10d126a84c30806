"""What a card needs to know that is not on its row: titles, names, links. And a history line as Slack gets it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.blocks import clip
from bot.cards import Around
from bot.fixing.rule_card import told as told_of_rule
from bot.people import People
from store.suggestions import RULE
from sync.model import Message
from sync.traffic import needs_of
from sync.workspace.workspace import Workspace


class Surroundings:
    """Built once from the workspace; `people` gives the names."""

    def __init__(self, workspace: Workspace, people: People, *, crm_pages: str | None = None) -> None:
        self.workspace, self.people = workspace, people
        self._crm_pages = crm_pages

    def adopt(self, workspace: Workspace) -> None:
        """Another release runs from now on."""
        self.workspace = workspace
        self.people.adopt(workspace)

    def around(self, now: datetime) -> Around:
        """The surroundings at this moment."""
        return Around(
            now=now,
            flow_title=self._flow_title,
            team_title=self._team_title,
            person=self.people.name,
            crm_link=self._crm_link,
            contract=self._contract,
            needs=self._needs,
        )

    def message_payload(self, group: list[Message]) -> dict[str, Any]:
        """One Slack message for lines that go out together."""
        if group[0].body is not None and group[0].kind.startswith(f"{RULE}:"):
            return told_of_rule(group[0].body, self.around(group[0].at))
        if group[0].body is not None:
            return group[0].body
        lines = []
        for message in group:
            mentions = "".join(f"<@{one}> " for one in (message.mention or "").split())
            lines.append(f"{mentions}{self.people.told(message.text)}")
        return {"text": clip("\n".join(lines), 2900)}

    def _flow_title(self, name: str) -> str:
        flow = self.workspace.flows.get(name)
        return flow.title if flow else name

    def _team_title(self, name: str) -> str:
        team = self.workspace.teams.get(name)
        return team.title if team else name

    def _contract(self, name: str) -> str:
        flow = self.workspace.flows.get(name)
        return flow.contract if flow else ""

    def _needs(self, name: str, connection: str) -> bool:
        flow = self.workspace.flows.get(name)
        return flow is not None and connection in needs_of(flow)

    def _crm_link(self, subject: str) -> str | None:
        entity, _, record_id = subject.partition(":")
        if self._crm_pages is None or not self._crm_pages.startswith("https://"):
            return None
        return self._crm_pages.replace("{entity}", quote(entity)).replace("{id}", quote(record_id))
