"""Cards are projections: a card older than its cause is stale, is leased to one poster and is drawn again. Messages are an outbox."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select, update

from store import rows
from store.database import Database
from store.reports import cause_view
from store.tables import cards, causes, messages
from store.ticks import claim
from sync.model import Card, Message, Record

_LEASE = timedelta(seconds=20)
_LOOKED_THROUGH = 200
_NO_REST = timedelta(0)
_NOT_AGAIN = timedelta(days=1)  # what was deleted in Slack twice rests for so long
_PLACE = func.coalesce(cards.c.channel, messages.c.channel)  # a thread is where its card is
_ORDER = (cards.c.hurried.desc(), cards.c.severity, func.coalesce(cards.c.deadline, cards.c.due_at), cards.c.cause_id)


class Cards:
    """What Slack should show, and what it shows."""

    db: Database

    async def stale_cards(
        self,
        *,
        limit: int,
        now: datetime,
        busy: Collection[str] = (),
        updates: bool = True,
        held: Collection[str] = (),
        apart: bool = False,
    ) -> list[Card]:
        """Lease cards that no longer show their cause: new ones outside `busy` channels, and posted ones when `updates`; none of
        the channels `held`, and with `apart` one of each channel. What a person just changed comes first, then by class and
        deadline. A card whose lease ran out in the middle of its first post comes back `unsure`."""

        def work(tx: Connection) -> list[Card]:
            query = (
                _stale(now)
                .where(cards.c.channel.not_in(held))
                .where(or_(_first(busy), cards.c.ts.is_not(None) if updates else false()))
                .order_by(*_ORDER)
                .limit(_LOOKED_THROUGH if apart else limit)
                .with_for_update(skip_locked=True, of=cards)  # PostgreSQL; SQLite has one writer
            )
            found = tx.execute(query).all()
            chosen = _apart(found) if apart else found
            return [_lease_card(tx, row, now) for row in chosen[:limit]]

        return await self.db.write(work)

    async def card_posted(self, card: Card, *, ts: str, now: datetime, rest: timedelta = _NO_REST) -> None:
        """The card shows this version in Slack; its message id is kept in the same transaction. For the time of `rest` it is not
        drawn again, unless a person changes it."""
        values = {
            "ts": ts,
            "version": card.cause.version,
            "unsure": False,
            "failures": 0,
            "error": "",
            "tried_at": None,
        }
        await self._card_done(card, values | {"due_at": now + rest})

    async def card_failed(self, card: Card, *, error: str, again_at: datetime, unsure: bool) -> None:
        """Slack did not take it; try again at `again_at`. `unsure` when it may have been posted all the same."""
        values = {"error": error[:500], "due_at": again_at, "unsure": unsure, "failures": cards.c.failures + 1}
        await self._card_done(card, values)

    async def cause_at(self, channel: str, ts: str) -> int | None:
        """The cause whose card is this Slack message."""
        query = select(cards.c.cause_id).where(cards.c.channel == channel, cards.c.ts == ts)

        def work(tx: Connection) -> int | None:
            found: int | None = tx.execute(query).scalar_one_or_none()
            return found

        return await self.db.read(work)

    async def card_at(self, cause_id: int) -> tuple[str, str | None] | None:
        """(channel, ts) of a cause's card."""
        query = select(cards.c.channel, cards.c.ts).where(cards.c.cause_id == cause_id)
        row = await self.db.read(lambda tx: tx.execute(query).one_or_none())
        return (row.channel, row.ts) if row is not None else None

    async def card_version(self, cause_id: int) -> int:
        """The version that Slack shows; 0 when it shows none."""
        query = select(cards.c.version).where(cards.c.cause_id == cause_id)
        return await self.db.read(lambda tx: tx.execute(query).scalar_one_or_none() or 0)

    async def redraw(self, cause_id: int, *, now: datetime) -> None:
        """Draw the card again although nothing changed (somebody pressed a stale button)."""

        def work(tx: Connection) -> None:
            tx.execute(update(cards).where(cards.c.cause_id == cause_id).values(version=0, hurried=True))

        await self.db.write(work)

    async def next_messages(self, *, now: datetime, busy: Collection[str] = ()) -> list[Message]:
        """Lease what goes out next as one Slack message: the oldest line outside `busy` channels, with the other waiting lines
        of its thread. A broadcast, an unsure line and a message of its own go alone. A thread's lines wait for its card."""

        def work(tx: Connection) -> list[Message]:
            first = tx.execute(_waiting(now).where(_PLACE.not_in(busy)).limit(1)).one_or_none()
            if first is None:
                return []
            found = [first]
            if not _alone(first):
                rest = _waiting(now).where(messages.c.cause_id == first.cause_id, messages.c.id != first.id).limit(20)
                found += [row for row in tx.execute(rest) if not _alone(row)]
            lease = {"due_at": now + _LEASE, "unsure": True}  # until the answer is recorded, its fate is unknown
            lease |= {"tried_at": func.coalesce(messages.c.tried_at, now)}
            tx.execute(update(messages).where(messages.c.id.in_([row.id for row in found])).values(**lease))
            return [rows.message(row, row.thread, row.place, row.tried_at or now) for row in found]

        return await self.db.write(work)

    async def message_posted(self, ids: list[int], *, ts: str, now: datetime) -> None:
        """These messages are in Slack, as one message."""

        def work(tx: Connection) -> None:
            done = {"ts": ts, "posted_at": now, "unsure": False, "error": ""}
            tx.execute(update(messages).where(messages.c.id.in_(ids)).values(**done))

        await self.db.write(work)

    async def message_failed(self, ids: list[int], *, error: str, again_at: datetime, unsure: bool) -> None:
        """Slack did not take them; try again at `again_at`."""

        def work(tx: Connection) -> None:
            values: dict[str, Any] = {"error": error[:500], "due_at": again_at, "unsure": unsure}
            where = messages.c.id.in_(ids)
            tx.execute(update(messages).where(where).values(values | {"failures": messages.c.failures + 1}))

        await self.db.write(work)

    async def announce(
        self, channel: str, kind: str, text: str, *, now: datetime, body: Record | None = None, once: str | None = None
    ) -> bool:
        """Put a message of its own into the outbox. With `once` it is put there once per kind and slot, whoever asks."""

        def work(tx: Connection) -> bool:
            if once is not None and not claim(tx, kind, once, now):
                return False
            values = {"channel": channel, "kind": kind, "text": text, "body": body, "at": now, "due_at": now}
            tx.execute(messages.insert().values(**values))
            return True

        return await self.db.write(work)

    async def message_places(self, kind: str) -> list[tuple[str, str]]:
        """(channel, ts) of every message of a kind that Slack shows."""
        query = select(messages.c.channel, messages.c.ts).where(messages.c.kind == kind, messages.c.ts.is_not(None))
        return await self.db.read(lambda tx: [(row.channel, row.ts) for row in tx.execute(query)])

    async def backlog(self) -> dict[str, int]:
        """How many cards and messages Slack still has to get."""
        stale = (
            select(cards.c.cause_id)
            .join(causes, causes.c.id == cards.c.cause_id)
            .where(cards.c.version < causes.c.version, cards.c.removed_at.is_(None))
        )
        waiting = (
            select(messages.c.id)
            .join_from(messages, cards, messages.c.cause_id == cards.c.cause_id, isouter=True)
            .where(messages.c.posted_at.is_(None), cards.c.removed_at.is_(None))
        )

        def work(tx: Connection) -> dict[str, int]:
            return {"cards": len(tx.execute(stale).all()), "messages": len(tx.execute(waiting).all())}

        return await self.db.read(work)

    async def _card_done(self, card: Card, values: dict[str, Any]) -> None:
        def work(tx: Connection) -> None:
            guard = (cards.c.cause_id == card.cause.id, cards.c.lease == card.lease)
            tx.execute(update(cards).where(*guard).values(values | {"lease": None}))

        await self.db.write(work)


