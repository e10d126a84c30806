"""Bypasses: each opens once with a delivery that tells of it, is closed by a decision, and stays on the list until somebody has
written down what changes in the runbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, String, cast, select, update

from store import rows
from store.causes import say, touch
from store.database import Database, insert_or_nothing, tell_news
from store.journal import append
from store.receiving import take_in
from store.rows import AnyRow
from store.tables import bypasses, cases, deliveries, journal
from sync.bypasses import ACCEPT, DISCARDED, ELSEWHERE, ENTITY, KIND, Around, Bypass, KeptBypass
from sync.errors import IllegalMove, NotFound
from sync.lifecycle import DeliveryState
from sync.model import Change, Entry
from sync.money import Money

_B, _STORY = bypasses.c, 40


class Bypasses:
    """What was changed around Meshline."""

    db: Database

    async def note_bypass(self, bypass: Bypass, *, now: datetime) -> int | None:
        """Open it, with an event and a delivery that tells of it: its number. None while the record has one open, or where people
        accepted this very difference."""
        return await self.db.write(lambda tx: _note(tx, bypass, now))

    async def bypass_told(self, event_id: int) -> KeptBypass | None:
        """The bypass that this event tells of."""
        query = select(bypasses).where(_B.event_id == event_id)
        row = await self.db.read(lambda tx: tx.execute(query).one_or_none())
        return None if row is None else _kept(row)

    async def bypass_of(self, cause_id: int) -> KeptBypass:
        """The bypass that a card tells of. Raises NotFound."""

        def work(tx: Connection) -> KeptBypass:
            found = bypass_on(tx, cause_id)
            if found is None:
                raise NotFound("This card tells of no change around Meshline.")
            return found

        return await self.db.read(work)

    async def close_bypass(self, number: int, *, decision: str, now: datetime) -> bool:
        """It is over. False when it was already."""

        def work(tx: Connection) -> bool:
            closing = update(bypasses).where(_B.id == number, _B.closed_at.is_(None))
            if tx.execute(closing.values(closed_at=now, decision=decision)).rowcount == 0:
                return False
            append(
                tx, actor="engine", verb="close", noun="bypass", noun_id=number, now=now, data={"decision": decision}
            )
            return True

        return await self.db.write(work)

    async def learn(self, number: int, lesson: str, *, postmortem: str, by: str, now: datetime) -> None:
        """What changes in the runbook, on record with the postmortem. Raises IllegalMove when somebody has written it down
        already."""

        def work(tx: Connection) -> None:
            values = {"lesson": lesson, "lesson_by": by, "lesson_at": now, "postmortem": postmortem}
            guard = update(bypasses).where(_B.id == number, _B.lesson_at.is_(None))
            row = tx.execute(guard.values(**values).returning(_B.event_id)).one_or_none()
            if row is None:
                raise IllegalMove("Somebody has written down already what changes in the runbook.", state="learned")
            append(tx, actor=by, verb="learn", noun="bypass", noun_id=number, now=now, data={"lesson": lesson})
            for cause_id in _causes(tx, row.event_id):
                touch(tx, cause_id, now)
                say(tx, cause_id, f"@{{{by}}} wrote down what changes in the runbook: {lesson}", now=now)

        await self.db.write(work)

    async def bypass_story(self, kept: KeptBypass) -> list[Entry]:
        """What the journal tells of the record's deliveries, the oldest line first; the newest forty lines."""
        d = deliveries.c
        mine = select(cast(d.id, String)).where(d.flow == kept.what.flow, d.subject == kept.what.subject)
        query = select(journal).where(journal.c.noun == "delivery", journal.c.noun_id.in_(mine))
        found = await self.db.read(lambda tx: tx.execute(query.order_by(journal.c.seq.desc()).limit(_STORY)).all())
        return [rows.entry(row, orjson.loads(row.data)) for row in reversed(found)]

    async def bypasses(self, *, unlearned: bool = True, limit: int = 100) -> list[KeptBypass]:
        """Those of which nobody has said what changes in the runbook, or all: most money first, then the oldest."""
        query = select(bypasses).order_by(_B.minor.desc().nulls_last(), _B.id).limit(limit)
        if unlearned:
            query = query.where(_B.lesson_at.is_(None))
        return await self.db.read(lambda tx: [_kept(row) for row in tx.execute(query)])


