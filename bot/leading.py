"""Who leads one of several teams. The same for commands in Slack and on the command line."""

from __future__ import annotations

from collections.abc import Iterable

from bot.people import People
from sync.billing import Scope
from sync.errors import NotAllowed
from sync.model import BillingHold
from sync.workspace.workspace import Workspace


def may_lead_one_of(people: People, user: str, teams: Iterable[str]) -> None:
    """Raises NotAllowed, with the words of the first team, unless the person leads one of these."""
    refused: NotAllowed | None = None
    for team in teams:
        try:
            people.may_lead(user, team)
            return
        except NotAllowed as error:
            refused = refused or error
    raise refused or NotAllowed("Nobody is named for this in the workspace. Nothing was changed.")


def holding_teams(workspace: Workspace, scope: str, key: str) -> list[str]:
    """Who leads one of these may place a hold: for a flow the team that owns it."""
    flow = workspace.flows.get(key) if scope == Scope.FLOW else None
    return [flow.owner] if flow is not None else billing_teams(workspace)


def releasing_teams(workspace: Workspace, hold: BillingHold, team: str | None) -> list[str]:
    """Who leads one of these may release the hold: the `team` of the exception that placed it; else whoever may place one."""
    return [team] if team is not None else holding_teams(workspace, hold.scope, hold.key)


def billing_teams(workspace: Workspace) -> list[str]:
    """The teams that own a flow: an invoice may come out of any of them, so who leads one may hold a customer."""
    return sorted({flow.owner for flow in workspace.flows.values()})
