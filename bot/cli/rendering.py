"""`contracts render`: the workspace as pages that a newcomer understands, written from its files."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot import revisions
from bot.cli.checking import configured
from bot.cli.telling import MISUSE, fail
from bot.render.page import Revision
from bot.render.site import site
from sync import connectors
from sync.workspace.coverage import raised
from sync.workspace.loader import Files, survey, workspace_of
from sync.workspace.spots import whole

_VERSION = re.compile(r"^version:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)


class Format(StrEnum):
    html = "html"
    markdown = "markdown"


def render(
    out: Annotated[Path, typer.Option(help="The directory to write the pages to; it is made where it is not there.")],
    directory: Annotated[Path | None, typer.Argument(help="The workspace; MESHLINE_WORKSPACE when left out.")] = None,
    format: Annotated[Format, typer.Option(help="Which kind of pages.")] = Format.html,
) -> None:
    """One page for each contract and each flow, and one that leads to them."""
    path = directory or configured()
    if not path.is_dir():
        fail(f"{path} is not a directory", MISUSE)
    files = survey(path, connectors.kinds())
    workspace = workspace_of(files)
    if workspace is None:
        fail("\n".join(str(mistake) for mistake in files.mistakes), MISUSE)
    contracts = {contract.ref: contract for _, contract in files.contracts if contract is not None}
    reasons = {
        flow.name: tuple(raised(whole(document), contracts.get(flow.contract)))
        for document, flow in files.flows
        if flow is not None
    }
    written = site(workspace, reasons, _histories(path, files), format.value)
    _write(out, written)
    typer.echo(f"{len(written)} files in {out}")


def _histories(directory: Path, files: Files) -> dict[str, tuple[Revision, ...]]:
    named = [(contract.ref, document) for document, contract in files.contracts if contract is not None]
    named += [(flow.name, document) for document, flow in files.flows if flow is not None]
    return {name: _history(directory / document.file) for name, document in named}


def _history(file: Path) -> tuple[Revision, ...]:
    return tuple(
        Revision(version=_version(each.text), day=each.at.date().isoformat(), author=each.author, words=each.subject)
        for each in revisions.history(file)
    )


def _version(text: str) -> str:
    found = _VERSION.search(text)
    return found[1] if found is not None else ""


def _write(out: Path, files: dict[str, str]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}", MISUSE)
