"""Writes. An intent is recorded before the call and says `sent`, so a crash anywhere leaves an unknown and never a surprise.
One key of one operation exists once, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Executable, TableClause, and_, func, or_, select, update

from store.database import Database, insert
from store.given import Prepared, types
from store.holding import ahead_of, holds_on, passing
from store.journal import append
from store.rows import AnyRow
from store.tables import deliveries, writes
from store.turns import take_turn
from store.vault import about, know
from store.write_ends import end
from store.write_versions import columns, is_stale, renew
from sync.errors import LeaseLost
from sync.lifecycle import DeliveryState, WriteState, write_move
from sync.model import BillingHold, Bills, Delivery, Found, Turn, Version, WriteEnd, WriteSpec
from sync.ports import Busy, Differs, Done, Go, Held, Permit, Stale
from sync.words import fitted

_REPEATABLE = ("upsert", "update")
_UNSURE = (WriteState.SENT, WriteState.UNKNOWN)
_SOON = timedelta(milliseconds=400)
_TURN = timedelta(seconds=2)
_Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """One delivery that wants to write."""

    delivery: Delivery
    spec: WriteSpec
    fingerprint: str
    rests_until: datetime
    leased_until: datetime
    now: datetime
    ended: Sequence[WriteEnd]
    bills: Bills | None
    version: Version | None
    turn: Turn | None
    missing_after: int | None

    @property
    def key(self) -> _Key:
        return _key(self.spec)


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
        ended: Sequence[WriteEnd] = (),
        bills: Bills | None = None,
        version: Version | None = None,
        turn: Turn | None = None,
        missing_after: int | None = None,
    ) -> Permit:
        """Record the intent to write and mark it sent, or say why not: what it `bills` may be on hold, a newer `version` may be
        written, it may be another's `turn`. A newer state of unknown fate that was looked for and is `missing_after` that many
        sends was not written. Records first how earlier calls of this delivery `ended`, and renews our lease. The call must begin
        within half of that lease; unless its end says otherwise it rests for the quarantine after that. Raises LeaseLost."""
        ask = _Ask(
            delivery=delivery, spec=spec, fingerprint=fingerprint,
            rests_until=now + timedelta(seconds=lease_seconds / 2 + quarantine_seconds),
            leased_until=now + timedelta(seconds=lease_seconds), now=now, ended=ended, bills=bills,
            version=version, turn=turn, missing_after=missing_after,
        )  # fmt: skip
        return await self.db.together(_begin, ask)

    async def still_so(self, specs: Sequence[WriteSpec], version: Version) -> None:
        """These writes say what the record is as of this version, too; one that is known to be newer stays."""
        keys = [_key(spec) for spec in specs]
        await self.db.write(lambda tx: renew(tx, [(row.id, version) for row in _known(tx, keys).values()]))

    async def written(self, specs: Sequence[WriteSpec]) -> dict[str, tuple[str, Found]]:
        """The confirmed ones among these writes, by name: the fingerprint of what was written, and what the target showed."""

        def work(tx: Connection) -> dict[str, tuple[str, Found]]:
            rows = _known(tx, [_key(spec) for spec in specs])
            return {
                spec.name: (row.fingerprint, Found(id=row.target_id, record=row.record or {}))
                for spec in specs
                if (row := rows.get(_key(spec))) is not None and row.state == WriteState.CONFIRMED
            }

        return await self.db.read(work)

    async def sent(self, connection: str, entity: str, operation: str, key: str, *, flow: str = "") -> bool:
        """Whether a write was sent and not refused: it has happened, or may have. With a `flow`, only what it did not leave to
        another one; a delivery that is not kept any more may have been its own."""
        w, d = writes.c, deliveries.c
        same = (w.connection == connection, w.entity == entity, w.operation == operation, w.key == key)
        maybe = select(w.id).where(*same, w.state != WriteState.REFUSED)
        if flow:
            joined = writes.outerjoin(deliveries, d.id == w.delivery_id)
            maybe = maybe.select_from(joined).where(or_(d.flow == flow, d.id.is_(None)))
        return await self.db.read(lambda tx: tx.execute(maybe).one_or_none() is not None)


def _begin(tx: Connection, asks: Sequence[_Ask]) -> list[Permit]:
    know([ask.delivery.about for ask in asks])
    ended = end(tx, ((ask.delivery, one) for ask in asks for one in ask.ended))
    for ask in asks:
        for line in ended.get(ask.delivery.id, ()):
            with about(ask.delivery.about):
                append(
                    tx,
                    actor="engine",
                    verb="write_end",
                    noun="delivery",
                    noun_id=ask.delivery.id,
                    now=ask.now,
                    data=line,
                )
    _renew(tx, asks)
    known = _known(tx, [ask.key for ask in asks])
    held, behind = _held_up(tx, [ask for ask in asks if not _written(known.get(ask.key))])
    permits: dict[int, Permit] = {}
    fresh: dict[_Key, int] = {}
    for place, ask in enumerate(asks):
        row = known.get(ask.key)
        hold = None if _written(row) else _hold(ask, held)
        if hold is not None:
            permits[place] = Held(hold=hold)
        elif ask.delivery.id in behind and not _written(row):
            permits[place] = _in_turn(ask, behind[ask.delivery.id])
        elif row is not None:
            permits[place] = _once_more(tx, ask, row)
        elif (busy := _not_our_turn(tx, ask)) is not None:
            permits[place] = busy
        elif ask.key in fresh:
            permits[place] = _busy(ask, asks[fresh[ask.key]].delivery.id)
        else:
            fresh[ask.key] = place
    permits |= _intend(tx, asks, fresh)
    same = ((place, permit) for place, permit in permits.items() if isinstance(permit, Done))
    renew(tx, [(permit.write_id, asks[place].version) for place, permit in same])
    return [permits[place] for place in range(len(asks))]


def _written(row: AnyRow | None) -> bool:
    return row is not None and row.state == WriteState.CONFIRMED


def _held_up(tx: Connection, asks: Sequence[_Ask]) -> tuple[Mapping[tuple[str, str], BillingHold], Mapping[int, int]]:
    """The holds on what these bill, and which delivery each that has to wait for its turn is behind."""
    billing = [(ask.delivery.id, ask.bills) for ask in asks if ask.bills is not None]
    if not billing:
        return {}, {}
    keys = {key for _, bills in billing for key in bills.keys}
    passing(tx, keys)
    return holds_on(tx, keys), ahead_of(tx, billing)


def _hold(ask: _Ask, held: Mapping[tuple[str, str], BillingHold]) -> BillingHold | None:
    keys = ask.bills.keys if ask.bills is not None else ()
    return next((held[key] for key in keys if key in held), None)


def _in_turn(ask: _Ask, ahead: int) -> Busy:
    words = f"delivery {ahead} of the same customer was held before it and goes first"
    return Busy(until=ask.now + _TURN, detail=words)


def _busy(ask: _Ask, other: int) -> Busy:
    return Busy(until=ask.now + _SOON, detail=f"delivery {other} is writing {ask.spec.key}")


def _not_our_turn(tx: Connection, ask: _Ask) -> Busy | None:
    if ask.turn is None:
        return None
    theirs = take_turn(tx, ask.turn, until=ask.leased_until, now=ask.now)
    words = f"another one is being sent to {ask.turn.name}; they go one at a time"
    return Busy(until=ask.now + _SOON, detail=words) if theirs is not None else None


def _renew(tx: Connection, asks: Sequence[_Ask]) -> None:
    """All leases are ours, and those that are half over last from now again. Raises LeaseLost."""
    rows = [
        {"id": ask.delivery.id, "lease": ask.delivery.lease, "leased_until": ask.leased_until, "updated_at": ask.now}
        for ask in asks
    ]
    if _OURS.rows(tx, rows)[0].many != len(rows):
        raise LeaseLost("a delivery is no longer ours")
    late = [
        row
        for row, ask in zip(rows, asks, strict=True)
        if ask.delivery.leased_until - ask.now < (ask.leased_until - ask.now) / 2
    ]
    if late and _RENEWED.changed(tx, late) != len(late):
        raise LeaseLost("a delivery is no longer ours")  # somebody claimed it since we looked


def _key(spec: WriteSpec) -> _Key:
    return (spec.connection, spec.entity, spec.operation, fitted(spec.key))


def _known(tx: Connection, keys: Iterable[_Key]) -> dict[_Key, AnyRow]:
    rows = [dict(zip(_KEY, key, strict=True)) for key in set(keys)]
    return {(row.connection, row.entity, row.operation, row.key): row for row in _KNOWN.rows(tx, rows)}


def _intend(tx: Connection, asks: Sequence[_Ask], fresh: dict[_Key, int]) -> dict[int, Permit]:
    """Record the intents. Where another worker was faster with the same key, ours is busy."""
    rows = [
        {**dict(zip(_KEY, key, strict=True)), "delivery_id": asks[place].delivery.id, "lease": asks[place].delivery.lease,
         "state": WriteState.SENT, "fingerprint": asks[place].fingerprint, "sends": 1, "sent_at": asks[place].now,
         "rests_until": asks[place].rests_until, **columns(asks[place].version)}
        for key, place in fresh.items()
    ]  # fmt: skip
    if not rows:
        return {}
    _INTENDED.run(tx, rows)
    permits: dict[int, Permit] = {}
    made = {(row.connection, row.entity, row.operation, row.key): row for row in _KNOWN.rows(tx, rows)}
    for key, place in fresh.items():
        ask, row = asks[place], made[key]
        if (row.delivery_id, row.lease) != (ask.delivery.id, ask.delivery.lease):
            permits[place] = _busy(ask, row.delivery_id)
            continue
        permits[place] = Go(write_id=row.id)
        spec = ask.spec
        append(
            tx, actor="engine", verb="write_send", noun="delivery", noun_id=ask.delivery.id, now=ask.now,
            data={"write": row.id, "to": f"{spec.connection}/{spec.entity}", "operation": spec.operation, "key": spec.key},
        )  # fmt: skip
    return permits


def _once_more(tx: Connection, ask: _Ask, row: AnyRow) -> Permit:
    permit = _permit(tx, ask, row)
    if isinstance(permit, Differs | Go) and is_stale(row, ask.version) and not _missing(ask, row):
        append(
            tx, actor="engine", verb="write_stale", noun="delivery", noun_id=ask.delivery.id, now=ask.now,
            data={"write": row.id, "key": ask.spec.key, "by": row.delivery_id},
        )  # fmt: skip
        sends = row.sends if row.state in _UNSURE else 0
        return Stale(write_id=row.id, target_id=row.target_id, sends=sends, record=row.record or {})
    if isinstance(permit, Go):
        return _not_our_turn(tx, ask) or (permit if _send(tx, ask, row) else _busy(ask, row.delivery_id))
    return permit


def _missing(ask: _Ask, row: AnyRow) -> bool:
    """Whether the record was never made, and nobody has sent it since it was looked for."""
    return row.state in _UNSURE and row.target_id is None and row.sends == ask.missing_after


def _permit(tx: Connection, ask: _Ask, row: AnyRow) -> Permit:
    if row.state == WriteState.CONFIRMED:
        if row.fingerprint == ask.fingerprint:
            return Done(write_id=row.id, target_id=row.target_id, record=row.record or {})
        if row.operation in _REPEATABLE:
            return Go(write_id=row.id, target_id=row.target_id)
        return Differs(write_id=row.id, target_id=row.target_id)
    if row.state == WriteState.REFUSED:
        return Go(write_id=row.id, target_id=row.target_id)
    if row.lease != ask.delivery.lease and _running(tx, row, ask.now):
        return _busy(ask, row.delivery_id)
    if ask.now < row.rests_until:  # the target may still commit: too early to read back
        words = f"the fate of {row.key} is unknown; it rests before it is read back"
        return Busy(until=row.rests_until, detail=words)
    changed = row.fingerprint != ask.fingerprint
    return Go(write_id=row.id, target_id=row.target_id, again=True, changed=changed)


def _running(tx: Connection, row: AnyRow, now: datetime) -> bool:
    d = deliveries.c
    query = select(d.id).where(d.id == row.delivery_id, d.lease == row.lease, d.leased_until >= now)
    return tx.execute(query).one_or_none() is not None


def _send(tx: Connection, ask: _Ask, row: AnyRow) -> bool:
    """Send it again, unless somebody else has since we looked."""
    values = {
        "state": WriteState.SENT, "delivery_id": ask.delivery.id, "lease": ask.delivery.lease,
        "fingerprint": _content(ask, row), "sends": row.sends + 1, "sent_at": ask.now, "rests_until": ask.rests_until,
        **columns(ask.version),
    }  # fmt: skip
    w = writes.c
    seen = (w.id == row.id, w.state == row.state, w.lease == row.lease, w.sends == row.sends)
    guard = (*seen, w.state.in_(write_move("send").sources))
    if tx.execute(update(writes).where(*guard).values(values)).rowcount == 0:
        return False
    append(
        tx, actor="engine", verb="write_send", noun="delivery", noun_id=ask.delivery.id, now=ask.now,
        data={"write": row.id, "again": True},
    )  # fmt: skip
    return True


def _content(ask: _Ask, row: AnyRow) -> str:
    """What may be there once this is sent: where an earlier send of unknown fate had other content, nobody can say."""
    unsure = row.state in _UNSURE and row.fingerprint != ask.fingerprint
    return "" if unsure else ask.fingerprint


def _select_known(given: TableClause, _: str) -> Executable:
    same = and_(*(writes.c[name] == given.c[name] for name in _KEY))
    return select(writes).select_from(given.join(writes, same))


def _insert_intents(given: TableClause, dialect: str) -> Executable:
    rows = select(*given.c).where(given.c.key.is_not(None))
    statement: Executable = (
        insert(dialect, writes).from_select([c.name for c in given.c], rows).on_conflict_do_nothing()
    )
    return statement


def _ours(given: TableClause, _: str) -> Executable:
    d = deliveries.c
    ours = and_(d.id == given.c.id, d.lease == given.c.lease, d.state == DeliveryState.RUNNING.value)
    return select(func.count().label("many")).select_from(given.join(deliveries, ours))


def _renewal(given: TableClause, _: str) -> Executable:
    d = deliveries.c
    ours = (d.id == given.c.id, d.lease == given.c.lease, d.state == DeliveryState.RUNNING.value)
    return update(deliveries).where(*ours).values(leased_until=given.c.leased_until, updated_at=given.c.updated_at)


_w, _d = writes.c, deliveries.c
_KEY = types(_w.connection, _w.entity, _w.operation, _w.key)
_KNOWN = Prepared(_KEY, _select_known)
_INTENDED = Prepared(
    _KEY
    | types(_w.delivery_id, _w.lease, _w.state, _w.fingerprint, _w.sends, _w.sent_at, _w.rests_until)
    | types(_w.version_by, _w.version, _w.version_sequence),
    _insert_intents,
)
_OURS = Prepared(types(_d.id, _d.lease), _ours)
_RENEWED = Prepared(types(_d.id, _d.lease, _d.leased_until, _d.updated_at), _renewal)
