"""The small types that workspace files are made of. Each refuses what it cannot read and says what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from sync import patterns
from sync.mapping import compile_path, compile_selector, template_names

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DURATION = r"(\d{1,6})(ms|s|m|h|d)"
_DURATION = re.compile(DURATION)
_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)\s*%")


RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule between the keys of one block that does not hold. `key` is where that shows; `lacking` are the keys of which
    one would mend it."""

    key: str
    right: str
    lacking: tuple[str, ...] = ()


class Strict(BaseModel):
    """A part of a workspace file: frozen, and no key goes unread. Its rules are judged on the block as it was written, also
    when single keys of it are wrong, so that one mistake hides no other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        """The rules between keys that the block breaks."""
        return iter(())

    @model_validator(mode="wrap")
    @classmethod
    def _with_rules(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        rules = [_rule_error(each, given) for each in cls.broken(given)] if isinstance(given, dict) else []
        try:
            made = read(given)
        except ValidationError as error:
            if not rules:
                raise
            rules = [*(_again(each) for each in error.errors(include_url=False)), *rules]
        if rules:
            raise ValidationError.from_exception_data(cls.__name__, rules)
        return made


def _rule_error(rule: Broken, given: object) -> InitErrorDetails:
    error = PydanticCustomError(RULE, "{right}", {"right": rule.right, "lacking": rule.lacking})
    return InitErrorDetails(type=error, loc=(rule.key,), input=given)


def _again(detail: ErrorDetails) -> InitErrorDetails:
    context = detail.get("ctx", {})
    kind = PydanticCustomError(RULE, "{right}", context) if detail["type"] == RULE else detail["type"]
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"], ctx=context)


def exactly_one(given: Mapping[str, Any], *keys: str) -> Iterator[Broken]:
    """The rule that one of the keys is given, and only one."""
    found = [key for key in keys if given.get(key) is not None]
    if len(found) != 1:
        names = [f"`{key}`" for key in keys]
        right = f"exactly one of {', '.join(names[:-1])} and {names[-1]} is needed"
        yield Broken(key=found[-1] if found else "", right=right, lacking=() if found else keys)


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


def percent(value: object) -> Decimal:
    """`10%` or `0.5%` as a share. Raises ValueError otherwise."""
    if isinstance(value, Decimal):
        return value
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
    patterns.check(value)
    return value


def as_text(pattern: re.Pattern[str]) -> WithJsonSchema:
    """How an editor knows a value that is written as a text of this form."""
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern.pattern})$"})


Duration = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_positive)]
Percent = Annotated[Decimal, BeforeValidator(percent), as_text(_PERCENT)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]

EntityName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")]
"""What another system calls a kind of record; some write it with capitals."""

FieldName = EntityName
"""What another system calls a field of a record."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_path)]
Selector = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_selector)]
Template = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_template)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_pattern)]
