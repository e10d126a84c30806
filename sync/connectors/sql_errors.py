"""What an error of a database means for us, in one table: try again, read back, or ask a person about the record or the
connection. The database's own words are kept without the values that it quotes."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from sync.connectors.failures import clip
from sync.errors import AnswerLost, ConnectorError, Rejected, Unauthorized, Unavailable

try:
    from asyncpg import InterfaceError, PostgresError
except ModuleNotFoundError:  # the extra `postgres`
    TROUBLE: tuple[type[Exception], ...] = (SQLAlchemyError, OSError, TimeoutError, sqlite3.Error)
else:
    TROUBLE = (SQLAlchemyError, OSError, TimeoutError, sqlite3.Error, PostgresError, InterfaceError)

_STATES: tuple[tuple[str, str], ...] = (
    ("28", "refused"), ("3D", "refused"), ("42501", "refused"),  # the user, the database, the rights
    ("42P01", "schema"), ("42703", "schema"), ("3F", "schema"),  # the table, the column, the schema is gone
    ("40", "later"), ("55P03", "later"), ("53", "later"), ("57", "later"), ("08", "later"),  # locks, room, restarts
    ("22", "record"), ("23", "record"), ("P0001", "record"), ("25006", "refused"),
)  # fmt: skip
_SQLITE = (
    ("no such table", "schema"), ("no such column", "schema"), ("has no column", "schema"),
    ("readonly", "refused"), ("unable to open", "refused"), ("not a database", "refused"),
)  # fmt: skip


def error_of(name: str, error: Exception, *, committing: bool) -> ConnectorError:
    """The error that it stands for. What went wrong while `committing` may have been done all the same."""
    original = getattr(error, "orig", None) or error
    said = words(original)
    match _kind(error, original):
        case "refused":
            return Unauthorized(f"{name}: {said}")
        case "schema":
            return Rejected(said, reason="schema_drift", code="schema")
        case "record":
            return Rejected(said, code=_state(original) or "constraint")
    if committing:
        return AnswerLost(f"{name} did not say whether it kept the change")
    return Unavailable(f"{name}: {said or 'no connection'}")


def words(original: Any) -> str:
    """The first line of what the database says: what follows it may quote the record."""
    first = (str(original).splitlines() or [""])[0]
    return clip(first.rpartition(">: ")[2])


def is_taken(error: Exception) -> bool:
    """Whether something unique is there already."""
    original = getattr(error, "orig", None) or error
    return isinstance(error, IntegrityError) and (_state(original) == "23505" or "UNIQUE" in str(original).upper())


def _state(original: Any) -> str:
    return str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")


def _kind(error: Exception, original: Any) -> str:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return "later"
    state = _state(original)
    if state:
        return next((kind for begins, kind in _STATES if state.startswith(begins)), "record")
    if isinstance(error, IntegrityError):
        return "record"
    said = str(original).lower()
    return next((kind for part, kind in _SQLITE if part in said), "later")
