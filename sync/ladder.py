"""The escalation ladder: who is asked when an exception is late, in which order and how long after the one before. Fixed for an
exception when it is opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

BACKUP, APPROVERS, MEMBERS, CHANNEL = "backup", "approvers", "members", "channel"
USUAL = ((BACKUP, timedelta()), (APPROVERS, timedelta(hours=4)), (CHANNEL, timedelta(hours=8)))
_CALLED = {
    BACKUP: "the backup",
    APPROVERS: "the approvers",
    MEMBERS: "the team's members",
    CHANNEL: "the whole channel",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step of a ladder: `people` are asked `wait` (working time) after the rung before was, the first one `wait` after the
    clock ran out. The channel is nobody in particular: it has no people."""

    to: str
    people: tuple[str, ...] = ()
    wait: timedelta = timedelta()

    @property
    def called(self) -> str:
        """Who that is, in words."""
        return _CALLED.get(self.to, self.to)


def chain(
    steps: Iterable[tuple[str, timedelta]], people: Mapping[str, Sequence[str]], *, asked: str
) -> tuple[Rung, ...]:
    """The ladder for one exception. `steps` say how long after the missed clock each target is asked, in rising order; `people`
    who they are. Nobody stands on it twice, nor does the one who is `asked` first; a step that is left without people goes."""
    known, before, rungs = {asked}, timedelta(), list[Rung]()
    for to, after in steps:
        fresh = tuple(dict.fromkeys(one for one in people.get(to, ()) if one not in known))
        if not fresh and to != CHANNEL:
            continue
        rungs.append(Rung(to=to, people=fresh, wait=after - before))
        known.update(fresh)
        before = after
    return tuple(rungs)


def as_record(rungs: Iterable[Rung]) -> list[dict[str, Any]]:
    """The ladder as plain values, for keeping; waits in seconds."""
    return [{"to": one.to, "people": list(one.people), "wait": int(one.wait.total_seconds())} for one in rungs]


def from_record(kept: Iterable[Mapping[str, Any]] | None, *, backup: str) -> tuple[Rung, ...]:
    """The ladder that was kept; where none was, the backup alone."""
    if not kept:
        return (Rung(to=BACKUP, people=(backup,)),)
    return tuple(Rung(to=one["to"], people=tuple(one["people"]), wait=timedelta(seconds=one["wait"])) for one in kept)
