"""A channel's day, and a person's, for their digests."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal_column, or_, select

from store import rows
from store.cause_view import cause_view
from store.database import Database
from store.figures import UNRESOLVED, facts_of, seen_in
from store.tables import cases, causes, holds
from sync.figures import Recurring, Stretch, Took, figures, recurring
from sync.model import BillingHold, Case, Cause
from sync.money import Money

_NEAREST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What happened in a channel's causes between two moments. `sums` is the money that is stopped, `delayed` that of the late
    ones; `reasons` counts what came, the most frequent first; `recurring` are process defects. `causes` have cards, `quiet` are
    those of class C, which have none."""

    opened: int
    resolved: int
    unresolved: int
    late: int
    sums: tuple[Money, ...]
    causes: tuple[Cause, ...]
    holds: tuple[BillingHold, ...]
    took: Took | None = None
    delayed: tuple[Money, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    recurring: tuple[Recurring, ...] = ()
    quiet: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPeriod:
    """One person's day: `mine` are the unresolved exceptions they have or are asked for, nearest deadline first (at most 20 of
    `unresolved`), `decided` how many they decided in that time."""

    unresolved: int
    late: int
    decided: int
    sums: tuple[Money, ...]
    mine: tuple[Case, ...]


class Periods:
    """Days."""

    db: Database

    async def period(self, channel: str, *, since: datetime, until: datetime) -> Period:
        """A channel's day, for its digest."""
        return await self.db.read(lambda tx: _period(tx, channel, since, until))

    async def person_period(self, user: str, *, since: datetime, until: datetime) -> PersonPeriod:
        """A person's day, for the digest of their own."""
        return await self.db.read(lambda tx: _person(tx, user, since, until))


def _period(tx: Connection, channel: str, since: datetime, until: datetime) -> Period:
    facts = facts_of(tx, since, until, channel=channel)
    came = Counter(one.reason for one in facts if since <= one.opened_at < until)
    stretch = Stretch(since=since, until=until, events=0, opened=came.total())
    sums = figures(facts, stretch, delivered=0, now=until)
    held = select(holds).join(cases, cases.c.id == holds.c.case_id).join(causes, causes.c.id == cases.c.cause_id)
    held = held.where(holds.c.released_at.is_(None), causes.c.channel == channel)
    return Period(
        opened=stretch.opened, resolved=sums.resolved, unresolved=sums.unresolved, late=sums.overdue, sums=sums.stopped,
        causes=_causes(tx, channel, quiet=False), holds=tuple(rows.hold(row) for row in tx.execute(held)),
        took=sums.took, delayed=sums.delayed,
        reasons=tuple(sorted(came.items(), key=lambda each: (-each[1], each[0]))[:_NEAREST]),
        recurring=recurring(seen_in(tx, until, channel=channel)), quiet=_causes(tx, channel, quiet=True),
    )  # fmt: skip


def _causes(tx: Connection, channel: str, *, quiet: bool) -> tuple[Cause, ...]:
    """The causes with the nearest deadlines: those of class C alone, or the others."""
    most = func.min(cases.c.severity)  # A comes before C
    only_c = most == literal_column("'C'")
    query = (
        select(causes.c.id)
        .join(cases, cases.c.cause_id == causes.c.id)
        .where(UNRESOLVED, causes.c.channel == channel)
        .group_by(causes.c.id)
        .having(only_c if quiet else ~only_c)
        .order_by(func.min(cases.c.resolve_by), causes.c.id)
        .limit(_NEAREST)
    )
    return tuple(cause_view(tx, one) for one in tx.execute(query).scalars().all())


def _person(tx: Connection, user: str, since: datetime, until: datetime) -> PersonPeriod:
    c = cases.c
    theirs = or_(c.assignee == user, (c.assignee.is_(None)) & (c.owner == user))
    mine = (UNRESOLVED, theirs)
    late = select(func.count()).where(*mine, c.resolve_by < func.coalesce(c.paused_at, until))
    decided = select(func.count()).where(c.resolved_at >= since, c.resolved_at < until, c.decided_by == user)
    worth = select(c.currency, func.sum(c.minor).label("minor")).where(*mine, c.minor > 0).group_by(c.currency)
    shown = tx.execute(select(cases).where(*mine).order_by(c.resolve_by, c.id).limit(20)).all()
    return PersonPeriod(
        unresolved=tx.execute(select(func.count()).where(*mine)).scalar_one(),
        late=tx.execute(late).scalar_one(),
        decided=tx.execute(decided).scalar_one(),
        sums=tuple(
            Money(currency=row.currency, minor=int(row.minor)) for row in tx.execute(worth.order_by(c.currency))
        ),
        mine=tuple(rows.case(row) for row in shown),
    )
