"""SuiteQL over the fake's records: one SELECT, carried out by SQLite on tables made for it, with what NetSuite adds and refuses."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MARK = "\x01"  # before a moment as NetSuite stores it
_FETCH = re.compile(r"\bFETCH\s+(?:FIRST|NEXT)\s+(\d+)\s+ROWS?\s+ONLY\s*$", re.IGNORECASE)
_FORMATS = {"YYYY-MM-DD HH24:MI:SS": 19, "YYYY-MM-DD": 10}
Row = Mapping[str, Any]


class Unsupported(Exception):
    """The query is not understood."""


def moment(text: str) -> str:
    """A moment or day as a column holds it; without TO_CHAR it is shown in the account's own way, and without its time."""
    return _MARK + text


def query(text: str, tables: Mapping[str, tuple[Sequence[str], Iterable[Row]]]) -> list[dict[str, str]]:
    """The rows: each value as text, columns in lower case, empty ones left out. Raises Unsupported."""
    if not re.match(r"\s*SELECT\b", text, re.IGNORECASE) or ";" in re.sub(r"'[^']*'", "", text):
        raise Unsupported("only one SELECT is understood")
    if re.search(r"\b(LIMIT|OFFSET)\b", re.sub(r"'[^']*'", "", text), re.IGNORECASE):
        raise Unsupported("LIMIT and OFFSET are not SuiteQL")
    base = sqlite3.connect(":memory:")
    try:
        base.create_function("UPPER", 1, lambda text: None if text is None else text.upper())
        base.create_function("TO_CHAR", 2, _to_char)
        base.create_function("TO_TIMESTAMP", 2, _to_moment)
        base.create_function("TO_DATE", 2, _to_moment)
        for name, (columns, rows) in tables.items():
            base.execute(f"CREATE TABLE {_quoted(name)} ({', '.join(map(_quoted, columns))})")
            marks = ", ".join("?" * len(columns))
            base.executemany(
                f"INSERT INTO {_quoted(name)} VALUES ({marks})",
                [tuple(row.get(column) for column in columns) for row in rows],
            )
        found = base.execute(_FETCH.sub(r"LIMIT \1", _for_sqlite(text)))
        names = [each[0].lower() for each in found.description]
        return [_shown(zip(names, row, strict=True)) for row in found]
    except sqlite3.Error as error:
        raise Unsupported(str(error)) from None
    finally:
        base.close()


def _for_sqlite(text: str) -> str:
    """To SQLite `transaction` is a word of its own."""
    parts = re.split(r"('[^']*')", text)
    return "".join(
        part if part.startswith("'") else re.sub(r"\btransaction\b", '"transaction"', part, flags=re.IGNORECASE)
        for part in parts
    )


def _quoted(name: str) -> str:
    return f'"{name}"'


def _shown(cells: Iterable[tuple[str, Any]]) -> dict[str, str]:
    return {name: _plain(value) for name, value in cells if value is not None}


def _plain(value: Any) -> str:
    if isinstance(value, str) and value.startswith(_MARK):
        year, month, day = value[1:11].split("-")
        return f"{int(month)}/{int(day)}/{year}"
    return f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _to_char(value: str | None, form: str) -> str | None:
    return None if value is None else value.removeprefix(_MARK)[: _FORMATS[form]]


def _to_moment(text: str, form: str) -> str:
    if len(text) != _FORMATS[form]:
        raise ValueError(text)
    return _MARK + (text if len(text) > 10 else f"{text} 00:00:00")
