"""The tables of a database as the database itself describes them. What the workspace names is looked up there, never the other way
round: no name and no value from data gets into a statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Connection, MetaData, String, cast, func, inspect, literal, or_, types
from sqlalchemy import Table as Described
from sqlalchemy.exc import NoSuchTableError

from sync.connectors.sql_options import SqlEntity, SqlOptions
from sync.connectors.sql_values import is_decimal, is_moment, shown, wanted
from sync.errors import Rejected
from sync.model import Found, Record

_PARTIAL = ("sqlite_where", "postgresql_where")
_ISO = "%Y-%m-%d %H:%M:%f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One table that was looked up, and everything that may be asked of it."""

    name: str
    options: SqlEntity
    table: Described
    sqlite: bool
    zone: ZoneInfo | None

    def column(self, name: str) -> Column[Any]:
        """A named column."""
        found: Column[Any] = self.table.c[name]
        return found

    @property
    def key(self) -> Column[Any]:
        return self.column(self.options.key)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that a record shows, each once."""
        status = self.options.status.column if self.options.status else None
        told = (self.options.key, self.options.reference, self.options.changed, status, *self.options.columns)
        return tuple(dict.fromkeys(name for name in told if name is not None))

    def selected(self) -> list[ColumnElement[Any]]:
        """What a record is read by, in the order of `names`. SQLite gives amounts and moments as the text that they are."""
        return [self._plain(self.column(name)).label(f"c{at}") for at, name in enumerate(self.names)]

    def stamp(self) -> ColumnElement[Any]:
        """When a row changed, in an order that can be compared: SQLite's texts are brought to one form."""
        changed = self.column(self.options.changed or "")
        return func.strftime(_ISO, changed, type_=String()) if self.sqlite else changed

    def found(self, row: Any) -> Found:
        """A row of `selected` as a record, with its `id`."""
        values = dict(zip(self.names, row, strict=True))
        record: Record = {name: shown(value, self.column(name), self.zone) for name, value in values.items()}
        status = self.options.status
        said = record.get(status.column) if status is not None else ""
        target_id = str(record[self.options.key])
        return Found(id=target_id, record={"id": target_id, **record}, status="" if said is None else str(said))

    def is_key(self, text: str) -> ColumnElement[bool] | None:
        """That a row has this id; None where no row can have it."""
        return self.equals(self.options.key, text)

    def is_free(self) -> ColumnElement[bool]:
        """That a row carries no reference."""
        column = self.column(self.options.reference or "")
        return or_(column.is_(None), column == "") if isinstance(column.type, String) else column.is_(None)

    def equals(self, name: str, value: Any) -> ColumnElement[bool] | None:
        """That a named column has this value; None where it never has."""
        column = self.column(name)
        try:
            rule: ColumnElement[bool] = column == self.bound(name, value)
        except Rejected:
            return None
        return rule

    def bound(self, name: str, value: Any) -> Any:
        """A value as it is sent to the database. Raises Rejected."""
        column = self.column(name)
        fit = wanted(name, value, column, self.zone)
        if self.sqlite and fit is not None and is_decimal(column):
            return literal(str(fit), String())  # SQLite has no decimals; its driver would make a float of it
        return fit

    def _plain(self, column: Column[Any]) -> ColumnElement[Any]:
        texts = self.sqlite and (is_decimal(column) or isinstance(column.type, types.DateTime | types.Date))
        return cast(column, String()) if texts else column


def look_up(connection: Connection, name: str, options: SqlOptions) -> Known:
    """The table of an entity. Raises Rejected(reason="schema_drift") with everything that is not as the workspace says."""
    entity = options.entities[name]
    schema, _, table = entity.table.rpartition(".")
    try:
        described = Described(table, MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False)
    except NoSuchTableError:
        raise _drift(f"there is no table or view {entity.table}") from None
    sqlite = connection.dialect.name == "sqlite"
    zone = ZoneInfo(options.timezone) if options.timezone else None
    known = Known(name=name, options=entity, table=described, sqlite=sqlite, zone=zone)
    if wrong := list(_wrong(connection, known, schema or None, table)):
        raise _drift("; ".join(wrong))
    return known


def _drift(words: str) -> Rejected:
    return Rejected(words, reason="schema_drift", code="schema")


def _wrong(connection: Connection, known: Known, schema: str | None, table: str) -> Iterator[str]:
    where, columns = known.options.table, known.table.c
    missing = [name for name in known.names if name not in columns]
    if missing:
        yield f"{where} has no column {', '.join(missing)}"
        return
    inspector = inspect(connection)
    unique = set(_unique(inspector, schema, table))
    is_table = table in inspector.get_table_names(schema=schema)
    if is_table and known.options.key not in unique:
        yield f"{where}.{known.options.key} is not unique: make it the primary key, or give it a unique constraint"
    reference = known.options.reference
    if reference is not None and reference not in unique:
        yield f"{where}.{reference} carries our reference and needs a unique constraint of its own"
    for name in known.names:
        yield from _unreadable(known, columns[name], where)


def _unreadable(known: Known, column: Column[Any], where: str) -> Iterator[str]:
    text = known.sqlite and isinstance(column.type, types.String)
    if column.name == known.options.changed and not is_moment(column) and not text:
        yield f"{where}.{column.name} says when a row changed and has to be a timestamp"
    naive = is_moment(column) and (known.sqlite or not getattr(column.type, "timezone", False))
    if naive and known.zone is None:
        yield f"{where}.{column.name} holds moments without a time zone: declare `timezone`"
    if isinstance(column.type, types.LargeBinary):
        yield f"{where}.{column.name} holds bytes, which no record carries"
    if known.options.reference is not None and isinstance(column.type, types.Float):
        yield f"{where}.{column.name} is a floating-point number, which rounds amounts: make it NUMERIC"


def _unique(inspector: Any, schema: str | None, table: str) -> Iterator[str]:
    """The columns that are unique by themselves, in every row."""
    groups = [inspector.get_pk_constraint(table, schema=schema).get("constrained_columns", [])]
    groups += [each["column_names"] for each in inspector.get_unique_constraints(table, schema=schema)]
    for index in inspector.get_indexes(table, schema=schema):
        partial = any(_is_set(index.get("dialect_options"), option) for option in _PARTIAL)
        if index.get("unique") and not partial:
            groups.append(index["column_names"])
    return (group[0] for group in groups if len(group) == 1 and group[0] is not None)


def _is_set(options: Mapping[str, Any] | None, name: str) -> bool:
    return bool(options) and options is not None and options.get(name) is not None
