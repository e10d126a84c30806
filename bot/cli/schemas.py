"""`meshline schemas`: the JSON Schemas of the files of a workspace, for editors. The first line of a file names its own:
`# yaml-language-server: $schema=../schemas/flow.schema.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.telling import MISUSE, fail
from sync import connectors
from sync.connectors.rest_description import Description
from sync.workspace.schemas import schemas

Into = Annotated[Path, typer.Argument(help="The directory to write them into; it is made if it is not there.")]


def texts() -> dict[str, str]:
    """Every schema by the name of its file, as it is written."""
    made = schemas(connectors.kinds(), {"rest": Description})
    return {
        f"{name}.schema.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for name, schema in made.items()
    }


def write(directory: Into) -> None:
    """Write the JSON Schema of every kind of file, so that an editor completes and checks them."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts().items():
            (directory / name).write_text(text, encoding="utf-8")
            typer.echo(str(directory / name))
    except OSError as error:
        fail(f"cannot write into {directory}: {error.strerror}", MISUSE)
