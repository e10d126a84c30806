"""`contracts replay`: what the recorded records become under two versions of a workspace, and every field that differs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.asking import Json
from bot.cli.running import ledger, moment_of, run, workspace
from bot.cli.telling import MISUSE, NO, fail, show
from sync.money import Money
from sync.replaying import ASSUMED, Comparing, Comparison, Example, FieldChange, OutcomeChange, Total


def replay_recorded(
    old: Annotated[Path, typer.Argument(help="The directory of one version.")],
    new: Annotated[Path, typer.Argument(help="The directory of the other version.")],
    flow: Annotated[str | None, typer.Option(help="Only records of this flow.")] = None,
    since: Annotated[str | None, typer.Option(help="Only what came in since this day or moment.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records, the newest first.")] = 10_000,
    as_json: Json = False,
) -> None:
    """Prepare recorded records under two versions and list every field that differs. Writes nothing. Exit 1: they differ."""
    for path in (old, new):
        if not path.is_dir():
            fail(f"{path} is not a directory", MISUSE)

    async def go() -> Comparison:
        before, after = workspace(old), workspace(new)
        if flow is not None and flow not in before.flows and flow not in after.flows:
            fail(f"there is no flow called {flow} in either version", MISUSE)
        comparing = Comparing(before, after)
        async with ledger() as store:
            async for page in store.recorded(flow, since=moment_of(since), limit=limit):
                for each in page:
                    comparing.add(each)
        return comparing.result()

    found = run(go)
    show(document(found), as_json=as_json, text=lambda: in_words(found))
    if not found.equal:
        raise typer.Exit(NO)


def document(found: Comparison) -> dict[str, Any]:
    """A comparison for programs; amounts are minor units."""
    totals = [{**dataclasses.asdict(each), "difference": each.difference} for each in found.totals]
    return {"equal": found.equal, **dataclasses.asdict(found), "totals": totals, "assumed": ASSUMED}


def in_words(found: Comparison) -> str:
    """A comparison for people."""
    lines = [line for each in found.outcomes for line in _outcome_lines(each)]
    lines += [line for each in found.fields for line in _field_lines(each)]
    if found.more:
        lines.append(f"{found.more} more differences in other fields")
    lines += [_total_line(each) for each in found.totals]
    if found.picked:
        lines.append(f"in {found.picked} records a person picked a relation; it was not looked up")
    equal = "no difference" if found.equal else f"{found.differing} differ"
    return "\n".join([*lines, f"{found.records} records under both versions: {equal}. {ASSUMED}"])


def _outcome_lines(change: OutcomeChange) -> list[str]:
    head = f"{change.flow}: {change.records} × {change.before} → {change.after}"
    return [head, f"    {', '.join(f'{each.subject} (event {each.event_id})' for each in change.examples)}"]


def _field_lines(change: FieldChange) -> list[str]:
    where = f"{change.write}.{change.path}" if change.write else change.path
    return [f"{change.flow}: {change.records} × {where}", *map(_example_line, change.examples)]


def _example_line(example: Example) -> str:
    where = f"{example.subject} (event {example.event_id}) {example.path}"
    return f"    {where}: {example.before or 'nothing'} → {example.after or 'nothing'}"


def _total_line(total: Total) -> str:
    before, after, difference = (
        Money(currency=total.currency, minor=minor) for minor in (total.before, total.after, total.difference)
    )
    return f"total: {before} → {after}, difference {difference}"
