"""Commands that place and release billing holds, with the same rights and the same journal as in Slack."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.asking import Number
from bot.cli.deciding import As, on_record
from bot.cli.running import now, rights, run
from bot.leading import holding_teams, may_lead_one_of, releasing_teams
from sync.billing import Scope, Source
from sync.errors import NotFound


def place(
    key: Annotated[str, typer.Argument(help="The id of the customer or the contract in the CRM, or the flow's name.")],
    who: As,
    why: Annotated[str, typer.Option(help="Why nothing may be posted.")],
    on: Annotated[Scope, typer.Option(help="What is held.")] = Scope.CUSTOMER,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
) -> None:
    """Let nothing be posted for a customer or a contract, or by a flow, until somebody releases it. Drafts go on."""

    async def act() -> str:
        async with rights() as (store, people):
            if on is Scope.FLOW and key not in people.workspace.flows:
                raise NotFound(f"there is no flow {key}; there is {', '.join(people.workspace.flows)}")
            async with on_record(store, who, "hold", f"{on.value}:{key[:100]}"):
                may_lead_one_of(people, who, holding_teams(people.workspace, on, key))
            hold = await store.place_hold(
                on.value, key, name=name, why=why, source=Source.PERSON.value, by=who, now=now()
            )
            return f"hold {hold}: nothing of {on.value} {name or key} is posted until it is released"

    typer.echo(run(act))


def release(hold: Number, who: As, note: Annotated[str, typer.Option(help="Why billing may go on.")]) -> None:
    """Let billing go on; what waited goes out in order."""

    async def act() -> str:
        async with rights() as (store, people):
            found = await store.hold(hold)
            team = (await store.case(found.case_id)).team if found.case_id is not None else None
            async with on_record(store, who, "release", f"hold:{hold}"):
                may_lead_one_of(people, who, releasing_teams(people.workspace, found, team))
            freed = await store.release(hold, by=who, note=note, now=now())
            return f"hold {hold} is released; {freed} deliveries go on"

    typer.echo(run(act))
