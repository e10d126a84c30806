"""What columns are made of: aware times, identifiers, words, documents, and the guard that a word is one of the known ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from sync.words import fitted, plain


def aware(value: datetime) -> datetime:
    """The moment in UTC. A naive one is a bug and is refused."""
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return value.astimezone(UTC)


def stamp(value: datetime) -> str:
    """A moment as text: UTC, to the microsecond, without a zone. It is how SQLite keeps it."""
    return aware(value).isoformat(sep=" ", timespec="microseconds")[:26]


class Moment(TypeDecorator[datetime]):
    """An aware UTC time. A naive one is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return String() if dialect.name == "sqlite" else self.impl_instance

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value if value is None else aware(value)
        return stamp(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        return None if value is None else value.astimezone(UTC)


class Name(TypeDecorator[str]):
    """What another system calls something: one that is too long, or holds a NUL, is kept as `fitted` makes it."""

    impl = String(255)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else fitted(value)


class Prose(TypeDecorator[str]):
    """Text of any length, without NUL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else plain(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
ID = BigInteger().with_variant(Integer, "sqlite")
DOC = JSON(none_as_null=True)


def identity() -> Column[int]:
    return Column("id", ID, primary_key=True, autoincrement=True)


def ref(name: str, target: str, *, null: bool = False) -> Column[int]:
    return Column(name, ID, ForeignKey(target), nullable=null)


def one_of(column: str, states: Any) -> CheckConstraint:
    words = ", ".join(f"'{state}'" for state in states)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


def at(name: str, *, null: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=null)


def name(of: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(of, Name, nullable=null, server_default=default)


def prose(of: str, *, default: str | None = "") -> Column[str]:
    return Column(of, Prose, nullable=False, server_default=default)


def word(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, String(255), nullable=null, server_default=default)
