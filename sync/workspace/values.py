"""The small types that workspace files are made of. Each refuses what it cannot read and says what would be right."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from sync.mapping import compile_path, compile_selector, template_names

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,6})(ms|s|m|h|d)")
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)\s*%")
_NESTED_REPEAT = re.compile(r"[+*}]\)[+*{]")


class Strict(BaseModel):
    """A part of a workspace file: frozen, and no key goes unread."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def duration(value: object) -> timedelta:
    """`30s`, `5m`, `24h`, `2d` or `500ms` as a timedelta. Raises ValueError otherwise."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a duration such as 30s, 5m, 24h or 2d is needed")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _positive(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("a duration longer than nothing is needed")
    return value


def _percent(value: object) -> Decimal:
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a percentage such as 10% is needed")
    return Decimal(match[1]) / 100


def _path(value: str) -> str:
    compile_path(value)
    return value


def _selector(value: str) -> str:
    compile_selector(value)
    return value


def _template(value: str) -> str:
    for name in template_names(value):
        compile_selector(name)
    return value


def _pattern(value: str) -> str:
    if _NESTED_REPEAT.search(value):
        raise ValueError("a repeated group that repeats inside can run forever; write it without the inner repeat")
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"the pattern does not compile: {error}") from error
    return value


Duration = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_positive)]
Percent = Annotated[Decimal, BeforeValidator(_percent)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_path)]
Selector = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_selector)]
Template = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_template)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_pattern)]
