"""`meshline samples add`: a resolved exception becomes a sample of the workspace, so that what was decided once is tested from
then on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.asking import case_id
from bot.cli.running import ledger, run, settings, workspace
from bot.cli.telling import NO, fail
from store.evidence import Evidence, evidence
from sync.lifecycle import CaseState
from sync.reasons import reason
from sync.workspace.exhibits import Exhibit, Stopped, exhibits
from sync.workspace.workspace import Workspace

samples = typer.Typer(help="The samples of a workspace.", no_args_is_help=True)
Directory = Annotated[Path | None, typer.Option("--workspace", help="The workspace; MESHLINE_WORKSPACE when left out.")]


@samples.callback()
def _begin() -> None: ...


@samples.command("add")
def add(exception: str, directory: Directory = None) -> None:
    """Turn a resolved exception into samples without personal data: what was stopped, and what the decision made of it."""
    number = case_id(exception)

    async def ask() -> tuple[Workspace, Evidence]:
        found = workspace(directory or settings().workspace)
        async with ledger() as store:
            return found, await evidence(store.db, number)

    loaded, found = run(ask)
    made = run(lambda: _made(loaded, found))
    for each in made:
        _write(loaded.directory, each)
        typer.echo(each.file)


async def _made(loaded: Workspace, found: Evidence) -> list[Exhibit]:
    case = found.case
    if case.state != CaseState.RESOLVED:
        fail(f"{case.ref} is {case.state}; a sample shows what was decided, so resolve it first", NO)
    if found.record is None:
        fail(f"what was read for {case.ref} is not kept any more; retention let it go", NO)
    made = exhibits(
        loaded,
        Stopped(
            ref=case.ref, title=reason(case.reason).title, flow=loaded.flow(case.flow), record=found.record,
            violations=case.violations, before=found.before, decided=found.decided,
        ),
    )  # fmt: skip
    if wrong := [problem for each in made for problem in each.problems]:
        words = "\n".join(f"  {problem}" for problem in wrong)
        fail(f"{case.ref} does not come out as it did, so no sample is written:\n{words}", NO)
    if there := [each.file for each in made if (loaded.directory / each.file).exists()]:
        fail(f"{there[0]} is there already", NO)
    return made


def _write(directory: Path, exhibit: Exhibit) -> None:
    path = directory / exhibit.file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(exhibit.text)
    except OSError as error:
        fail(f"cannot write {exhibit.file}: {error.strerror}", NO)
