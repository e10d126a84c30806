"""What a button, a menu entry and a dialog carry: which card they stand on, and nothing that gives a right."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from sync.model import Violation


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """`version` is the card's when it was drawn. `case`, `hold` and `candidate` are there when the thing is about one;
    `asked` tells a dialog's questions from others, `page` is where a list goes on."""

    cause: int
    version: int
    verb: str = ""
    case: int | None = None
    hold: int | None = None
    candidate: str | None = None
    asked: str = ""
    page: int | None = None


_TYPES: dict[str, type] = {
    "cause": int, "version": int, "verb": str, "case": int, "hold": int, "candidate": str, "asked": str,
    "page": int,
}  # fmt: skip
_ROW = range(2**63)  # what a database takes as a number


def asked_of(questions: Sequence[Violation], *, many: bool) -> str:
    """A short mark of what a dialog asks. For many records the place in the record does not count."""
    said = [[one.reason, one.found, "" if many else one.path] for one in questions]
    return hashlib.sha256(orjson.dumps(said)).hexdigest()[:12]


def carry(carried: Carried) -> str:
    """As a text for Slack, without what is not set."""
    known = {name: getattr(carried, name) for name in _TYPES}
    return orjson.dumps({name: value for name, value in known.items() if value not in (None, "")}).decode()


def carried(text: str) -> Carried | None:
    """What came back; None for a text that we did not write."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or not {"cause", "version"} <= found.keys() <= _TYPES.keys():
        return None
    if any(
        type(value) is not _TYPES[name] or (_TYPES[name] is int and value not in _ROW) for name, value in found.items()
    ):
        return None
    return Carried(**found)
