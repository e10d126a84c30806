"""How delivery to Slack stands: channels that are lost, whether Slack lets us in, and what waits. Of many processes that notice
the same, one notes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, func, or_, select, update

from store.database import Database, insert_or_nothing
from store.journal import append
from store.rows import AnyRow
from store.tables import cards, causes, lost_channels, messages, slack_stops
from sync.delivery import LostChannel, Pending, Queue, Stop
from sync.model import Card

_SLACK = "slack"
_ONCE_WITHIN = timedelta(days=1)


class Delivering:
    """Channels, the connection, and the queue in front of them."""

    db: Database

    async def lose_channel(self, channel: str, *, error: str, fallback: str, now: datetime) -> bool:
        """The channel takes no messages. True for the one who noticed first; where to write instead is kept up to date."""

        def work(tx: Connection) -> bool:
            values = {"channel": channel, "error": error[:255], "fallback": fallback, "lost_at": now, "looked_at": now}
            made = tx.execute(insert_or_nothing(tx, lost_channels).values(**values).returning(lost_channels.c.channel))
            if made.one_or_none() is None:
                known = update(lost_channels).where(lost_channels.c.channel == channel)
                tx.execute(known.values(error=error[:255], fallback=fallback))
                return False
            data = {"error": error, "fallback": fallback}
            append(tx, actor="poster", verb="lose", noun="channel", noun_id=channel, now=now, data=data)
            return True

        return await self.db.write(work)

    async def find_channel(self, channel: str, *, now: datetime) -> bool:
        """The channel takes messages again. True for the one who noticed first."""

        def work(tx: Connection) -> bool:
            if tx.execute(delete(lost_channels).where(lost_channels.c.channel == channel)).rowcount == 0:
                return False
            append(tx, actor="poster", verb="find", noun="channel", noun_id=channel, now=now)
            return True

        return await self.db.write(work)

    async def lost_channels(self) -> dict[str, LostChannel]:
        """The channels that take no messages now."""
        query = select(lost_channels).order_by(lost_channels.c.lost_at, lost_channels.c.channel)
        return await self.db.read(lambda tx: {row.channel: _lost(row) for row in tx.execute(query)})

    async def look_at_channel(self, channel: str, *, now: datetime, every: timedelta) -> bool:
        """True for the one process that asks Slack about a lost channel this time."""
        due = (lost_channels.c.channel == channel, lost_channels.c.looked_at <= now - every)
        claim = update(lost_channels).where(*due).values(looked_at=now)
        return await self.db.write(lambda tx: bool(tx.execute(claim).rowcount))

    async def move_card(self, card: Card, *, to: str, now: datetime) -> None:
        """The card is shown in another channel from now on, and its thread follows. Only under our lease."""
        ours = (cards.c.cause_id == card.cause.id, cards.c.lease == card.lease)
        await self.db.write(lambda tx: _moved(tx, update(cards).where(*ours), to, now))

    async def move_lines(self, ids: Sequence[int], *, channel: str, to: str, now: datetime) -> None:
        """These messages go to another channel: those of a thread with its card, any other by itself."""

        def work(tx: Connection) -> None:
            those = messages.c.id.in_(ids)
            of = select(messages.c.cause_id).where(those, messages.c.cause_id.is_not(None))
            there = (cards.c.cause_id.in_(of), cards.c.channel == channel, cards.c.lease.is_(None))
            _moved(tx, update(cards).where(*there), to, now)
            free = {"due_at": now, "unsure": False, "tried_at": None}
            tx.execute(update(messages).where(those).values(**free))
            tx.execute(update(messages).where(those, messages.c.cause_id.is_(None)).values(channel=to))

        await self.db.write(work)

    async def card_lost(self, channel: str, ts: str, *, now: datetime) -> bool:
        """The message was deleted in Slack. The card is posted anew, once within a day: False when it was deleted again."""

        def work(tx: Connection) -> bool:
            gone, c = (cards.c.channel == channel, cards.c.ts == ts), cards.c
            first = or_(c.reposted_at.is_(None), c.reposted_at <= now - _ONCE_WITHIN)
            anew = {"ts": None, "version": 0, "lease": None, "unsure": False, "due_at": now}
            if tx.execute(update(cards).where(*gone, first).values(**anew, reposted_at=now)).rowcount:
                return True
            tx.execute(update(cards).where(*gone).values(**anew, removed_at=now))
            return False

        return await self.db.write(work)

    async def stop_sending(self, *, error: str, now: datetime) -> bool:
        """Slack does not let us in any more. True for the one who noticed first."""

        def work(tx: Connection) -> bool:
            values = {"name": _SLACK, "error": error[:255], "stopped_at": now, "tried_at": now}
            made = tx.execute(insert_or_nothing(tx, slack_stops).values(**values).returning(slack_stops.c.name))
            if made.one_or_none() is None:
                return False
            append(tx, actor="poster", verb="stop", noun="slack", noun_id=_SLACK, now=now, data={"error": error})
            return True

        return await self.db.write(work)

    async def slack_stop(self) -> Stop | None:
        """Since when and why Slack does not let us in; None when it does."""
        query = select(slack_stops).where(slack_stops.c.name == _SLACK)
        row = await self.db.read(lambda tx: tx.execute(query).one_or_none())
        return Stop(error=row.error, stopped_at=row.stopped_at, tried_at=row.tried_at) if row is not None else None

    async def still_stopped(self, *, error: str, now: datetime) -> None:
        """We asked, and Slack still does not let us in."""
        again = update(slack_stops).where(slack_stops.c.name == _SLACK).values(error=error[:255], tried_at=now)
        await self.db.write(lambda tx: tx.execute(again))

    async def send_again(self, *, now: datetime) -> bool:
        """Slack lets us in again. True for the one who noticed first."""

        def work(tx: Connection) -> bool:
            if tx.execute(delete(slack_stops).where(slack_stops.c.name == _SLACK)).rowcount == 0:
                return False
            append(tx, actor="poster", verb="resume", noun="slack", noun_id=_SLACK, now=now)
            return True

        return await self.db.write(work)

    async def pending(self) -> Pending:
        """Everything that Slack still has to get, by channel, and what keeps it."""

        def work(tx: Connection) -> Pending:
            lost = tx.execute(select(lost_channels).order_by(lost_channels.c.lost_at)).all()
            stop = tx.execute(select(slack_stops).where(slack_stops.c.name == _SLACK)).one_or_none()
            gone = tx.execute(
                select(cards.c.cause_id).where(cards.c.removed_at.is_not(None)).order_by(cards.c.cause_id)
            )
            return Pending(
                queues=_queues(tx.execute(_late_cards()).all(), tx.execute(_late_messages()).all()),
                lost=tuple(map(_lost, lost)),
                stop=Stop(error=stop.error, stopped_at=stop.stopped_at, tried_at=stop.tried_at) if stop else None,
                removed=tuple(gone.scalars()),
            )

        return await self.db.read(work)


def _moved(tx: Connection, which: Any, to: str, now: datetime) -> None:
    fresh = {"ts": None, "version": 0, "unsure": False, "tried_at": None, "lease": None, "due_at": now}
    tx.execute(which.values(channel=to, **fresh))


def _lost(row: AnyRow) -> LostChannel:
    return LostChannel(channel=row.channel, error=row.error, fallback=row.fallback, lost_at=row.lost_at)


def _late_cards() -> Select[*tuple[Any, ...]]:
    since = func.min(func.coalesce(cards.c.tried_at, cards.c.due_at)).label("since")
    return (
        select(cards.c.channel, func.count().label("many"), since, func.max(cards.c.error).label("error"))
        .join_from(cards, causes, causes.c.id == cards.c.cause_id)
        .where(cards.c.version < causes.c.version, cards.c.removed_at.is_(None))
        .group_by(cards.c.channel)
    )


def _late_messages() -> Select[*tuple[Any, ...]]:
    place = func.coalesce(cards.c.channel, messages.c.channel)
    since, error = func.min(messages.c.at).label("since"), func.max(messages.c.error).label("error")
    return (
        select(place.label("channel"), func.count().label("many"), since, error)
        .join_from(messages, cards, messages.c.cause_id == cards.c.cause_id, isouter=True)
        .where(messages.c.posted_at.is_(None), cards.c.removed_at.is_(None))
        .group_by(place)
    )


def _queues(late_cards: Sequence[AnyRow], late_messages: Sequence[AnyRow]) -> tuple[Queue, ...]:
    by_card, by_message = ({row.channel: row for row in rows} for rows in (late_cards, late_messages))
    found = []
    for channel in {**by_card, **by_message}:
        both = [row for row in (by_card.get(channel), by_message.get(channel)) if row is not None]
        many = [by[channel].many if channel in by else 0 for by in (by_card, by_message)]
        error = next((row.error for row in both if row.error), "")
        since = min(row.since for row in both)
        found.append(Queue(channel=channel, cards=many[0], messages=many[1], since=since, error=error))
    return tuple(sorted(found, key=lambda one: (one.since, one.channel)))
