"""What there is to say of a kind of connection: what it can do, and each of its options with its form and meaning."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import getsource
from itertools import pairwise
from textwrap import dedent
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, SecretStr
from pydantic.fields import FieldInfo

from sync.connectors.kind import Kind
from sync.connectors.options import OPTION_FORMS, HttpOptions

_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false"}
_SENTENCE = re.compile(r"(?<=[.;])\s+")
_UNIONS = (Union, UnionType)
_SAME_EVERYWHERE = {
    "base_url": "Where the system is reached.",
    "token": "What proves to the system who asks.",
    "overlap": "How far each round of polling reaches back before the end of the last one.",
    "lag": "How much of the newest past each round of polling leaves to the next one.",
    "page_size": "How many records are asked for at once.",
}
"""What an option means in every connector that has it and does not say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a connection. `default` is as it is written in a file, None where there is none."""

    name: str
    form: str
    required: bool
    default: str | None
    secret: bool
    about: str


def options_of(kind: Kind) -> list[Option]:
    """Every option of a kind: those that are needed, those of its own, those of every connection over HTTP."""
    told = [_option(kind.options, name, info) for name, info in kind.options.model_fields.items()]
    return sorted(told, key=lambda each: (not each.required, each.name in HttpOptions.model_fields))


def _option(model: type[BaseModel], name: str, info: FieldInfo) -> Option:
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    return Option(
        name=info.alias or name,
        form=_form(info.annotation, info.metadata),
        required=info.is_required(),
        default=_written(default),
        secret=_is_secret(info.annotation),
        about=" ".join(
            (info.description or _below(model, name) or _said_of(model, name) or _SAME_EVERYWHERE.get(name, "")).split()
        ),
    )


def _written(default: Any) -> str | None:
    """A default as it stands in a file; nothing for what is empty anyway."""
    if default is None or default in ({}, [], ()) or isinstance(default, BaseModel):
        return None
    if isinstance(default, bool):
        return "true" if default else "false"
    return f"{default:g}" if isinstance(default, float) else str(default)


def _below(model: type[BaseModel], name: str) -> str:
    """The text that stands below the option, in the class of options that has it."""
    return next((texts[name] for each in model.__mro__ if name in (texts := _texts(each))), "")


@cache
def _texts(model: type[Any]) -> Mapping[str, str]:
    """The texts below the fields of a class, by the fields' names. Read only where somebody asks: that takes a while."""
    if not issubclass(model, BaseModel) or model is BaseModel:
        return {}
    [body] = [each.body for each in ast.parse(dedent(getsource(model))).body if isinstance(each, ast.ClassDef)]
    return {
        field.target.id: text.value.value
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }  # fmt: skip


def _said_of(model: type[BaseModel], name: str) -> str:
    """The part of a sentence in the docstring of the options, or of what they are based on, that names this one."""
    for each in model.__mro__:
        parts = _SENTENCE.split(" ".join((each.__dict__.get("__doc__") or "").split()))
        for part in parts:
            if f"`{name}`" in part:
                return part.rstrip(".;") + "."
    return ""


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_is_secret(part) for part in get_args(annotation))


def _form(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """The form of a value in the words of whoever writes the file."""
    for marker, words in OPTION_FORMS:
        if marker in [getattr(each, "func", None) for each in metadata]:
            return words
    if (inner := getattr(annotation, "__metadata__", None)) is not None:
        return _form(get_args(annotation)[0], inner)
    return " or ".join(dict.fromkeys(_forms(annotation, metadata)))


def _forms(annotation: Any, metadata: Sequence[Any]) -> Iterator[str]:
    origin, parts = get_origin(annotation), [each for each in get_args(annotation) if each is not NoneType]
    if origin in _UNIONS:
        yield from (_form(each) for each in parts)
    elif origin is Literal:
        yield from (str(each) for each in parts)
    elif annotation is SecretStr:
        yield "secret"
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield "block"
    elif origin is not None:
        yield f"list of {_form(parts[0])}" if parts else "list"
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "block"
    else:
        yield "text" if any(isinstance(each, BeforeValidator) for each in metadata) else _PLAIN.get(annotation, "text")
