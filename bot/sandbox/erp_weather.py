"""The ERP's faults over HTTP: read as JSON, set field by field, refused by name when mistyped."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from bot.sandbox.erp_rules import Field, Json, fields, flag, invalid, whole
from bot.sandbox.faults import ErpFaults


def set_faults(faults: ErpFaults, body: object) -> None:
    """Set the faults that the body names and leave the others. Raises Refused."""
    for name, value in fields(_FAULTS, body, partial=True).items():
        setattr(faults, name, value)


def document(faults: ErpFaults) -> Json:
    window = faults.outage_between
    return {name: getattr(faults, name) for name in _FAULTS} | {
        "lose_answer_for": sorted(list(pair) for pair in faults.lose_answer_for),
        "outage_between": None if window is None else [moment.isoformat() for moment in window],
    }


def _seconds(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        raise invalid(field, f"{field} must be seconds")
    return float(value)


def _codes(field: str, value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(code, str) and code for code in value.values()):
        raise invalid(field, f"{field} must map names to codes")
    return {str(name): code for name, code in value.items()}


def _pairs(field: str, value: object) -> set[tuple[str, str]]:
    operations = {"create", "update", "post", "void", "credit"}
    pairs: list[Any] = value if isinstance(value, list) else [value]
    if not all(isinstance(pair, list) and len(pair) == 2 and str(pair[1]) in operations for pair in pairs):
        raise invalid(field, f"{field} must be pairs of a reference and one of {', '.join(sorted(operations))}")
    return {(str(reference), str(operation)) for reference, operation in pairs}


def _window(field: str, value: object) -> tuple[datetime, datetime]:
    moments = value if isinstance(value, list) else [value]
    try:
        begins, ends = (datetime.fromisoformat(str(each)) for each in moments)
    except ValueError as error:
        raise invalid(field, f"{field} must be two moments in ISO-8601") from error
    if begins.tzinfo is None or ends.tzinfo is None:
        raise invalid(field, f"{field} must name a time zone")
    return begins, ends


_FAULTS: Final = {
    "outage": Field(flag),
    "outage_requests": Field(whole(0)),
    "outage_between": Field(_window, required=False),
    "retry_after": Field(whole(0), required=False),
    "lose_answers": Field(whole(0)),
    "lose_answer_for": Field(_pairs),
    "late_commit": Field(_seconds),
    "throttle": Field(whole(0)),
    "slow": Field(_seconds),
    "reject_for": Field(_codes),
}
