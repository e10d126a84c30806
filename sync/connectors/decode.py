"""Bytes from other systems become JSON values that are safe to keep: no float, no half characters, no bottomless nesting."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import orjson

DEPTH = 50


def decode(body: bytes) -> Any:
    """Read JSON. Numbers with a fraction or exponent stay text, so money loses no digit. Raises ValueError."""
    try:
        value = orjson.loads(body)
        if _exact(value, DEPTH):
            return value
    except ValueError:
        pass  # what orjson is stricter about is read with care, or refused, below
    try:
        value = json.loads(body, parse_float=str, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return _plain(value, DEPTH)


def _exact(value: Any, left: int) -> bool:
    """Whether orjson read the value as it was written: it rounds fractions and very large numbers to a float."""
    if value.__class__ is dict:
        return left > 0 and all([_exact(item, left - 1) for item in value.values()])
    if value.__class__ is list:
        return left > 0 and all([_exact(item, left - 1) for item in value])
    return value.__class__ is not float


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _plain(value: Any, left: int) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _whole(value)
    if isinstance(value, dict | list) and left == 0:
        raise ValueError(f"nested more than {DEPTH} deep")
    if isinstance(value, dict):
        return {_plain(name, left): _plain(item, left - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, left - 1) for item in value]
    return value


def _whole(text: str) -> str:
    """Half of a surrogate pair cannot be stored or sent on; it becomes the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
