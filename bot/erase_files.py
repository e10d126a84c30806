"""Files of the workspace that name a data subject: where they do, and the same files without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sync.redaction import placeholder
from sync.traces import stands_in

_FOLDERS = ("samples", "reference")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a file; `file` is relative to the workspace, `number` counts from 1."""

    file: str
    number: int


def lines_that_name(directory: Path, values: tuple[str, ...]) -> list[Line]:
    """Every line of samples and tables in which one of the values stands."""
    return [
        Line(file=path.relative_to(directory).as_posix(), number=number)
        for path, text in _texts(directory)
        for number, line in enumerate(text.splitlines(), start=1)
        if stands_in(line, values)
    ]


def rewrite(directory: Path, values: tuple[str, ...]) -> list[str]:
    """Put words of the same form into the place of every value; the files that were changed."""
    changed = []
    for path, text in _texts(directory):
        fresh = text
        for number, value in enumerate(values, start=1):
            while (at := fresh.casefold().find(value.casefold())) >= 0 and len(fresh.casefold()) == len(fresh):
                filling = placeholder(value, number)
                if value.casefold() in filling.casefold():
                    break
                fresh = fresh[:at] + filling + fresh[at + len(value) :]
        if fresh != text:
            path.write_text(fresh, encoding="utf-8")
            changed.append(path.relative_to(directory).as_posix())
    return changed


def _texts(directory: Path) -> Iterator[tuple[Path, str]]:
    for folder in _FOLDERS:
        for path in sorted((directory / folder).rglob("*")):
            if path.is_file():
                try:
                    yield path, path.read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError):
                    continue
