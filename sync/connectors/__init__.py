"""Connectors. Each module here that defines a KIND is found by itself, and so is what others register; options are checked first."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from sync.connectors.kind import Kind
from sync.connectors.registry import Registry, registered
from sync.errors import ConfigurationError
from sync.ports import Connector

__all__ = ["Kind", "build", "check", "checked", "kinds"]


@cache
def kinds() -> Registry:
    """Every kind of connection there is, by name: ours, and those that other distributions register."""
    return registered()


def build(kind: str, options: Mapping[str, Any], *, name: str) -> Connector:
    """The connector of a connection. Raises ConfigurationError that names all wrong options and shows none of their values."""
    known, checked = check(kind, options, name=name)
    return known.build(checked, name)


def check(kind: str, options: Mapping[str, Any], *, name: str) -> tuple[Kind, BaseModel]:
    """The kind and its checked options, without building anything. Raises ConfigurationError."""
    known = kinds().get(kind)
    if known is None:
        why = kinds().broken.get(kind) or f"{kind!r} is none of {', '.join(sorted(kinds()))}"
        raise ConfigurationError([f"connections.{name}.kind: {why}"])
    return known, checked(known, options, name=name)


def checked(kind: Kind, options: Mapping[str, Any], *, name: str) -> BaseModel:
    """The options of a connection of this kind, checked. Raises ConfigurationError that shows none of their values."""
    try:
        return kind.options.model_validate(dict(options))
    except ValidationError as error:
        wrong = _wrong_options(error, kind.options, name)
    raise ConfigurationError(wrong)


def _wrong_options(error: ValidationError, options: type[BaseModel], name: str) -> list[str]:
    lines = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        place = ".".join(str(part) for part in ("connections", name, *item["loc"]))
        near = difflib.get_close_matches(str(item["loc"][-1]), options.model_fields, n=1) if item["loc"] else []
        hint = f"; did you mean {near[0]!r}?" if item["type"] == "extra_forbidden" and near else ""
        lines.append(f"{place}: {item['msg']}{hint}")
    return lines
