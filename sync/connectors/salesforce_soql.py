"""SOQL is written here and nowhere else: names are checked, every value stands as a literal of its type, and a text cannot end
its own quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from sync.errors import Rejected

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(?:\.[A-Za-z][A-Za-z0-9_]{0,79}){0,5}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)
_WILD = str.maketrans({"%": "\\%", "_": "\\_"})
NUMBERS = frozenset({"currency", "double", "percent", "int", "long"})


def name(value: str) -> str:
    """The name of an object, a field or a path of fields. Raises Rejected for anything else."""
    if not _NAME.fullmatch(value):
        raise Rejected(
            f"{value[:100]!r} is no name of an object or field in Salesforce",
            reason="crm_rejected",
            code="INVALID_FIELD",
        )
    return value


def is_id(value: str) -> bool:
    """Whether it may be the id of a record: 15 characters, or 18 with the check."""
    return _ID.fullmatch(value) is not None


def text(value: str) -> str:
    """A text literal. The escapes are those of Salesforce's SOQL reference, "Quoted String Escape Sequences"."""
    return f"'{value.translate(_ESCAPES)}'"


def holding(value: str) -> str:
    """A LIKE literal for everything that holds this text; what is wild in it stands for itself."""
    return f"'%{value.translate(_ESCAPES).translate(_WILD)}%'"


def moment(value: datetime) -> str:
    """A moment by the second, as Salesforce compares them."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def literal(type_: str, value: str) -> str:
    """A value as the literal of a field's type. Raises ValueError where it is none."""
    if type_ in NUMBERS:
        return _number(value)
    if type_ == "boolean":
        if value.lower() not in {"true", "false"}:
            raise ValueError(value)
        return value.lower()
    if type_ == "date":
        return date.fromisoformat(value).isoformat()
    if type_ == "datetime":
        read = datetime.fromisoformat(value)
        return moment(read if read.tzinfo else read.replace(tzinfo=UTC))
    return text(value)


def query(
    fields: Iterable[str], of: str, where: Iterable[str] = (), *, order: str = "", limit: int | None = None
) -> str:
    """A query whose conditions must all hold. Parts with OR bring their own parentheses."""
    conditions = [each for each in where if each]
    asked = f"SELECT {', '.join(fields)} FROM {name(of)}"  # noqa: S608  every part is made of the literals above
    asked += f" WHERE {' AND '.join(conditions)}" if conditions else ""
    asked += f" ORDER BY {order}" if order else ""
    return asked + (f" LIMIT {limit}" if limit is not None else "")


def _number(value: str) -> str:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(value) from None
    if not number.is_finite():
        raise ValueError(value)
    return format(number, "f")
