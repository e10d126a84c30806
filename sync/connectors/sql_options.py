"""What a connection to a database is told: its address, its tables, and which columns mean what."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints

from sync.connectors.options import Options, Seconds, Secret

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
