"""What is made once of things that never change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

Given = TypeVarTuple("Given")
Made = TypeVar("Made")
One = TypeVar("One")

_MOST_KEPT = 4096


def kept(make: Callable[[*Given], Made]) -> Callable[[*Given], Made]:
    """`make`, done once for the same arguments. They are known by identity: a flow never changes, its changed copy is another."""
    known: dict[tuple[int, ...], tuple[Made, tuple[*Given]]] = {}

    def made(*args: *Given) -> Made:
        at = tuple(map(id, args))
        entry = known.get(at)
        if entry is None:
            if len(known) >= _MOST_KEPT:
                known.clear()
            entry = known[at] = (make(*args), args)  # held, so that nothing else takes their ids
        return entry[0]

    return made


def kept_of(make: Callable[[One], Made]) -> Callable[[One], Made]:
    """`kept` for one argument, in half the time."""
    known: dict[int, tuple[Made, One]] = {}

    def made(one: One) -> Made:
        entry = known.get(id(one))
        if entry is None:
            if len(known) >= _MOST_KEPT:
                known.clear()
            entry = known[id(one)] = (make(one), one)
        return entry[0]

    return made
