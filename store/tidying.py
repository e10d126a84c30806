"""Tidying: what was sent to Slack and which turns were taken is not kept for ever. What is unsent, what an open card still tells of
and what says who acts next stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Delete, and_, delete, exists, func, or_, select, tuple_

from store.database import Database, one_at_a_time
from store.journal import append
from store.outages import TOLD
from store.retention import last_before
from store.tables import causes, messages, ticks
from store.ticks import claim
from store.workers import SILENCE

_AT_ONCE = 1000
_TURN = "tidy"


class Tidying:
    """Letting old messages and ticks go, a thousand at a time."""

    db: Database

    async def drop_messages(self, *, before: datetime, night: str, now: datetime) -> bool:
        """Drop messages that Slack got before that moment, but for those of cards that are still open. False when none is left,
        or this night's round is over."""
        return await self._round("messages", lambda tx: _sent(tx, before), night, now)

    async def drop_ticks(self, *, before: datetime, night: str, now: datetime) -> bool:
        """Drop turns that were taken before that moment and followed by another, and what was noted for the cards of outages. A
        silence that was told of stays until it is over. False when none is left, or this night's round is over."""
        return await self._round("ticks", lambda _: _passed(before), night, now)

    async def _round(self, what: str, dropping: Callable[[Connection], Delete], night: str, now: datetime) -> bool:
        over = select(ticks.c.slot).where(ticks.c.name == f"{_TURN}:{what}", ticks.c.slot >= night).limit(1)
        if await self.db.read(lambda tx: tx.execute(over).first()) is not None:
            return False
        return await self.db.write(lambda tx: _drop(tx, what, dropping, night, now))


def _drop(tx: Connection, what: str, dropping: Callable[[Connection], Delete], night: str, now: datetime) -> bool:
    one_at_a_time(tx, f'["{_TURN}"]')
    dropped = tx.execute(dropping(tx)).rowcount
    if dropped:
        append(tx, actor="clock", verb="retire", noun=what, noun_id=night, now=now, data={"dropped": dropped})
    if dropped < _AT_ONCE:
        claim(tx, f"{_TURN}:{what}", night, now)
    return bool(dropped == _AT_ONCE)


def _sent(tx: Connection, before: datetime) -> Delete:
    m = messages.c
    until = last_before(tx, m.id, m.at, before)
    last = select(func.max(m.id)).scalar_subquery()  # it stays, or SQLite would give its number away again
    shown = exists().where(causes.c.id == m.cause_id, causes.c.closed_at.is_(None))
    which = select(m.id).where(m.id <= until, m.id < last, m.posted_at < before, ~shown).order_by(m.id).limit(_AT_ONCE)
    return delete(messages).where(m.id.in_(which))


def _passed(before: datetime) -> Delete:
    t, later = ticks.c, ticks.alias("later").c
    followed: ColumnElement[bool] = exists().where(later.name == t.name, later.claimed_at > t.claimed_at)
    old = and_(t.claimed_at < before, t.name != SILENCE, or_(followed, t.name.startswith(TOLD)))
    which = select(t.name, t.slot).where(old).order_by(t.name, t.slot).limit(_AT_ONCE)
    return delete(ticks).where(tuple_(t.name, t.slot).in_(which))
