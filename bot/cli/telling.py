"""How a command answers: text or JSON on stdout, errors on stderr. It needs nothing of the product, so it is there at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NoReturn

import orjson
import typer

NO, MISUSE = 1, 2


def fail(words: str, code: int = NO) -> NoReturn:
    """Say why and end."""
    typer.echo(words.replace("@{", "").replace("}", ""), err=True)
    raise typer.Exit(code)


def show(value: Any, *, as_json: bool, text: Callable[[], str]) -> None:
    """One answer, for a program or for a person."""
    typer.echo(as_document(value) if as_json else text())


def as_document(value: Any) -> str:
    """The value as indented JSON; what JSON does not know becomes its text."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2).decode()


def table(rows: Sequence[tuple[str, ...]], *heads: str) -> str:
    """Columns as wide as they need to be."""
    lines = [heads, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def moment(value: datetime | None) -> str:
    return value.strftime("%Y-%m-%d %H:%M UTC") if value else "-"


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
