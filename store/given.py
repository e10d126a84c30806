"""Statements over many rows at once. The rows go over as one JSON text: one call whatever their number, and one step of the
driver, so that a busy event loop does not hold up the writer between two rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Executable, Subquery
from sqlalchemy.types import TypeEngine

from store.columns import stamp
from store.database import rows_of

Build = Callable[[Subquery, str], Executable]


class Prepared:
    """A statement over given rows, built once per database. `build` gets the rows as a selectable and the dialect's name."""

    def __init__(self, columns: Mapping[str, TypeEngine[Any]], build: Build) -> None:
        self._columns, self._build = dict(columns), build
        self._built: dict[str, Executable] = {}

    def run(self, tx: Connection, rows: Iterable[Mapping[str, Any]], **values: Any) -> Any:
        """Carry it out; `values` are its other parameters."""
        name = tx.dialect.name
        statement = self._built.get(name)
        if statement is None:
            statement = self._built[name] = self._build(rows_of(name, self._columns), name)
        return tx.execute(statement, {"given": packed(rows), **values})


def packed(rows: Iterable[Any]) -> str:
    """The rows as one JSON text; moments as the database keeps them. Raises ValueError for a naive one."""
    try:
        return orjson.dumps(list(rows), default=_moment, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except orjson.JSONEncodeError as error:
        raise ValueError(str(error.__cause__ or error)) from error


def _moment(value: Any) -> str:
    return stamp(value)


def types(*columns: Column[Any], **more: TypeEngine[Any]) -> dict[str, TypeEngine[Any]]:
    """The names and types of these columns, and of others that no table has."""
    return {str(one.name): one.type for one in columns} | more
