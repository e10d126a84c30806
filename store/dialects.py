"""Statements that each of the two databases says in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection | str, table: Table) -> Any:
    """INSERT that knows ON CONFLICT, in the dialect of the connection (or of that name)."""
    name = connection if isinstance(connection, str) else connection.dialect.name
    return sqlite.insert(table) if name == "sqlite" else postgresql.insert(table)


def insert_or_nothing(connection: Connection, table: Table) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING: somebody was first, and that is fine."""
    statement: Insert = insert(connection, table).on_conflict_do_nothing()
    return statement


def refuse_changes(connection: Connection, table: str, *columns: str) -> None:
    """Make the table append-only: the database itself refuses UPDATE and DELETE. With `columns` the others may change."""
    words, of = f"the {table} is append-only", f" OF {', '.join(columns)}" if columns else ""
    if connection.dialect.name == "sqlite":
        for verb, which in (("UPDATE", of), ("DELETE", "")):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb}{which} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    )
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE{of} OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
