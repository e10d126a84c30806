"""Reference tables: small CSV files whose first column is the key of the row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sync.mapping import clean
from sync.workspace.documents import Document, read_text

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceTable:
    """A table by name. `lines[i]` is the line that `rows[i]` ends on."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    by: Mapping[str, Mapping[str, Row]] = field(repr=False)

    def find(self, column: str, value: str) -> Row | None:
        """The first row whose column holds the value."""
        return self.by.get(column, {}).get(value)

    def values(self, column: str, title: str | None = None) -> list[tuple[str, str]]:
        """Each value of a column, with what another column calls it."""
        return [(value, row.get(title or column) or value) for value, row in self.by.get(column, {}).items() if value]


def read_table(directory: Path, file: str, document: Document) -> ReferenceTable | None:
    """The table in a CSV file, as far as it can be read, with every mistake noted; None when its columns cannot be."""
    text = read_text(directory, file, document)
    if text is None:
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    keys: set[str] = set()
    lines: list[int] = []
    header: list[str] = []
    named = False
    try:
        header = [clean(cell) for cell in next(reader, [])]
        named = bool(header) and all(header) and len(set(header)) == len(header)
        if not named:
            document.note(1, "the first line does not name every column once", "start with a line such as code,name")
        for cells in reader:
            if header and any(cells) and (row := _row(cells, header, keys, reader.line_num, document)):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        document.note(reader.line_num, f"this is not CSV: {error}", "quote cells that hold commas or quotes")
    if not named:
        return None
    return table(Path(file).stem, tuple(header), tuple(rows), tuple(lines))


def table(name: str, columns: tuple[str, ...], rows: tuple[Row, ...], lines: tuple[int, ...] = ()) -> ReferenceTable:
    """A reference table with its indexes."""
    by: dict[str, dict[str, Row]] = {column: {} for column in columns}
    for row in rows:
        for column in columns:
            by[column].setdefault(row[column], row)
    return ReferenceTable(name=name, columns=columns, rows=rows, lines=lines, by=by)


def _row(cells: list[str], header: list[str], keys: set[str], line: int, document: Document) -> Row | None:
    if len(cells) != len(header):
        document.note(line, f"the row has {len(cells)} cells", f"it needs {len(header)}: {', '.join(header)}")
        return None
    row = {column: clean(cell) for column, cell in zip(header, cells, strict=True)}
    key, name = clean(cells[0]), header[0] or "key"
    if not key:
        document.note(line, f"the row has no {name}", f"{name} is the key of the table")
    elif key in keys:
        document.note(line, f"{name} {key!r} stands twice", "keep one row of each")
    keys.add(key)
    return row