def _waiting(now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(messages, cards.c.ts.label("thread"), _PLACE.label("place"))
        .join_from(messages, cards, messages.c.cause_id == cards.c.cause_id, isouter=True)
        .where(
            messages.c.posted_at.is_(None),
            messages.c.due_at <= now,
            or_(messages.c.cause_id.is_(None), cards.c.ts.is_not(None)),
        )
        .order_by(messages.c.id)
        .with_for_update(skip_locked=True, of=messages)
    )


def _alone(row: rows.AnyRow) -> bool:
    return row.cause_id is None or bool(row.broadcast) or bool(row.unsure)


def _first(busy: Collection[str]) -> ColumnElement[bool]:
    return and_(cards.c.ts.is_(None), cards.c.channel.not_in(busy))


def _apart(found: Sequence[rows.AnyRow]) -> list[rows.AnyRow]:
    """The first of each channel."""
    first: dict[str, rows.AnyRow] = {}
    for row in found:
        first.setdefault(row.channel, row)
    return list(first.values())


def _stale(now: datetime) -> Select[*tuple[Any, ...]]:
    """Cards that are older than their causes and may be drawn now."""
    rested = or_(cards.c.due_at <= now, and_(cards.c.hurried, cards.c.lease.is_(None)))
    return (
        select(cards, causes.c.version.label("wanted"))
        .join_from(cards, causes, cards.c.cause_id == causes.c.id)
        .where(cards.c.version < causes.c.version, rested)
        .where(or_(cards.c.removed_at.is_(None), cards.c.removed_at <= now - _NOT_AGAIN))
    )


def _lease_card(tx: Connection, row: rows.AnyRow, now: datetime) -> Card:
    lease = secrets.token_hex(8)
    first = row.ts is None
    values = {"lease": lease, "due_at": now + _LEASE, "hurried": False, "removed_at": None}
    values |= {"unsure": first, "tried_at": row.tried_at or now}  # a crash while posting leaves it unsure
    tx.execute(update(cards).where(cards.c.cause_id == row.cause_id).values(**values))
    unsure = bool(row.unsure) and first
    cause = cause_view(tx, row.cause_id)
    tried = row.tried_at or now
    return Card(cause=cause, channel=row.channel, ts=row.ts, unsure=unsure, lease=lease, tried_at=tried)
