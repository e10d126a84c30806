"""Files of rows, as a finance team has them: a directory that is watched, and files that are written. Each content is read once, each
reference is written once, and what was refused comes back as a file beside the one it came in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from sync.abilities import Ability
from sync.connectors.csv_options import CsvOptions
from sync.connectors.kind import Kind
from sync.described import Describing
from sync.listing import Listing
from sync.ports import Connector, Source, VoidingTarget
from sync.returning import ReturningSource


class Directory(Connector, Source, Listing, Describing, ReturningSource, VoidingTarget, Protocol):
    """What a connection of this kind is."""


_ALWAYS = {Ability.READ, Ability.SEARCH, Ability.LIST, Ability.DESCRIBE, Ability.PROBE}
_BY_OPTION = {
    "files": {Ability.CHANGES},
    "write": {Ability.FIND, Ability.CREATE, Ability.UPDATE, Ability.WRITE_BACK},
    "status": {Ability.POST, Ability.VOID},
}


def _abilities(options: Mapping[str, Any], entity: str) -> Collection[Ability] | None:
    """What can be done with a set of rows; None where none could be read."""
    entities = options.get("entities")
    if not isinstance(entities, Mapping):
        return None
    one = entities.get(entity)
    if not isinstance(one, Mapping):
        return {Ability.PROBE}
    named = {name for name in _BY_OPTION if one.get(name) is not None}
    uploads = {Ability.WEBHOOKS} if options.get("token") is not None else set()
    return _ALWAYS.union(uploads, *(_BY_OPTION[name] for name in named))


def _built(options: CsvOptions, name: str) -> Connector:
    from sync.connectors.csv_connection import Csv

    return Csv(options, name)


KIND = Kind(
    name="csv",
    title="Files of rows: a watched directory, uploads, and files that are written with one row per reference",
    options=CsvOptions,
    build=_built,
    connector=Directory,
    of=_abilities,
)
