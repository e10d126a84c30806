"""Polling a system that lists what changed since a moment, without gaps: page by page, continued from the cursor after any crash.

The next round begins `OVERLAP` before the newest change that this one saw, by the other system's own clock, which may be up to
`BEHIND` behind ours: what is committed late is seen then, and what is seen again carries the same key. What is younger than
`LAG` is left to the next round, for a system may stamp by the second, and two changes under one stamp would be one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sync.circles import Walk
from sync.errors import Unavailable
from sync.listing import Entry, Listing
from sync.model import Change, Record
from sync.ports import Page

OVERLAP = timedelta(minutes=5)
BEHIND = timedelta(hours=1)
LAG = timedelta(seconds=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One walk over what changed `since`: when it `began`, behind which record it goes on, and the `newest` change seen. `steps`
    and `mark` notice a circle."""

    since: datetime
    began: datetime
    after: str | None = None
    newest: datetime | None = None
    steps: int = 0
    mark: str | None = None

    @classmethod
    def of(cls, cursor: Record | None, now: datetime) -> Round:
        """The round that the cursor is in, or the next one."""
        told = cursor or start_at(_EPOCH)
        since, until, newest = (_moment(told.get(name)) for name in ("since", "until", "newest"))
        if until is None:
            return cls(since=since or _EPOCH, began=now)
        after, steps, mark = told.get("after"), int(told.get("steps") or 0), told.get("mark")
        return cls(since=since or _EPOCH, began=until, after=after, newest=newest, steps=steps, mark=mark)

    def behind(self, after: str | None, newest: datetime | None) -> Record:
        """The cursor behind a page: in this round, or at the beginning of the next one. Raises Unavailable where the pages go
        in a circle."""
        if after is None:
            known = min(newest or self.since, self.began) - OVERLAP
            return start_at(max(self.since, known, self.began - BEHIND))
        walk = Walk(self.steps, self.mark)
        if walk.circles(after):
            raise Unavailable("a list of changes was answered that goes in a circle")
        seen = newest.isoformat() if newest else None
        within: Record = {"until": self.began.isoformat(), "after": after, "newest": seen}
        return {**start_at(self.since), **within, "steps": walk.steps, "mark": walk.mark}


def start_at(since: datetime) -> Record:
    """The cursor from which a round gives what changed at or after this moment."""
    return {"since": since.isoformat(), "until": None, "after": None}


async def changes(system: Listing, entity: str, cursor: Record | None, *, now: datetime) -> Page:
    """The next page of changes since the cursor. Raises ConnectorError."""
    walk = Round.of(cursor, now)
    listed = await system.listed(entity, fields=(), after=walk.after, since=walk.since)
    ripe = [each for each in listed.entries if each.changed is None or each.changed <= walk.began - LAG]
    newest = max(_stamps(ripe, walk), default=None)
    onward = walk.behind(listed.after, newest)
    found = tuple(_change(entity, each, walk.began) for each in ripe)
    return Page(changes=found, cursor=onward, more=listed.after is not None)


def _stamps(entries: Sequence[Entry], walk: Round) -> list[datetime]:
    """The moments of these changes and of the newest before; a record that does not say when it changed did so now."""
    return [each.changed or walk.began for each in entries] + ([walk.newest] if walk.newest else [])


def _change(entity: str, entry: Entry, began: datetime) -> Change:
    at = entry.changed or began
    stamp = (at - _EPOCH) // timedelta(milliseconds=1)
    return Change(
        entity=entity, record_id=entry.id, key=f"poll:{entity}:{entry.id}:{stamp}", kind="polled", occurred_at=at
    )


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
