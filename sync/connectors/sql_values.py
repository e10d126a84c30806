"""Values between a table and a record. Amounts are decimals as text on our side and never become a float; a moment without a zone
gets the one that the workspace declares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Column, types

from sync.errors import Rejected

_LARGEST = 2**63


class Unfit(ValueError):
    """The value does not fit the column; the words say what would."""


def shown(value: Any, column: Column[Any], zone: ZoneInfo | None) -> Any:
    """A value of the table as records carry it: JSON without floats."""
    match value:
        case None | bool() | int():
            return value
        case Decimal() | float():
            return _decimal(value, column)
        case str():
            return _decimal(value, column) if is_decimal(column) else _moment_text(value, column, zone)
        case datetime():
            return (value if value.tzinfo or zone is None else value.replace(tzinfo=zone)).isoformat()
        case date() | time():
            return value.isoformat()
        case dict():
            return {str(name): shown(inner, column, zone) for name, inner in value.items()}
        case list() | tuple():
            return [shown(inner, column, zone) for inner in value]
    return str(value)


def wanted(field: str, value: Any, column: Column[Any], zone: ZoneInfo | None) -> Any:
    """A value of a record as the column takes it. Raises Rejected where it would be changed by being written."""
    try:
        return None if value is None else _fitting(value, column.type, zone)
    except (Unfit, InvalidOperation, ValueError, TypeError) as error:
        words = str(error) if isinstance(error, Unfit) else f"the column takes {_called(column.type)}"
        raise Rejected(f"{field} does not fit: {words}", code="value", path=field) from None


def is_decimal(column: Column[Any]) -> bool:
    """Whether the column holds numbers with a fraction."""
    return isinstance(column.type, types.Numeric | types.Float)


def is_moment(column: Column[Any]) -> bool:
    """Whether the column holds moments."""
    return isinstance(column.type, types.DateTime)


def logical_type(column: Column[Any]) -> str:
    """What a contract calls the type; empty where it has no word."""
    for kind, name in _LOGICAL:
        if isinstance(column.type, kind):
            return name
    return ""


_LOGICAL: tuple[tuple[type[types.TypeEngine[Any]], str], ...] = (
    (types.Boolean, "boolean"), (types.Integer, "integer"), (types.Numeric, "number"), (types.Float, "number"),
    (types.DateTime, "timestamp"), (types.Date, "date"), (types.JSON, ""), (types.String, "string"), (types.Uuid, "string"),
)  # fmt: skip


def _decimal(value: Any, column: Column[Any]) -> Any:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return value
    scale = getattr(column.type, "scale", None)
    if scale is not None and not isinstance(column.type, types.Float) and number == round(number, scale):
        number = round(number, scale)
    return format(number, "f")


def _moment_text(value: str, column: Column[Any], zone: ZoneInfo | None) -> str:
    """SQLite keeps moments as text; what is none stays as it is, for the checks of the contract to say."""
    if not is_moment(column):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (moment if moment.tzinfo or zone is None else moment.replace(tzinfo=zone)).isoformat()


def _fitting(value: Any, kind: types.TypeEngine[Any], zone: ZoneInfo | None) -> Any:
    match kind:
        case types.Boolean():
            return _boolean(value)
        case types.Integer():
            return _integer(value)
        case types.Float():
            raise Unfit("the column is a floating-point number and would round it; make it NUMERIC")
        case types.Numeric():
            return _exact(Decimal(_text(value)), kind)
        case types.DateTime():
            return _moment(value, kind, zone)
        case types.Date():
            return date.fromisoformat(_text(value))
        case types.JSON():
            return value
        case types.Uuid():
            return UUID(_text(value))
        case types.String():
            return _text(value)
    return value if isinstance(value, Mapping | list) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        raise Unfit("a list or an object goes into a JSON column only")
    if isinstance(value, str) and "\0" in value:
        raise Unfit("a text must not hold the character NUL")
    return str(value)


def _boolean(value: Any) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    found = known.get(str(value).lower())
    if found is None:
        raise Unfit("the column takes true or false")
    return found


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise Unfit("the column takes whole numbers")
    number = int(_text(value))
    if not -_LARGEST <= number < _LARGEST:
        raise Unfit("the column takes whole numbers of at most 64 bits")
    return number


def _exact(number: Decimal, kind: types.Numeric[Any]) -> Decimal:
    """The very number; what the column would round or cannot hold is refused."""
    if not number.is_finite():
        raise Unfit("the column takes numbers")
    scale, precision = kind.scale, kind.precision
    if precision is not None and abs(number) >= Decimal(10) ** (precision - (scale or 0)):
        raise Unfit(f"the column keeps {precision} digits")
    if scale is not None and number != round(number, scale):
        raise Unfit(f"the column keeps {scale} decimal places and would round it")
    return number


def _moment(value: Any, kind: types.DateTime, zone: ZoneInfo | None) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        if zone is None:
            raise Unfit("a moment without a time zone; declare `timezone`")
        moment = moment.replace(tzinfo=zone)
    return moment if kind.timezone or zone is None else moment.astimezone(zone).replace(tzinfo=None)


def _called(kind: types.TypeEngine[Any]) -> str:
    match kind:
        case types.Integer():
            return "whole numbers"
        case types.Numeric():
            return "numbers such as 1234.56"
        case types.DateTime():
            return "moments such as 2026-01-31T09:00:00+01:00"
        case types.Date():
            return "days such as 2026-01-31"
    return str(kind)
