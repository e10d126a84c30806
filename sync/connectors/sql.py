"""A database as a source and as a target: tables and views that are named in the workspace, by their columns. What comes in as data
never becomes part of a statement; amounts stay decimal; the same reference is in the table once, because the table says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints

from sync.abilities import Ability
from sync.adopting import AdoptingTarget
from sync.connectors.kind import Kind
from sync.connectors.options import Options, Seconds, Secret
from sync.described import Describing
from sync.listing import Listing
from sync.ports import Connector, Source, VoidingTarget

Column = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Table = Annotated[str, StringConstraints(pattern=r"^[^.\s][^.]{0,127}(\.[^.]{1,128})?$")]


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is no time zone such as Europe/Berlin") from None
    return value


class SqlStatus(Options):
    """The column that says how far a record is, and the words that it holds: `draft` when it is created, `posted` when it is
    final, `void` when a draft was taken back."""

    column: Column
    draft: str = "draft"
    posted: str = "posted"
    void: str = "void"


class SqlEntity(Options):
    """One table or view, `schema.name` where it is not in the usual schema. `key` tells its rows apart; `columns` are all that is
    read or written beside it. `changed` holds when a row changed last, which polling needs; `reference` holds our reference, which
    writing needs: a unique constraint on it is demanded."""

    table: Table
    key: Column
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    changed: Column | None = None
    reference: Column | None = None
    status: SqlStatus | None = None


class SqlOptions(Options):
    """`url` is SQLAlchemy's address of the database, with the password in it; `entities` are the tables by the name that flows
    call them. `timezone` is what timestamps without a zone are in. Polling looks `overlap` back behind the last time, for what was
    committed late, and leaves out what is younger than `lag`. A statement may take `timeout`; at most so many `connections` are
    open."""

    url: Secret
    entities: Annotated[dict[str, SqlEntity], Field(min_length=1)]
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    overlap: Seconds = 300.0
    lag: Seconds = 2.0
    timeout: Annotated[Seconds, Field(gt=0)] = 30.0
    connections: Annotated[int, Field(ge=1, le=100)] = 4


class Database(Connector, Source, Listing, Describing, VoidingTarget, AdoptingTarget, Protocol):
    """What a connection of this kind is. SQLAlchemy is loaded only where one is built."""


_ALWAYS = {Ability.READ, Ability.SEARCH, Ability.LIST, Ability.DESCRIBE, Ability.PROBE}
_BY_OPTION = {
    "changed": {Ability.CHANGES},
    "reference": {Ability.FIND, Ability.CREATE, Ability.UPDATE, Ability.WRITE_BACK, Ability.ADOPT},
    "status": {Ability.POST, Ability.VOID},
}


def _abilities(options: Mapping[str, Any], entity: str) -> Collection[Ability] | None:
    """What can be done with a table by the columns that are named for it; None where no tables could be read."""
    entities = options.get("entities")
    if not isinstance(entities, Mapping):
        return None
    one = entities.get(entity)
    if not isinstance(one, Mapping):
        return {Ability.PROBE}
    named = {name for name in _BY_OPTION if one.get(name) is not None}
    return _ALWAYS.union(*(_BY_OPTION[name] for name in named))


def _built(options: SqlOptions, name: str) -> Connector:
    from sync.connectors.sql_connection import Sql

    return Sql(options, name)


KIND = Kind(
    name="sql",
    title="Tables and views of a database: polled, read, and written with one row per reference",
    options=SqlOptions,
    build=_built,
    connector=Database,
    lacks={Ability.WEBHOOKS},
    of=_abilities,
)
