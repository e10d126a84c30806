"""A database as a source and as a target: tables and views that are named in the workspace, by their columns. What comes in as data
never becomes part of a statement; amounts stay decimal; the same reference is in the table once, because the table says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from sync.abilities import Ability
from sync.adopting import AdoptingTarget
from sync.connectors.kind import Kind
from sync.connectors.sql_options import SqlOptions
from sync.described import Describing
from sync.listing import Listing
from sync.ports import Connector, Source, VoidingTarget


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
