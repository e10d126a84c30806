"""`contracts diff`: what a change of a workspace breaks, by category, before anything runs with it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bot.cli import differences
from bot.cli.telling import MISUSE, NO, as_document, fail
from bot.revisions import NoRevision, sides
from sync import connectors
from sync.workspace.diff.comparing import Comparison, compare

_SIDE = "A directory, a git revision such as main or HEAD~1, or a revision with a path such as v1.2:workspace."


class Format(StrEnum):
    text = "text"
    json = "json"
    github = "github"


def diff(
    old: Annotated[str, typer.Argument(help=_SIDE)],
    new: Annotated[str, typer.Argument(help=_SIDE)],
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.text,
) -> None:
    """What changes between two versions of a workspace: what breaks, needs a replay proof, needs an approval, or is safe.
    Exit 1: it is blocked."""
    try:
        with sides(old, new) as (before, after):
            kinds = connectors.kinds()
            found = compare(before.directory, after.directory, kinds, proposer=after.proposer)
            prefixes = before.prefix, after.prefix
    except NoRevision as error:
        fail(str(error), MISUSE)
    _show(found, format, prefixes)
    if found.blocked:
        raise typer.Exit(NO)
    if found.mistakes or found.old_mistakes:
        raise typer.Exit(MISUSE)


def _show(found: Comparison, format: Format, prefixes: tuple[str, str]) -> None:
    match format:
        case Format.json:
            typer.echo(as_document(differences.document(found)))
        case Format.github:
            typer.echo(differences.github(found, prefixes))
        case Format.text:
            if found.changes or not (found.mistakes or found.old_mistakes):
                typer.echo(differences.text(found, prefixes))
    if format is not Format.json and (wrong := differences.mistakes(found)):
        typer.echo(wrong, err=True)
