"""Connectors. Every module here that defines a KIND is found by itself; options are checked before anything is built."""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from sync.connectors.kind import Kind
from sync.errors import ConfigurationError
from sync.ports import Connector

__all__ = ["Kind", "build", "check", "kinds"]


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of connection there is, by name."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    offered = (getattr(module, "KIND", None) for module in modules)
    return MappingProxyType({kind.name: kind for kind in offered if isinstance(kind, Kind)})


def build(kind: str, options: Mapping[str, Any], *, name: str) -> Connector:
    """The connector of a connection. Raises ConfigurationError that names all wrong options and shows none of their values."""
    known, checked = check(kind, options, name=name)
    return known.build(checked, name)


def check(kind: str, options: Mapping[str, Any], *, name: str) -> tuple[Kind, BaseModel]:
    """The kind and its checked options, without building anything. Raises ConfigurationError."""
    known = kinds().get(kind)
    if known is None:
        raise ConfigurationError([f"connections.{name}.kind: {kind!r} is none of {', '.join(sorted(kinds()))}"])
    try:
        return known, known.options.model_validate(dict(options))
    except ValidationError as error:
        wrong = _wrong_options(error, known.options, name)
    raise ConfigurationError(wrong)


def _wrong_options(error: ValidationError, options: type[BaseModel], name: str) -> list[str]:
    lines = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        place = ".".join(str(part) for part in ("connections", name, *item["loc"]))
        near = difflib.get_close_matches(str(item["loc"][-1]), options.model_fields, n=1) if item["loc"] else []
        hint = f"; did you mean {near[0]!r}?" if item["type"] == "extra_forbidden" and near else ""
        lines.append(f"{place}: {item['msg']}{hint}")
    return lines
