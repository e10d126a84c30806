"""What is made once of things that never change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

Given = TypeVarTuple("Given")
Made = TypeVar("Made")

_MOST_KEPT = 4096


def kept(make: Callable[[*Given], Made]) -> Callable[[*Given], Made]:
    """`make`, done once for the same arguments. They are known by identity: a flow never changes, its changed copy is another."""
    known: dict[int | tuple[int, ...], tuple[Made, tuple[*Given]]] = {}

    def made(*args: *Given) -> Made:
        at = id(args[0]) if len(args) == 1 else tuple(map(id, args))
        entry = known.get(at)
        if entry is None:
            if len(known) >= _MOST_KEPT:
                known.clear()
            entry = known[at] = (make(*args), args)  # held, so that nothing else takes their ids
        return entry[0]

    return made
