"""Reconciliation: one run at a time per flow, and each record on which two systems disagree once, however often it is seen."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from store.bypassing import beside
from store.database import Database, insert_or_nothing, tell_news
from store.journal import append
from store.lines import line_up, lock, put_back
from store.receiving import take_in
from store.rows import AnyRow
from store.tables import deliveries, disagreements, reconciliations
from sync.bypasses import Around, Bypass
from sync.errors import LeaseLost, NotFound
from sync.lifecycle import DeliveryState, delivery_move
from sync.model import Change
from sync.money import Money
from sync.reconciling.ledger import ENTITY, KIND, Kept, Run
from sync.reconciling.nouns import Disagreement, Kind, Report

_R, _D = reconciliations.c, disagreements.c
_LEASE = timedelta(minutes=5)
_CHUNK = 500
_OPEN = _D.closed_at.is_(None)
MOST_CASES = 200
"""So many disagreements of one run become exceptions, those with most money first; the others stand in the report."""


class Reconciling:
    """Runs and what they found."""

    db: Database

    async def begin_run(self, flow: str, mode: str, *, by: str, began: datetime, now: datetime) -> Run | None:
        """The one run of this flow, ours now: a new one, or one whose process has not been heard of for minutes. None while
        another process has it."""
        lease = secrets.token_hex(8)
        left = (_R.flow == flow, _R.ended_at.is_(None), _R.beat_at < now - _LEASE)

        def work(tx: Connection) -> Run | None:
            taken = update(reconciliations).where(*left).values(lease=lease, beat_at=now).returning(*_R)
            row = tx.execute(taken).one_or_none()
            if row is not None:
                return _run(row)
            values = {"flow": flow, "mode": mode, "state": "reading", "by": by, "lease": lease, "began_at": began,
                      "started_at": now, "beat_at": now}  # fmt: skip
            row = tx.execute(insert_or_nothing(tx, reconciliations).values(**values).returning(*_R)).one_or_none()
            if row is None:
                return None
            data = {"flow": flow, "mode": mode}
            append(tx, actor=by, verb="begin", noun="reconciliation", noun_id=row.id, now=now, data=data)
            return _run(row)

        return await self.db.write(work)

    async def beat_run(self, run: Run, *, source_read: int, target_read: int, now: datetime) -> None:
        """We still read, and have come so far. Raises LeaseLost when another process has taken over."""
        values = {"beat_at": now, "source_read": source_read, "target_read": target_read}
        await self.db.write(lambda tx: _ours(tx, run, values))

    async def fail_run(self, run: Run, why: str, *, now: datetime) -> None:
        """It ends without a conclusion. Raises LeaseLost."""

        def work(tx: Connection) -> None:
            _ours(tx, run, {"state": "failed", "lease": None, "ended_at": now, "detail": why[:500]})
            data = {"flow": run.flow, "why": why[:200]}
            append(tx, actor="engine", verb="fail", noun="reconciliation", noun_id=run.id, now=now, data=data)

        await self.db.write(work)

    async def end_run(self, run: Run, report: Report, *, connection: str, now: datetime) -> tuple[int, int]:
        """What it found, in one transaction: each record that disagrees opens once, with an event and a delivery that tells of
        it; each that agrees again is closed, and its exception looks once more. How many are new, how many closed. Raises
        LeaseLost."""

        def work(tx: Connection) -> tuple[int, int]:
            values = {name: value for name, value in asdict(report).items() if name in _COUNTED}
            values |= {"drifts": report.drifts, "state": "done", "lease": None, "ended_at": now}
            if report.groups:
                values["mode"] = "full"  # so much had changed that both sides were read whole
            _ours(tx, run, values)
            new = _found(tx, run, report.found, now)
            _tell(tx, run, connection, now)
            closed = _close(tx, run, now) if len(report.found) == report.drifts else 0
            data = {"flow": run.flow, "found": report.drifts, "new": new, "closed": closed}
            append(tx, actor="engine", verb="end", noun="reconciliation", noun_id=run.id, now=now, data=data)
            return new, closed

        return await self.db.write(work)

    async def runs(self, flow: str | None = None, *, limit: int = 20) -> list[Run]:
        """The last runs, the newest first."""
        query = select(reconciliations).order_by(_R.id.desc()).limit(limit)
        if flow is not None:
            query = query.where(_R.flow == flow)
        return await self.db.read(lambda tx: [_run(row) for row in tx.execute(query)])

    async def run_of(self, number: int) -> Run:
        """The run of that number. Raises NotFound."""
        query = select(reconciliations).where(_R.id == number)
        row = await self.db.read(lambda tx: tx.execute(query).one_or_none())
        if row is None:
            raise NotFound("This reconciliation is not kept any more.")
        return _run(row)

    async def open_disagreements(self, flow: str) -> list[Kept]:
        """Everything on which the two sides of a flow disagree, most money first."""
        query = select(disagreements).where(_D.flow == flow, _OPEN)
        found = await self.db.read(lambda tx: [_kept(row) for row in tx.execute(query)])
        return sorted(found, key=lambda each: (-each.what.at_stake, each.id))

    async def disagreement(self, number: int) -> Kept | None:
        """The disagreement of that number."""
        query = select(disagreements).where(_D.id == number)

        def work(tx: Connection) -> Kept | None:
            row = tx.execute(query).one_or_none()
            return None if row is None else _kept(row)

        return await self.db.read(work)

    async def close_disagreement(self, number: int, *, why: str, accepted: bool, now: datetime) -> bool:
        """It is over, or `accepted` as it is. False when it was closed already."""

        def work(tx: Connection) -> bool:
            closing = update(disagreements).where(_D.id == number, _OPEN)
            if tx.execute(closing.values(closed_at=now, why=why, accepted=accepted)).rowcount == 0:
                return False
            data = {"why": why, "accepted": accepted}
            append(tx, actor="engine", verb="close", noun="disagreement", noun_id=number, now=now, data=data)
            return True

        return await self.db.write(work)


_COUNTED = (
    "source_read", "target_read", "counts", "explained", "examples", "stakes", "fields", "customers", "totals",
)  # fmt: skip


def _ours(tx: Connection, run: Run, values: dict[str, Any]) -> None:
    mine = update(reconciliations).where(_R.id == run.id, _R.lease == run.lease)
    if tx.execute(mine.values(**values)).rowcount != 1:
        raise LeaseLost("another process has taken the reconciliation over")


def _found(tx: Connection, run: Run, found: Sequence[Disagreement], now: datetime) -> int:
    """Each opens once; what is open already is seen again. How many are new."""
    new = 0
    for start in range(0, len(found), _CHUNK):
        chunk = found[start : start + _CHUNK]
        keys = [each.key for each in chunk]
        known = select(_D.key).where(_D.flow == run.flow, _OPEN, _D.key.in_(keys))
        open_ = set(tx.execute(known).scalars())
        if open_:
            again = update(disagreements).where(_D.flow == run.flow, _OPEN, _D.key.in_(open_))
            tx.execute(again.values(last_run=run.id, seen=_D.seen + 1))
        fresh = [
            _values(each) | {"flow": run.flow, "first_run": run.id, "last_run": run.id, "opened_at": now}
            for each in chunk
            if each.key not in open_
        ]
        if fresh:
            tx.execute(disagreements.insert(), fresh)
        new += len(fresh)
    return new


def _tell(tx: Connection, run: Run, connection: str, now: datetime) -> None:
    """An event and a delivery for those that have none yet, as far as people can read them."""
    query = select(disagreements).where(_D.flow == run.flow, _OPEN, _D.last_run == run.id)
    rows = [_kept(row) for row in tx.execute(query.where(_D.event_id.is_(None)))]
    told = tx.execute(select(func.count()).where(_D.flow == run.flow, _OPEN, _D.event_id.is_not(None))).scalar_one()
    rows.sort(key=lambda each: (-each.what.at_stake, each.id))
    for each in rows[: max(0, MOST_CASES - int(told))]:
        payload = {"id": str(each.id), "disagreement": each.id, "key": each.what.key}
        change = Change(
            entity=ENTITY, record_id=str(each.id), key=f"{KIND}/{each.id}", kind=KIND, occurred_at=now, payload=payload
        )
        event_id = take_in(tx, connection, change, [run.flow], now)
        tx.execute(update(disagreements).where(_D.id == each.id).values(event_id=event_id))
        if each.what.kind is Kind.BYPASS:
            beside(tx, _past_us(run.flow, connection, each.what), event_id, now)


def _past_us(flow: str, connection: str, what: Disagreement) -> Bypass:
    """What the runbook has to learn from it."""
    changed = Around(field=what.field or "record", ours=what.source_value, theirs=what.target_value)
    minor = what.at_stake
    return Bypass(
        flow=flow, connection=connection, entity=ENTITY, record_id=what.key, subject=what.source_id or what.key,
        changes=(changed,), title=what.key, customer=what.customer or None,
        money=Money(currency=what.currency, minor=minor) if what.currency and minor else None,
    )  # fmt: skip


def _close(tx: Connection, run: Run, now: datetime) -> int:
    """What this run did not see agrees again; what waits for it looks once more, and goes through."""
    gone = update(disagreements).where(_D.flow == run.flow, _OPEN, _D.last_run != run.id)
    values = {"closed_at": now, "why": "the two sides agree again"}
    rows = tx.execute(gone.values(**values).returning(_D.event_id)).all()
    events = [row.event_id for row in rows if row.event_id is not None]
    d = deliveries.c
    for start in range(0, len(events), _CHUNK):
        mine = d.event_id.in_(events[start : start + _CHUNK])
        stopped = (mine, d.state.in_((DeliveryState.HELD, DeliveryState.DEAD)))
        lines = {(row.flow, row.subject) for row in tx.execute(select(d.flow, d.subject).where(*stopped))}
        lock(tx, lines)
        put_back(tx, mine, delivery_move("replay"), now)
        line_up(tx, lines)
    tell_news(tx)
    return len(rows)


def _values(what: Disagreement) -> dict[str, Any]:
    return asdict(what) | {
        "kind": what.kind.value,
        "target_ids": list(what.target_ids),
        "also": list(what.also),
        "source_value": what.source_value[:200],
        "target_value": what.target_value[:200],
    }


def _kept(row: AnyRow) -> Kept:
    what = Disagreement(
        kind=Kind(row.kind), key=row.key, source_id=row.source_id, target_ids=tuple(row.target_ids), customer=row.customer,
        period=row.period, currency=row.currency, source_minor=row.source_minor, target_minor=row.target_minor,
        field=row.field, source_value=row.source_value, target_value=row.target_value, also=tuple(row.also),
    )  # fmt: skip
    return Kept(
        id=row.id, flow=row.flow, what=what, first_run=row.first_run, last_run=row.last_run, seen=row.seen,
        opened_at=row.opened_at, closed_at=row.closed_at, why=row.why, accepted=row.accepted,
    )  # fmt: skip


def _run(row: AnyRow) -> Run:
    return Run(
        id=row.id, flow=row.flow, mode=row.mode, state=row.state, by=row.by, began_at=row.began_at,
        started_at=row.started_at, ended_at=row.ended_at, lease=row.lease or "", source_read=row.source_read,
        target_read=row.target_read, drifts=row.drifts, counts=row.counts or {}, explained=row.explained or {},
        examples=tuple((key, words) for key, words in row.examples or ()), stakes=row.stakes or {},
        fields=row.fields or {}, customers=row.customers or {}, totals=tuple(row.totals or ()), detail=row.detail,
    )  # fmt: skip
