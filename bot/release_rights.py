"""Who may agree to a release, who may stop it, and who hears of it: by the workspace that runs."""

from __future__ import annotations

from sync.errors import NotAllowed, NotFound
from sync.lifecycle import LEADS, Role
from sync.releases import Release
from sync.workspace.workspace import Workspace


def may_agree(workspace: Workspace, team: str, user: str) -> None:
    """Raises NotAllowed unless the person may approve for the team: its approvers, or its owner and backup where it has none."""
    named = workspace.teams.get(team)
    if named is None:
        raise NotFound(f"there is no team called {team}")
    wanted = frozenset({Role.APPROVER}) if named.approvers else LEADS
    if not workspace.roles(team, user) & wanted:
        who = ", ".join(f"@{{{each}}}" for each in (named.approvers or (named.owner, named.backup)))
        raise NotAllowed(f"This is for {named.title}: {who}. Nothing was changed.")


def may_release(workspace: Workspace, release: Release, user: str) -> None:
    """Raises NotAllowed unless the person leads one of the teams that the release needed, or that own a flow."""
    teams = {*release.needs, *(flow.owner for flow in workspace.flows.values())}
    if not any(team in workspace.teams and workspace.roles(team, user) & LEADS for team in teams):
        names = ", ".join(sorted(workspace.teams[team].title for team in teams if team in workspace.teams))
        raise NotAllowed(f"This is for those who lead {names}. Nothing was changed.")


def channels_of(workspace: Workspace, release: Release) -> list[str]:
    """Where people hear of a release: the teams that must agree, and the owners of the flows it changes."""
    changed = {str(each.get("name", "")) for each in release.changes if each.get("noun") == "flow"}
    owners = [flow.owner for flow in workspace.flows.values() if not changed or flow.name in changed]
    teams = [workspace.teams[team] for team in (*release.needs, *owners) if team in workspace.teams]
    return list(dict.fromkeys(team.channel for team in teams))
