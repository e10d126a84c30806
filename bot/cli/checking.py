"""`meshline check`: every mistake of a workspace at once and its samples run through, for people, programs and CI servers."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import reports
from bot.cli.telling import MISUSE, NO, as_document, fail
from sync import connectors
from sync.workspace import check as checked


class Format(StrEnum):
    text = "text"
    json = "json"
    junit = "junit"
    github = "github"


def check(
    directory: Annotated[Path | None, typer.Argument(help="The workspace; MESHLINE_WORKSPACE when left out.")] = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.text,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the sources too whether they still have what the contracts say.")
    ] = False,
) -> None:
    """Every mistake of a workspace at once, and its samples run through."""
    path = directory or configured()
    if not path.is_dir():
        fail(f"{path} is not a directory", MISUSE)
    with _nothing_looked_through():
        report = checked.check(path, connectors.kinds())
    if live:
        report = _asked(report)
    match format:
        case Format.text:
            typer.echo(reports.text(report))
        case Format.json:
            typer.echo(as_document(reports.document(report)))
        case Format.junit:
            typer.echo(reports.junit(report))
        case Format.github:
            typer.echo(reports.github(report, in_repository(path)))
    if not report.ok:
        raise typer.Exit(NO)


def _asked(report: checked.Report) -> checked.Report:
    """The report with what the sources say; as it is where the workspace cannot be loaded."""
    from bot.cli.asked import found_live  # the product is not loaded where nobody is asked

    workspace = report.workspace
    if workspace is None:
        return report
    return replace(report, mistakes=(*report.mistakes, *found_live(workspace)))


@contextmanager
def _nothing_looked_through() -> Iterator[None]:
    """Without looking for garbage again and again in what stays anyway, which takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def in_repository(directory: Path) -> str:
    """Where the directory lies in its repository, as annotations name files; in no repository, seen from where we stand."""
    whole = directory.resolve()
    around = [each for each in (whole, *whole.parents) if (each / ".git").exists()]
    root = around[0] if around else Path.cwd()
    within = whole.relative_to(root).as_posix() if whole.is_relative_to(root) else directory.as_posix()
    return "" if within == "." else f"{within}/"


def configured() -> Path:
    """The workspace that the environment names. Ends with exit 2 where the environment is wrong."""
    from bot.cli.running import run, settings  # the product is not loaded where a directory is named

    async def ask() -> Path:
        return settings().workspace

    return run(ask)
