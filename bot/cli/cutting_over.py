"""`meshline cutover`: what the new way of a flow has made so far, for whoever signs that the old one ends."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.asking import Json
from bot.cli.running import product, run
from bot.cli.telling import NO, fail, moment, show
from bot.cutting_over import Cutover, amount, csv_of, cutover_of, money_of


def cutover(
    flow: str,
    compare: Annotated[
        bool, typer.Option("--compare", help="Read both sides whole first, as `reconcile` does.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the report to this file, for a spreadsheet.")] = None,
    as_json: Json = False,
) -> None:
    """What a flow has bound, created and refused, and whether both sides add up to the same. Exit 1: something is open or
    differs, or the sides were not compared."""

    async def go() -> Cutover:
        async with product() as parts:
            found = parts.workspace.flow(flow)
            if compare and (parts.reconciling is None or found.reconcile is None):
                fail(f"{found.title} cannot be compared: its file has no `reconcile`", NO)
            if compare and parts.reconciling is not None:
                await parts.reconciling.run(found, by="command line", full=True)
            return await cutover_of(parts.store, found)

    found = run(go)
    if csv is not None:
        csv.write_bytes(csv_of(found))
    show(document(found), as_json=as_json, text=lambda: in_words(found))
    if not found.done:
        raise typer.Exit(NO)


def document(found: Cutover) -> dict[str, Any]:
    """The report for programs; amounts are minor units."""
    told = dataclasses.asdict(dataclasses.replace(found, compared=None))
    run = found.compared
    return told | {"done": found.done, "compared": run.ended_at if run is not None else None}


def in_words(found: Cutover) -> str:
    """The report for people."""
    lines = [
        f"{found.title}: {found.bound:,} records bound that were in the target, {found.created:,} created, "
        f"{found.waiting:,} under way."
    ]
    refused = sum(pile.records for pile in found.refused)
    lines.append(f"Refused and open: {refused:,}" if refused else "Nothing refused is open.")
    lines += [f"  {pile.records:,} {pile.name}{money_of(pile.minor)}" for pile in found.refused]
    if found.discarded.records:
        lines.append(f"Discarded by people: {found.discarded.records:,}{money_of(found.discarded.minor)}")
    lines += [
        f"Open with {one.owner} of {one.team}: {one.records:,}{money_of(one.minor)}, the first by {moment(one.next_by)}"
        for one in found.owners
    ]
    return "\n".join([*lines, *_compared(found)])


def _compared(found: Cutover) -> list[str]:
    if found.compared is None:
        return ["The two sides were not compared yet: add --compare, or run `meshline reconcile`."]
    lines = [f"Compared {moment(found.compared.ended_at)}: {found.compared.drifts:,} records differ."]
    lines += [f"  {pile.records:,} {pile.name}{money_of(pile.minor)}" for pile in found.differing]
    for side in found.sides:
        totals = (amount(each, side.currency) for each in (side.source_minor, side.target_minor, side.difference))
        source, target, difference = totals
        lines.append(f"  {side.currency}: {source} in the source, {target} in the target, difference {difference}")
    return lines
