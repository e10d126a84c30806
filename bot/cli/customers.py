"""Canonical customers: who is one, merging two and taking that back, with the same rights and the same journal as in Slack."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.cli.asking import Json, Number
from bot.cli.deciding import As, on_record
from bot.cli.running import now, rights, run
from bot.cli.telling import show
from bot.leading import may_lead_one_of
from bot.people import People
from sync.customers import MAYBE, Customer
from sync.errors import NotFound

customers = typer.Typer(help="Who is billed, and as whom other systems know them.", no_args_is_help=True)
Why = Annotated[str, typer.Option(help="Why.")]


@customers.command("show")
def show_customer(customer: Number, as_json: Json = False) -> None:
    """One customer: its number and reference in the target, the records that are it, and what it was merged into."""

    async def ask() -> dict[str, Any]:
        async with rights() as (store, _):
            return asdict(await store.customer(customer))

    found = run(ask)
    show(found, as_json=as_json, text=lambda: _told(found))


@customers.command("merge")
def merge(survivor: Number, other: Number, who: As, why: Why) -> None:
    """From now on the other one is the survivor. Nothing is changed in the target."""

    async def act() -> str:
        async with rights() as (store, people):
            kept, gone = await store.customer(survivor), await store.customer(other)
            async with on_record(store, who, "merge", f"customer:{other}"):
                may_lead_one_of(people, who, _teams(people, kept, gone))
            await store.merge_customers(survivor, other, by=who, why=why, now=now())
            return f"{gone.name} ({other}) is {kept.name} ({survivor}) from now on"

    typer.echo(run(act))


@customers.command("unmerge")
def unmerge(customer: Number, who: As, why: Why) -> None:
    """It is a customer of its own again, with its number, its reference and the records that it had."""

    async def act() -> str:
        async with rights() as (store, people):
            found = await store.customer(customer)
            async with on_record(store, who, "unmerge", f"customer:{customer}"):
                may_lead_one_of(people, who, _teams(people, found))
            await store.unmerge_customer(customer, by=who, why=why, now=now())
            return f"{found.name} ({customer}) is a customer of its own again, under {found.reference}"

    typer.echo(run(act))


def _teams(people: People, *found: Customer) -> list[str]:
    """Who is asked about customers of these flows."""
    workspace, flows = people.workspace, {each.flow for each in found}
    known = [workspace.flows[name] for name in sorted(flows) if name in workspace.flows]
    if not known:
        raise NotFound(f"there is no flow {', '.join(sorted(flows))} any more, whose team could decide")
    return [workspace.route(flow, MAYBE, now()).team for flow in known]


def _told(found: dict[str, Any]) -> str:
    same = ", ".join(f"{each['connection']} {each['entity']} {each['id']}" for each in found["same"])
    into = f"\nmerged into customer {found['merged_into']}" if found["merged_into"] is not None else ""
    name = found["says"].get("name") or found["reference"]
    return (
        f"{name}: number {found['number']} in {found['target']}, written as {found['reference']}\nknown as {same}{into}"
    )
