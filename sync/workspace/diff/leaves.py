"""Where two plain values differ, down to the single leaf. Whatever no other part of the comparison knows is found here, so
that no change goes unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync.workspace.documents import Place

_NAMES = ("property", "name", "id", "channel", "url", "username", "role", "server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One place at which two values differ. The place is in the new value, or in the old one when it is `gone` there."""

    place: Place
    path: str
    old: Any
    new: Any

    @property
    def gone(self) -> bool:
        return self.new is None


def leaves(old: Any, new: Any, place: Place = (), path: str = "") -> Iterator[Leaf]:
    """Every leaf that differs. The order of keys means nothing; an entry of a list is known by its name where it has one."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=str):
            yield from leaves(old.get(key), new.get(key), (*place, key), f"{path}.{key}" if path else str(key))
    elif (names := _names(old, new)) is not None:
        yield from _named(*names, place, path)
    elif not same(old, new):
        yield Leaf(place=place, path=path, old=old, new=new)


def same(old: Any, new: Any) -> bool:
    """Whether two plain values say the same: `true` is not 1, and the order of keys means nothing."""
    return old is new or _text(old) == _text(new)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


Entries = dict[str, tuple[int, Any]]


def _names(old: Any, new: Any) -> tuple[Entries, Entries] | None:
    """Both lists by the names of their entries; None unless every entry has a name of its own."""
    if not isinstance(old, list) or not isinstance(new, list) or not (old or new):
        return None
    for name in _NAMES:
        both = tuple(
            {str(each.get(name)): (at, each) for at, each in enumerate(side) if isinstance(each, dict)}
            for side in (old, new)
        )
        if all(len(found) == len(side) and "None" not in found for found, side in zip(both, (old, new), strict=True)):
            return both[0], both[1]
    return None


def _named(old: Entries, new: Entries, place: Place, path: str) -> Iterator[Leaf]:
    for name in dict.fromkeys((*old, *new)):
        (_, before), (at, after) = old.get(name, (0, None)), new.get(name) or (old[name][0], None)
        yield from leaves(before, after, (*place, at), f"{path}.{name}" if path else name)
