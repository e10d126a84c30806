"""What one difference between two workspaces means: how bad it is, what it is about, and who must agree to it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sync.workspace.documents import Place

_LONGEST = 160
_UNITS = (
    (timedelta(days=1), "d", 14),
    (timedelta(hours=1), "h", 1),
    (timedelta(minutes=1), "m", 1),
    (timedelta(seconds=1), "s", 1),
)


class Category(StrEnum):
    """Worst first. `breaking` blocks and nobody can approve it; `proof` may change what is written for a record, so recorded
    events are replayed first; `approval` needs a person of the right role; `safe` changes nothing that is written."""

    BREAKING = "breaking"
    PROOF = "proof"
    APPROVAL = "approval"
    SAFE = "safe"


WORST_FIRST = tuple(Category)
BREAKING, PROOF, APPROVAL, SAFE = WORST_FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `noun` and `name` say in what (contract deal@1.0.0), `path` where in it; `old` and `new` are the values
    as texts, empty where there is none. Every team of `approvers` must agree; nobody needs to agree to what is safe, and
    nobody can to what is breaking. `place` is where it stands in the new file, or in the old one when `gone`."""

    category: Category
    kind: str
    noun: str
    name: str
    path: str
    old: str
    new: str
    words: str
    hint: str = ""
    approvers: tuple[str, ...] = ()
    place: Place = ()
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What changes are about, and the teams whose approvers must agree to them."""

    noun: str
    name: str
    approvers: tuple[str, ...]

    def change(
        self, category: Category, kind: str, path: str, words: str, *, old: Any = None, new: Any = None, hint: str = "",
        place: Place = (), gone: bool = False, approvers: tuple[str, ...] | None = None,
    ) -> Change:  # fmt: skip
        """A change of this; `approvers` where others than usual must agree."""
        agree = category in (PROOF, APPROVAL)
        return Change(
            category=category,
            kind=kind,
            noun=self.noun,
            name=self.name,
            path=path,
            old=shown(old),
            new=shown(new),
            words=words,
            hint=hint,
            approvers=(self.approvers if approvers is None else approvers) if agree else (),
            place=place,
            gone=gone,
        )


def worst(categories: Iterable[Category]) -> Category:
    """The worst of them; safe when there is none."""
    return min(categories, key=WORST_FIRST.index, default=SAFE)


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Each change once, worst first, then by what it is about."""
    unique = dict.fromkeys(changes)
    return tuple(
        sorted(unique, key=lambda each: (WORST_FIRST.index(each.category), each.noun, each.name, each.path, each.kind))
    )


def shown(value: Any) -> str:
    """How a value of a workspace file reads; nothing is the empty text."""
    if value is None:
        return ""
    words = value if isinstance(value, str) else _scalar(value)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | tuple) and all(isinstance(each, str | int) for each in value):
        return ", ".join(map(shown, value))
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=shown)
    return str(value)


def _duration(value: timedelta) -> str:
    for unit, letter, least in _UNITS:
        if not value % unit and value >= least * unit:
            return f"{value // unit}{letter}"
    return f"{value // timedelta(milliseconds=1)}ms"
