"""Who answers for a fresh exception: whoever is on call, of those who are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, select

from store.absences import standing
from store.database import Database
from store.tables import user_groups
from sync.absence import stand_in
from sync.steps import Route


class Groups:
    """Slack's user groups, as they were when they were asked last."""

    db: Database

    async def keep_group(self, name: str, people: Sequence[str], *, now: datetime) -> None:
        """These people are in the group now."""

        def work(tx: Connection) -> None:
            tx.execute(delete(user_groups).where(user_groups.c.name == name))
            tx.execute(user_groups.insert().values(name=name, people=list(people), asked_at=now))

        await self.db.write(work)

    async def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The people of every group that is known."""
        found = await self.db.read(lambda tx: tx.execute(select(user_groups)).all())
        return {row.name: tuple(row.people) for row in found}


def answered(tx: Connection, route: Route, now: datetime) -> Route:
    """The route with the one who is really there as its owner: the first of the group that is on call, else the owner, else the
    backup, each by who stands in for them. With nobody there the owner stays."""
    group = _people(tx, route.on_call) if route.on_call else ()
    absences = standing(tx, now)
    if not group and not absences:
        return route
    found = (stand_in(one, absences, now) for one in (*group, route.owner, route.backup))
    owner = next((one for one in found if one), route.owner)
    return replace(route, owner=owner, backup=route.owner if route.backup == owner else route.backup)


def _people(tx: Connection, group: str) -> tuple[str, ...]:
    found = tx.execute(select(user_groups.c.people).where(user_groups.c.name == group)).scalar_one_or_none()
    return tuple(found or ())
