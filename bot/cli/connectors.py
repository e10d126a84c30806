"""`meshline connectors`: which kinds of connection there are, what each can do, and every option with its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.telling import MISUSE, fail, show
from sync.abilities import READS, WORDS, Ability
from sync.connectors import kinds
from sync.connectors.kind import Kind
from sync.connectors.telling import Option, options_of
from sync.connectors.testing.scaffold import write
from sync.errors import ConfigurationError

connectors = typer.Typer(help="The kinds of connection: what each can do and what it is told.")
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@connectors.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: Json = False) -> None:
    """Every kind of connection with what it can do and its options; with NEW, a connector of your own to begin with."""
    if context.invoked_subcommand is None:
        found = document()
        show(found, as_json=as_json, text=lambda: "\n\n".join(_lines()))


@connectors.command("new")
def new(
    name: Annotated[str, typer.Argument(help="What it will be called as a kind, in small letters.")],
    directory: Annotated[Path, typer.Argument(help="Where to; made if it is not there.")] = Path(),
) -> None:
    """A connector of your own to begin with: one file, its test, and how Meshline finds it."""
    try:
        for path in write(name, directory):
            typer.echo(str(path))
    except ConfigurationError as error:
        fail(str(error), MISUSE)
    except OSError as error:
        fail(f"cannot write into {directory}: {error.strerror}", MISUSE)


def document() -> dict[str, Any]:
    """All of it for programs."""
    known = kinds()
    return {
        "connectors": [_as_document(kind, known.origins[name]) for name, kind in known.items()],
        "unusable": [{"name": name, "why": why} for name, why in known.broken.items()],
    }


def _as_document(kind: Kind, origin: str) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": kind.title,
        "from": origin,
        "reads": [each.value for each in Ability if each in kind.abilities & READS],
        "writes": [each.value for each in Ability if each in kind.abilities - READS],
        "options": [asdict(each) for each in options_of(kind)],
    }


def _lines() -> Iterator[str]:
    known = kinds()
    for name, kind in known.items():
        can = "; ".join(WORDS[each] for each in Ability if each in kind.abilities)
        yield "\n".join(
            (f"{name} ({known.origins[name]})", f"  {kind.title}", f"  can {can}", *map(_option_line, options_of(kind)))
        )
    for why in known.broken.values():
        yield f"unusable: {why}"


def _option_line(option: Option) -> str:
    without = "needed" if option.required else f"else {option.default}" if option.default is not None else "optional"
    return f"    {option.name} ({option.form}, {without}): {option.about}"
