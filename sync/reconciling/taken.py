"""What was voided or credited counts no more, and the record that was made instead stands for it under a reference of its own. The
ledger says which those are: no reference is guessed at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

_GENERATION = re.compile(r"(.+)-v(\d+)")


class Undone(NamedTuple):
    """A compensation that was carried out. `key` is the reference of what it took back (of a record that was too many: with its
    id behind it), `record_id` the target's id of that where we made it, `by_id` the id of the credit note, or again its own."""

    key: str
    record_id: str
    by_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """All of them of one connection."""

    made: Mapping[str, str] = field(default_factory=dict)
    notes: frozenset[str] = frozenset()
    first: Mapping[str, str] = field(default_factory=dict)
    newest: Mapping[str, str] = field(default_factory=dict)

    def counts(self, reference: str, record_id: str) -> bool:
        """Whether a record of the target still counts: neither taken back nor the credit note of what was."""
        if record_id in self.notes or self.made.get(f"{reference}-{record_id}") == "":
            return False
        return self.made.get(reference, "") != record_id or not record_id

    def key(self, reference: str) -> str:
        """The reference under which it was made first."""
        return self.first.get(reference, reference)

    def reference(self, key: str) -> str:
        """The reference that is in force for this key."""
        return self.newest.get(key, key)


def taken_back(undone: Iterable[Undone]) -> TakenBack:
    """What follows from the compensations that were carried out."""
    every = list(undone)
    made = {each.key: each.record_id for each in every}
    first, newest = dict[str, str](), dict[str, int]()
    for key, record_id in made.items():
        found = _GENERATION.fullmatch(key)
        base, number = (found[1], int(found[2])) if found is not None and found[1] in made else (key, 1)
        if record_id:
            first[f"{base}-v{number + 1}"] = base
            newest[base] = max(newest.get(base, 1), number + 1)
    return TakenBack(
        made=made, notes=frozenset(each.by_id for each in every), first=first,
        newest={base: f"{base}-v{number}" for base, number in newest.items()},
    )  # fmt: skip
