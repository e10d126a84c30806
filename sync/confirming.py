"""What a target must show of a record after a write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson


class Present:
    """Stands among the fields to verify for a value that is there, whatever it is."""

    def __repr__(self) -> str:
        return "a value"


PRESENT = Present()
_EMPTY: tuple[object, ...] = (None, "", [])


def differing(shown: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """The fields in which the target's record is not what was expected, compared as text: 12 and "12" are the same."""
    return [name for name, value in expected.items() if name not in shown or not _is_shown(shown[name], value)]


def _is_shown(value: Any, expected: Any) -> bool:
    if expected is PRESENT:
        return value not in _EMPTY
    if isinstance(value, dict) and isinstance(
        expected, dict
    ):  # what a target adds by itself is empty, or it is a change
        own = (value[name] for name in value if name not in expected)
        return not differing(value, expected) and all(each in _EMPTY for each in own)
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and all(map(_is_shown, value, expected))
    return _text(value) == _text(expected)


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if isinstance(value, dict | list) else str(value)