def bypass_on(tx: Connection, cause_id: int) -> KeptBypass | None:
    """The bypass that a case of this cause tells of; one that nobody has learned from comes first, then the newest."""
    told = (
        select(bypasses)
        .join(deliveries, deliveries.c.event_id == _B.event_id)
        .join(cases, cases.c.delivery_id == deliveries.c.id)
        .where(cases.c.cause_id == cause_id)
    )
    row = tx.execute(told.order_by(_B.lesson_at.is_not(None), _B.id.desc()).limit(1)).one_or_none()
    return None if row is None else _kept(row)


def _note(tx: Connection, bypass: Bypass, now: datetime) -> int | None:
    same = (
        _B.flow == bypass.flow, _B.connection == bypass.connection, _B.entity == bypass.entity,
        _B.record_id == bypass.record_id,
    )  # fmt: skip
    _call_off(tx, same, now)
    accepted = (*same, _B.decision.in_((ACCEPT, DISCARDED)), _B.print == bypass.print)
    if tx.execute(select(_B.id).where(*accepted).limit(1)).first() is not None:
        return None
    number = tx.execute(
        insert_or_nothing(tx, bypasses).values(**_values(bypass, now)).returning(_B.id)
    ).scalar_one_or_none()
    if number is None:
        return None
    record_id = f"{bypass.entity}/{bypass.record_id}#{number}"
    change = Change(
        entity=ENTITY, record_id=record_id, key=f"{KIND}/{number}", kind=KIND, occurred_at=now,
        payload={"id": record_id, "bypass": number},
    )  # fmt: skip
    event_id = take_in(tx, bypass.connection, change, [bypass.flow], now)
    tx.execute(update(bypasses).where(_B.id == number).values(event_id=event_id))
    data = {"flow": bypass.flow, "subject": bypass.subject, "fields": [each.field for each in bypass.changes]}
    append(tx, actor="engine", verb="bypass", noun="bypass", noun_id=number, now=now, data=data)
    tell_news(tx)
    return int(number)


def beside(tx: Connection, bypass: Bypass, event_id: int, now: datetime) -> None:
    """A bypass that something else tells of, in the caller's transaction: what becomes of it is decided there, and here it is only
    asked what changes in the runbook."""
    values = _values(bypass, now) | {"event_id": event_id, "closed_at": now, "decision": ELSEWHERE}
    number = tx.execute(bypasses.insert().values(**values).returning(_B.id)).scalar_one()
    data = {"flow": bypass.flow, "subject": bypass.subject, "fields": [each.field for each in bypass.changes]}
    append(tx, actor="engine", verb="bypass", noun="bypass", noun_id=number, now=now, data=data)


def _values(bypass: Bypass, now: datetime) -> dict[str, Any]:
    return {
        "flow": bypass.flow, "connection": bypass.connection, "entity": bypass.entity, "record_id": bypass.record_id,
        "subject": bypass.subject, "changes": [asdict(each) for each in bypass.changes], "title": bypass.title,
        "customer": bypass.customer, "customer_name": bypass.customer_name[:255], "who": bypass.who, "changed": bypass.when,
        "currency": bypass.money.currency if bypass.money else None, "minor": bypass.money.minor if bypass.money else None,
        "print": bypass.print, "opened_at": now,
    }  # fmt: skip


def _call_off(tx: Connection, same: Sequence[ColumnElement[bool]], now: datetime) -> None:
    """One that people discarded is over, as it stands."""
    gone = select(deliveries.c.event_id).where(deliveries.c.state == DeliveryState.DISCARDED)
    over = update(bypasses).where(*same, _B.closed_at.is_(None), _B.event_id.in_(gone))
    tx.execute(over.values(closed_at=now, decision=DISCARDED))


def _causes(tx: Connection, event_id: int | None) -> list[int]:
    told = select(cases.c.cause_id).join(deliveries, deliveries.c.id == cases.c.delivery_id)
    return list(tx.execute(told.where(deliveries.c.event_id == event_id).distinct()).scalars())


def _kept(row: AnyRow) -> KeptBypass:
    what = Bypass(
        flow=row.flow, connection=row.connection, entity=row.entity, record_id=row.record_id, subject=row.subject,
        changes=tuple(Around(**each) for each in row.changes), title=row.title, customer=row.customer,
        customer_name=row.customer_name, who=row.who, when=row.changed,
        money=Money(currency=row.currency, minor=row.minor) if row.currency is not None else None,
    )  # fmt: skip
    return KeptBypass(
        id=row.id, what=what, opened_at=row.opened_at, closed_at=row.closed_at, decision=row.decision, lesson=row.lesson,
        lesson_by=row.lesson_by, lesson_at=row.lesson_at, postmortem=row.postmortem,
    )  # fmt: skip
