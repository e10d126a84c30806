"""`owners`: who answers for what, who stands in, who approves and by when, as the workspace says that runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.cli.asking import Json
from bot.cli.running import now, rights, run
from bot.cli.telling import show, table
from bot.commands.parsing import one_of
from bot.people import People


def owners(
    team: Annotated[str | None, typer.Argument(help="One team, by its name or title.")] = None, as_json: Json = False
) -> None:
    """Who answers for what: every team with its people and what it owns."""

    async def ask() -> list[dict[str, Any]]:
        async with rights() as (_, people):
            titles = {name: each.title for name, each in people.workspace.teams.items()}
            wanted = [one_of(team, titles, "team")] if team else list(titles)
            return [_told(people, name) for name in wanted]

    found = run(ask)
    rows = [
        (one["title"], one["asked_now"], one["backup"], ", ".join(one["approvers"]), ", ".join(one["owns"]))
        for one in found
    ]
    show(found, as_json=as_json, text=lambda: table(rows, "team", "asked now", "backup", "approvers", "owns"))


def _told(people: People, name: str) -> dict[str, Any]:
    workspace, team = people.workspace, people.workspace.team(name)
    flows = [f"flow {flow.name}" for flow in workspace.flows.values() if flow.owner == name]
    contracts = [f"contract {each.ref}" for each in workspace.contracts.values() if each.owner == name]
    return {
        "team": name,
        "title": team.title,
        "channel": team.channel,
        "owner": team.owner,
        "asked_now": workspace.on_call(name, now()),
        "backup": team.backup,
        "approvers": list(team.approvers),
        "members": list(team.members),
        "owns": [*flows, *contracts],
    }
