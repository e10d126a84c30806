"""Statements over many rows at once. The rows go over with the statement as a table called `given`: one call whatever their
number, and one step of the driver, so that a busy event loop does not hold up the writer between two rows."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Dialect, Executable, Select, TableClause, column, table
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

from store.handing import Handed, handed, rows_changed

Build = Callable[[TableClause, str], Executable]
_MOST = 256


@dataclass(frozen=True, slots=True)
class _Built:
    """A statement in one database's words. `order` names its own parameters, `read` makes a row of the answer a noun."""

    sql: str
    order: tuple[str, ...]
    fixed: Mapping[str, Any]
    handed: Handed
    read: Callable[[Sequence[Any]], Any]


class Prepared:
    """A statement over given rows, compiled once per database. `build` gets the given table and the dialect's name. A row that
    is all NULL may be given too and must mean nothing."""

    def __init__(self, columns: Mapping[str, TypeEngine[Any]], build: Build) -> None:
        self._columns, self._build = dict(columns), build
        self._built: dict[str, _Built] = {}

    def run(self, tx: Connection, rows: Iterable[Mapping[str, Any]], **values: Any) -> None:
        """Carry it out; `values` are its other parameters."""
        for _ in self._execute(tx, rows, values):
            pass

    def changed(self, tx: Connection, rows: Iterable[Mapping[str, Any]], **values: Any) -> int:
        """Carry it out; how many rows it changed."""
        return sum(rows_changed(tx, result) for _, result in self._execute(tx, rows, values))

    def rows(self, tx: Connection, rows: Iterable[Mapping[str, Any]], **values: Any) -> list[Any]:
        """Carry it out and read its answer: rows by the names of their columns, in the statement's order."""
        return [built.read(row) for built, result in self._execute(tx, rows, values) for row in result.fetchall()]

    def _execute(
        self, tx: Connection, rows: Iterable[Mapping[str, Any]], values: Mapping[str, Any]
    ) -> Iterable[tuple[_Built, Any]]:
        built = self._built.get(tx.dialect.name) or self._compile(tx.dialect)
        own = {**built.fixed, **{name: built.handed.plain(value) for name, value in values.items()}}
        rest = iter(rows)
        while part := list(islice(rest, _MOST)):
            given, parameters = built.handed.over(part)
            first, last = (parameters, ()) if built.handed.first else ((), parameters)
            sql = f"WITH given ({built.handed.names}) AS ({given}) {built.sql}"
            yield built, tx.exec_driver_sql(sql, (*first, *(own[name] for name in built.order), *last))

    def _compile(self, dialect: Dialect) -> _Built:
        given = table("given", *(column(name, kind) for name, kind in self._columns.items()))
        statement: Any = self._build(given, dialect.name)
        compiled: Any = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        order = tuple(compiled.positiontup or ())
        words = handed(dialect.name, self._columns, place=len(order) + 1)
        fixed = {name: words.plain(value) for name, value in compiled.params.items()}
        built = _Built(str(compiled), order, fixed, words, _reader(statement, dialect))
        self._built[dialect.name] = built
        return built


def _reader(statement: Any, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    shown: Any = statement.selected_columns if isinstance(statement, Select) else ()
    if isinstance(statement, UpdateBase):
        shown = statement.exported_columns
    if not len(shown):
        return tuple
    kind = namedtuple("Row", [str(each.key) for each in shown])  # type: ignore[misc]
    made = [(place, each.type.result_processor(dialect, None)) for place, each in enumerate(shown)]
    turned = [(place, turn) for place, turn in made if turn is not None]

    def read(row: Sequence[Any]) -> Any:
        values = list(row)
        for place, turn in turned:
            values[place] = turn(values[place])
        return kind._make(values)

    return read


def packed(names: Sequence[str]) -> str:
    """Names as one JSON text."""
    return orjson.dumps(names).decode()


def types(*columns: Column[Any], **more: TypeEngine[Any]) -> dict[str, TypeEngine[Any]]:
    """The names and types of these columns, and of others that no table has."""
    return {str(one.name): one.type for one in columns} | more
