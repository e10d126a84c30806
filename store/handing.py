"""How rows are handed over with a statement, to each of the two databases: VALUES to SQLite, arrays to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, String
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from store.columns import Moment, Name, Prose, aware, stamp
from store.sealed import SecretDoc, SecretName, SecretText, clipped, sealed_doc, sealed_text
from sync.words import fitted, plain, spelled

_WORDS = (JSON, String, Name, Prose, SecretDoc, SecretText, SecretName)
_POSTGRES: Any = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Handed:
    """How rows are handed over with a statement: `over` gives the words that list them and their parameters, which come `first`
    or last; `plain` is a value as the driver takes it."""

    names: str
    over: Callable[[Sequence[Mapping[str, Any]]], tuple[str, Sequence[Any]]]
    plain: Callable[[Any], Any]
    first: bool


def handed(dialect: str, columns: Mapping[str, TypeEngine[Any]], *, place: int) -> Handed:
    """SQLite takes rows as VALUES, filled up to a power of two so that few statements are prepared; PostgreSQL as arrays, in
    the parameters from the number `place` on."""
    names = ", ".join(f'"{name}"' for name in columns)
    if dialect == "sqlite":
        return Handed(names, partial(_as_values, columns), _for_sqlite, first=True)
    # never varchar(n): a cast to it cuts a longer word off without a word, and two keys would become one
    kinds = ["text" if isinstance(kind, _WORDS) else kind.compile(_POSTGRES) for kind in columns.values()]
    arrays = ", ".join(f"${place + at}::{kind}[]" for at, kind in enumerate(kinds))
    shown = ", ".join(f'"{name}"{"::json" * isinstance(kind, JSON | SecretDoc)}' for name, kind in columns.items())
    words = f"SELECT {shown} FROM unnest({arrays}) AS each_row ({names})"  # noqa: S608 - our own names
    return Handed(names, partial(_as_arrays, words, columns), _for_postgres, first=False)


def rows_changed(tx: Connection, result: Any) -> int:
    """How many rows the statement just changed; SQLite's driver does not count where one begins with WITH."""
    if tx.dialect.name != "sqlite":
        return int(result.rowcount)
    return int(tx.exec_driver_sql("SELECT changes()").scalar_one())


def _as_values(columns: Mapping[str, TypeEngine[Any]], rows: Sequence[Mapping[str, Any]]) -> tuple[str, Sequence[Any]]:
    size, read, turned = 1 << (len(rows) - 1).bit_length(), *_reading(tuple(columns.items()))
    parameters: list[Any] = []
    for row in rows:
        values = read(row)
        for place, turn in turned:
            if values[place] is not None:
                values[place] = turn(values[place])
        parameters += values
    parameters += [None] * (len(columns) * (size - len(rows)))
    return _values(len(columns), size), parameters


@cache
def _reading(
    columns: tuple[tuple[str, TypeEngine[Any]], ...],
) -> tuple[Callable[[Mapping[str, Any]], list[Any]], list[tuple[int, Callable[[Any], str]]]]:
    """How the values of a row are read, and which of them become texts."""
    turned: list[tuple[int, Callable[[Any], str]]] = []
    for place, (_, kind) in enumerate(columns):
        turn = _turn(kind)
        if turn is not None:
            turned.append((place, stamp if turn is aware else turn))
    if len(columns) == 1:
        [(only, _)] = columns
        return lambda row: [row[only]], turned
    getter = itemgetter(*(name for name, _ in columns))
    return lambda row: list(getter(row)), turned


@cache
def _values(width: int, size: int) -> str:
    return "VALUES " + ", ".join([f"({', '.join('?' * width)})"] * size)


def _as_arrays(
    words: str, columns: Mapping[str, TypeEngine[Any]], rows: Sequence[Mapping[str, Any]]
) -> tuple[str, Sequence[Any]]:
    arrays = []
    for name, kind in columns.items():
        values = [row[name] for row in rows]
        turn = _turn(kind)
        arrays.append([None if value is None else turn(value) for value in values] if turn is not None else values)
    return words, arrays


def _document(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return orjson.dumps(spelled(value)).decode()


_TURNS: dict[type[TypeEngine[Any]], Callable[[Any], Any]] = {
    JSON: _document, Moment: aware, Name: fitted, Prose: plain, SecretDoc: lambda value: _document(sealed_doc(value)),
    SecretText: lambda value: sealed_text(plain(value)), SecretName: lambda value: sealed_text(clipped(plain(value))),
}  # fmt: skip


def _turn(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """What makes a value of this type one that is kept; our own words are kept as they are."""
    return next((turn for is_a, turn in _TURNS.items() if isinstance(kind, is_a)), None)


def _for_sqlite(value: Any) -> Any:
    return stamp(value) if isinstance(value, datetime) else value


def _for_postgres(value: Any) -> Any:
    return aware(value) if isinstance(value, datetime) else value
