"""What people prefer. Whoever never said anything has the defaults."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, delete, select

from store.database import Database
from store.home_tables import preferences
from store.journal import append
from store.rows import AnyRow
from sync.preferences import Preferences


class Preferring:
    """Asking and setting."""

    db: Database

    async def preferences(self, user: str) -> Preferences:
        """One person's, the defaults when they never set any."""
        query = select(preferences).where(preferences.c.person == user)
        row = await self.db.read(lambda tx: tx.execute(query).one_or_none())
        return _of(row) if row is not None else Preferences(user=user)

    async def all_preferences(self) -> dict[str, Preferences]:
        """Of everybody who set any, by Slack user id."""
        found = await self.db.read(lambda tx: tx.execute(select(preferences).order_by(preferences.c.person)).all())
        return {row.person: _of(row) for row in found}

    async def set_preferences(self, wanted: Preferences, *, now: datetime) -> None:
        """From now on these; journalled. Only the person sets their own: the caller gives it the one who pressed."""
        values = _row(wanted)

        def work(tx: Connection) -> None:
            tx.execute(delete(preferences).where(preferences.c.person == wanted.user))
            tx.execute(preferences.insert().values(**values, changed_at=now))
            append(tx, actor=wanted.user, verb="prefer", noun="person", noun_id=wanted.user, now=now, data=dict(values))

        await self.db.write(work)


def preferences_of(tx: Connection, people: Collection[str]) -> dict[str, Preferences]:
    """Of those of these people who set any, read in the caller's transaction."""
    if not people:
        return {}
    return {row.person: _of(row) for row in tx.execute(select(preferences).where(preferences.c.person.in_(people)))}


def _row(wanted: Preferences) -> Mapping[str, Any]:
    times = ("digest_at", "quiet_from", "quiet_until")
    return {
        "person" if name == "user" else name: f"{value:%H:%M}" if name in times and value is not None else value
        for name, value in asdict(wanted).items()
    }


def _of(row: AnyRow) -> Preferences:
    return Preferences(
        user=row.person,
        digest=row.digest,
        digest_at=time.fromisoformat(row.digest_at),
        quiet_from=time.fromisoformat(row.quiet_from) if row.quiet_from else None,
        quiet_until=time.fromisoformat(row.quiet_until) if row.quiet_until else None,
        mentions=row.mentions,
        timezone=row.timezone,
    )
