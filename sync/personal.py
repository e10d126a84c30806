"""What is personal in a document, told beside it. A marked document says about whom it is and what in it is personal: the ledger
seals that apart from the rest, and puts it back while it may be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync.records import Record

PRIVATE = "sealed~"
"""Under this name a document says what in it is personal. No field of a contract can have it."""
ERASED = "[erased]"
HIDDEN = "personal~"
"""So begins what cases are grouped by where the value itself is personal."""
Way = tuple[str | int, ...]
Part = tuple[Way, Any, bool]
"""Where in a document a value stands, the value, and whether it is surely personal: nobody said what it is otherwise."""


def marked(public: Record, about: str, parts: Sequence[Part]) -> Record:
    """A document with its personal `parts` told apart; in their places it reads `[erased]`."""
    return {
        **public,
        PRIVATE: {"about": about, "at": [[list(way), value, sure] for way, value, sure in parts]} if parts else None,
    }


def about_whom(document: Any) -> str:
    """The data subject of a marked document; empty where nothing in it is personal."""
    block = document.get(PRIVATE) if isinstance(document, dict) else None
    return str(block["about"]) if isinstance(block, dict) else ""


def put_back(public: Any, parts: Sequence[Sequence[Any]]) -> Any:
    """The whole document again. What was taken out of a place that is not there any more is left out."""
    for way, value, _ in parts:
        holder = public
        try:
            for step in way[:-1]:
                holder = holder[step]
            holder[way[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    return public


def texts_in(value: Any) -> list[str]:
    """Every text and number in a value, as text."""
    match value:
        case dict():
            return [text for inner in value.values() for text in texts_in(inner)]
        case list() | tuple():
            return [text for inner in value for text in texts_in(inner)]
        case str():
            return [value]
        case int() if not isinstance(value, bool):
            return [str(value)]
    return []
