"""A file becomes rows. What cannot be read is said by file and line, never guessed: a row that is wrong stops itself, a file that is
wrong stops whole."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sync.connectors.csv_cells import number_read, unguarded
from sync.connectors.csv_options import CsvEntity
from sync.model import Record

_LONGEST_KEY = 200
_SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row by its key, or by file and line where it has none. `problem` says why it cannot be read."""

    id: str
    line: int
    cells: tuple[str, ...]
    record: Record
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One content of a file. With a `problem` it has one row, which stands for the whole file."""

    name: str
    content: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    by_id: Mapping[str, Row] = field(default_factory=dict)
    problem: str = ""


class _Unreadable(ValueError):
    """The file as a whole cannot be read."""


def read_sheet(name: str, content: bytes, entity: CsvEntity) -> Sheet:
    """The rows of a file, each key once."""
    known = hashlib.sha256(content).hexdigest()
    try:
        heads, lines = _table(_text(content, entity), entity)
    except _Unreadable as error:
        words = f"{name} cannot be read: {error}"
        whole = Row(id=name, line=0, cells=(), record={}, problem=words)
        return Sheet(name=name, content=known, heads=(), rows=(whole,), by_id={name: whole}, problem=words)
    rows = tuple(_once(name, [_row(name, line, cells, heads, entity) for line, cells in lines]))
    return Sheet(name=name, content=known, heads=heads, rows=rows, by_id={row.id: row for row in rows})


def _text(content: bytes, entity: CsvEntity) -> str:
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), entity.encoding)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _Unreadable(f"line {line} is not {encoding}; declare the `encoding` that it is in") from None
    except UnicodeError:
        raise _Unreadable(f"it is not {encoding}; declare the `encoding` that it is in") from None


def _table(text: str, entity: CsvEntity) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    sign, first = entity.sign, text.split("\n", 1)[0].strip()
    if told := _SEPARATOR.fullmatch(first):  # a spreadsheet's own hint
        sign, text = told[1], text.partition("\n")[2]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        while True:
            line = reader.line_num + 1 + bool(told)
            cells = next(reader, None)
            if cells is None:
                break
            if any(cell.strip() for cell in cells):
                found.append((line, cells))
    except csv.Error as error:
        raise _Unreadable(f"line {line}: {error}") from None
    if not found:
        raise _Unreadable("it is empty")
    return _heads(found[0][1], entity), found[1:]


def _heads(cells: list[str], entity: CsvEntity) -> tuple[str, ...]:
    heads = tuple(unguarded(cell.strip()) for cell in cells)
    twice = [head for head, many in Counter(heads).items() if many > 1 and head]
    if twice:
        raise _Unreadable(f"it has two columns called {', '.join(twice)}")
    if entity.key not in heads:
        raise _Unreadable(f"it has no column {entity.key}; its columns are {', '.join(heads)[:200]}")
    return heads


def _row(name: str, line: int, cells: list[str], heads: tuple[str, ...], entity: CsvEntity) -> Row:
    own, problem = f"{name} line {line}", ""
    record: Record = {}
    if len(cells) != len(heads):
        problem = f"line {line} of {name} has {len(cells)} cells, and its first line {len(heads)}"
    else:
        record = {head: _value(head, cell, entity) for head, cell in zip(heads, cells, strict=True) if head}
        key = str(record[entity.key] or "")
        if key and len(key) <= _LONGEST_KEY and "\0" not in key:
            own = key
        else:
            problem = f"line {line} of {name} has no {entity.key} that can be used"
    return Row(id=own, line=line, cells=tuple(cells), record=record, problem=problem)


def _value(head: str, cell: str, entity: CsvEntity) -> str | None:
    text = unguarded(cell.strip())
    if not text:
        return None
    return number_read(text, entity.decimal) if head in entity.numbers else text


def _once(name: str, rows: list[Row]) -> Iterator[Row]:
    """Each key once. What stands there twice with two contents is wrong, whichever comes first."""
    first: dict[str, Row] = {}
    wrong: dict[str, list[int]] = {}
    for row in rows:
        known = first.setdefault(row.id, row)
        if known is not row and known.cells != row.cells:
            wrong.setdefault(row.id, [known.line]).append(row.line)
    for row in first.values():
        if row.id not in wrong:
            yield row
            continue
        lines = ", ".join(str(line) for line in wrong[row.id][:5])
        words = f"{row.id} stands in {name} more than once with different values: lines {lines}"
        yield Row(id=row.id, line=row.line, cells=row.cells, record={}, problem=words)
