"""`reconcile`: the two sides of a flow against each other, now."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.asking import Json
from bot.cli.running import product, run
from bot.cli.telling import NO, fail, show
from bot.reconciling_words import csv_of, kinds, sentence_of, stakes
from sync.errors import ConnectorError
from sync.reconciling.ledger import Run


def reconcile(
    flow: str,
    whole: Annotated[
        bool, typer.Option(help="Read both sides whole, not only what changed since the last run.")
    ] = False,
    csv: Annotated[Path | None, typer.Option(help="Write every record that disagrees to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Compare what was sold with what stands in the target, record by record. Exit 1: something disagrees, or a side did not
    answer."""

    async def go() -> tuple[Run, str, bytes]:
        async with product() as parts:
            found = parts.workspace.flow(flow)
            if parts.reconciling is None or found.reconcile is None:
                fail(f"{found.title} is not reconciled: its file has no `reconcile`", NO)
            try:
                done = await parts.reconciling.run(found, by="command line", full=whole)
            except ConnectorError:
                done = (await parts.store.runs(found.name, limit=1))[0]
            rows = await parts.store.open_disagreements(found.name)
            write = next(each for each in found.writes if each.name == found.reconcile.write)
            return done, sentence_of(found, done), csv_of(found, write, rows)

    done, words, rows = run(go)
    if csv is not None:
        csv.write_bytes(rows)
    told = "\n".join([words, *(f"  {each}" for each in kinds(done)), *_money(done)])
    show(document(done), as_json=as_json, text=lambda: told)
    if done.state != "done" or done.drifts:
        raise typer.Exit(NO)


def document(done: Run) -> dict[str, Any]:
    """One run as `--json` prints it; amounts in minor units by currency."""
    return {
        "run": done.id, "flow": done.flow, "mode": done.mode, "state": done.state, "source_read": done.source_read,
        "target_read": done.target_read, "disagree": done.drifts, "by_kind": dict(done.counts),
        "explained": dict(done.explained), "at_stake_minor": dict(done.stakes), "by_field": dict(done.fields),
        "totals": [dict(each) for each in done.totals], "detail": done.detail,
    }  # fmt: skip


def _money(done: Run) -> list[str]:
    return [f"Money in question: {stakes(done)}"] if done.drifts else []
