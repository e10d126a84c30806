"""Where a message goes when its channel takes none, and who runs Meshline. Pure."""

from __future__ import annotations

from collections.abc import Collection

from sync.workspace.workspace import Workspace

_SYNC_OWNERS = "revops"


def sync_owners(workspace: Workspace) -> str:
    """The team that runs Meshline: Revenue Operations where there is one, else the owners of the first flow, else the first."""
    if _SYNC_OWNERS in workspace.teams:
        return _SYNC_OWNERS
    owners = [flow.owner for flow in workspace.flows.values() if flow.owner in workspace.teams]
    return next(iter([*owners, *workspace.teams]), "")


def fallback(workspace: Workspace, channel: str, *, flow: str = "", lost: Collection[str] = ()) -> str | None:
    """Where to write instead of a lost channel: what its team names, the channel of the flow's owners, of those who run
    Meshline, of any team. None when no other can be reached."""
    teams = workspace.teams
    named = [team.fallback for team in teams.values() if team.channel == channel and team.fallback]
    owner = workspace.flows[flow].owner if flow in workspace.flows else ""
    first = [teams[name].channel for name in (owner, sync_owners(workspace)) if name in teams]
    reachable = [*named, *first, *(team.channel for team in teams.values())]
    return next((place for place in reachable if place != channel and place not in lost), None)
