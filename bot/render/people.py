"""Who answers for something, as facts of a page."""

from __future__ import annotations

from collections.abc import Iterable

from bot.render.page import Cell
from sync.workspace.workspace import Workspace


def team(workspace: Workspace, name: str | None) -> str:
    """A team as people call it, with what it is called in the files."""
    if name is None:
        return "nobody"
    found = workspace.teams.get(name)
    return f"{found.title} ({name})" if found is not None else name


def teams(workspace: Workspace, names: Iterable[str]) -> str:
    """Several of them."""
    return ", ".join(team(workspace, name) for name in names)


def persons(workspace: Workspace, name: str) -> Cell:
    """Who is who in a team, by the ids that Slack has for them."""
    found = workspace.team(name)
    approvers = f"; approve: {', '.join(found.approvers)}" if found.approvers else ""
    return f"{found.owner} answers, {found.backup} stands in{approvers}; cards go to {found.channel}"
