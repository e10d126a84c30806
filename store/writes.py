"""Writes. An intent is recorded before the call and says `sent`, so a crash anywhere leaves an unknown and never a surprise.
One key of one operation exists once, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from store.database import Database
from store.journal import append
from store.rows import AnyRow
from store.tables import deliveries, writes
from sync.errors import LeaseLost
from sync.lifecycle import DeliveryState, WriteState, write_move
from sync.model import Delivery, Found, Record, WriteSpec
from sync.ports import Busy, Differs, Done, Go, Permit

_REPEATABLE = ("upsert", "update")
_SOON = timedelta(milliseconds=400)


class Writes:
    """The intent table."""

    db: Database

    async def begin_write(
        self,
        delivery: Delivery,
        spec: WriteSpec,
        fingerprint: str,
        *,
        quarantine_seconds: float,
        lease_seconds: float,
        now: datetime,
    ) -> Permit:
        """Record the intent to write and mark it sent, or say why not. Renews our lease. Raises LeaseLost."""
        rest = timedelta(seconds=quarantine_seconds)

        def work(tx: Connection) -> Permit:
            _renew(tx, delivery, now + timedelta(seconds=lease_seconds), now)
            row = _by_key(tx, spec)
            if row is None:
                return Go(write_id=_intend(tx, delivery, spec, fingerprint, now, rest))
            permit = _permit(tx, delivery, row, fingerprint, now)
            if isinstance(permit, Go):
                _send(tx, delivery, row.id, fingerprint, now, rest)
            return permit

        return await self.db.write(work)

    async def end_write(
        self,
        delivery: Delivery,
        write_id: int,
        verb: str,
        *,
        now: datetime,
        target_id: str | None = None,
        record: Record | None = None,
        detail: str = "",
    ) -> None:
        """Move the write by `confirm`, `refuse` or `doubt`; a doubted one rests from now. Raises LeaseLost."""
        move = write_move(verb)
        values: dict[str, Any] = {"state": move.target, "detail": detail[:500]}
        if verb == "confirm":
            values |= {"target_id": target_id, "record": record}

        def work(tx: Connection) -> None:
            guard = (writes.c.id == write_id, writes.c.lease == delivery.lease, writes.c.state.in_(move.sources))
            rest = {"rests_until": now + _rest(tx, write_id)} if verb == "doubt" else {}
            moved = tx.execute(update(writes).where(*guard).values(**values, **rest))
            if moved.rowcount == 0:
                raise LeaseLost(f"write {write_id} is no longer ours")
            append(
                tx, actor="engine", verb=f"write_{verb}", noun="delivery", noun_id=delivery.id, now=now,
                data={"write": write_id, "target": target_id, "detail": detail[:200]},
            )  # fmt: skip

        await self.db.write(work)

    async def written(self, specs: Sequence[WriteSpec]) -> dict[str, tuple[str, Found]]:
        """The confirmed ones among these writes, by name: the fingerprint of what was written, and what the target showed."""

        def work(tx: Connection) -> dict[str, tuple[str, Found]]:
            rows = {spec.name: _by_key(tx, spec) for spec in specs}
            return {
                name: (row.fingerprint, Found(id=row.target_id, record=row.record or {}))
                for name, row in rows.items()
                if row is not None and row.state == WriteState.CONFIRMED
            }

        return await self.db.read(work)

    async def sent(self, connection: str, entity: str, operation: str, key: str) -> bool:
        """Whether a write was sent and not refused: it has happened, or may have."""
        query = select(writes.c.id).where(*_key(connection, entity, operation, key))
        maybe = query.where(writes.c.state != WriteState.REFUSED)
        return await self.db.read(lambda tx: tx.execute(maybe).one_or_none() is not None)


def _renew(tx: Connection, delivery: Delivery, until: datetime, now: datetime) -> None:
    d = deliveries.c
    ours = (d.id == delivery.id, d.state == DeliveryState.RUNNING, d.lease == delivery.lease)
    renewed = tx.execute(update(deliveries).where(*ours).values(leased_until=until, updated_at=now))
    if renewed.rowcount == 0:
        raise LeaseLost(f"delivery {delivery.id} is no longer ours")


def _key(connection: str, entity: str, operation: str, key: str) -> tuple[Any, ...]:
    w = writes.c
    return (w.connection == connection, w.entity == entity, w.operation == operation, w.key == key)


def _by_key(tx: Connection, spec: WriteSpec) -> AnyRow | None:
    query = select(writes).where(*_key(spec.connection, spec.entity, spec.operation, spec.key))
    return tx.execute(query).one_or_none()


def _intend(
    tx: Connection, delivery: Delivery, spec: WriteSpec, fingerprint: str, now: datetime, rest: timedelta
) -> int:
    values = {
        "connection": spec.connection, "entity": spec.entity, "operation": spec.operation, "key": spec.key,
        "delivery_id": delivery.id, "lease": delivery.lease, "state": WriteState.SENT, "fingerprint": fingerprint,
        "sends": 1, "sent_at": now, "rests_until": now + rest,
    }  # fmt: skip
    created: int = tx.execute(writes.insert().values(**values).returning(writes.c.id)).scalar_one()
    append(
        tx, actor="engine", verb="write_send", noun="delivery", noun_id=delivery.id, now=now,
        data={"write": created, "to": f"{spec.connection}/{spec.entity}", "operation": spec.operation, "key": spec.key},
    )  # fmt: skip
    return created


def _permit(tx: Connection, delivery: Delivery, row: AnyRow, fingerprint: str, now: datetime) -> Permit:
    if row.state == WriteState.CONFIRMED:
        if row.fingerprint == fingerprint:
            return Done(write_id=row.id, target_id=row.target_id, record=row.record or {})
        if row.operation in _REPEATABLE:
            return Go(write_id=row.id, target_id=row.target_id)
        return Differs(write_id=row.id, target_id=row.target_id)
    if row.state == WriteState.REFUSED:
        return Go(write_id=row.id, target_id=row.target_id)
    if row.lease != delivery.lease and _running(tx, row, now):
        return Busy(until=now + _SOON, detail=f"delivery {row.delivery_id} is writing {row.key}")
    if now < row.rests_until:  # the target may still commit: too early to read back
        return Busy(until=row.rests_until, detail=f"the fate of {row.key} is unknown; it rests before it is read back")
    return Go(write_id=row.id, target_id=row.target_id, again=True)


def _rest(tx: Connection, write_id: int) -> timedelta:
    row = tx.execute(select(writes.c.sent_at, writes.c.rests_until).where(writes.c.id == write_id)).one()
    rest: timedelta = row.rests_until - row.sent_at
    return rest


def _running(tx: Connection, row: AnyRow, now: datetime) -> bool:
    d = deliveries.c
    query = select(d.id).where(d.id == row.delivery_id, d.lease == row.lease, d.leased_until >= now)
    return tx.execute(query).one_or_none() is not None


def _send(tx: Connection, delivery: Delivery, write_id: int, fingerprint: str, now: datetime, rest: timedelta) -> None:
    values = {
        "state": WriteState.SENT, "delivery_id": delivery.id, "lease": delivery.lease, "fingerprint": fingerprint,
        "sends": writes.c.sends + 1, "sent_at": now, "rests_until": now + rest,
    }  # fmt: skip
    guard = (writes.c.id == write_id, writes.c.state.in_(write_move("send").sources))
    tx.execute(update(writes).where(*guard).values(values))
    append(
        tx, actor="engine", verb="write_send", noun="delivery", noun_id=delivery.id, now=now,
        data={"write": write_id, "again": True},
    )  # fmt: skip
