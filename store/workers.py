"""Who works on the ledger. Each process renews a row of its own; which of them is silent, and who was told of it, are rows too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, func, literal_column, select

from store.claiming import due
from store.database import Database, insert
from store.migrate import standing
from store.tables import deliveries, messages, ticks, workers
from store.ticks import claim
from sync.model import Record

ENGINES = ("all", "worker")
_FORGOTTEN = timedelta(days=1)
SILENCE = "engine_silent"
_PROBE = ("ready", "asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process. `name` is random and says nothing about its machine; `role` is all, bot or worker."""

    name: str
    role: str
    started_at: datetime
    beat_at: datetime

    @property
    def is_engine(self) -> bool:
        return self.role in ENGINES


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """When an engine beat last, and since when each channel that was told so knows of a silence."""

    beat_at: datetime | None
    told: dict[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The ledger takes writes. `schema` says what is wrong with its version, or nothing."""

    schema: str
    beat_at: datetime | None


class Workers:
    """Heartbeats."""

    db: Database

    async def beat(self, worker: Worker) -> None:
        """The process lives. Rows that nobody renewed for a day are forgotten."""

        def work(tx: Connection) -> None:
            row = {"name": worker.name, "role": worker.role, "started_at": worker.started_at, "beat_at": worker.beat_at}
            mine = insert(tx, workers).values(row)
            tx.execute(mine.on_conflict_do_update(index_elements=["name"], set_={"beat_at": worker.beat_at}))
            tx.execute(delete(workers).where(workers.c.beat_at < worker.beat_at - _FORGOTTEN))

        await self.db.write(work)

    async def leave(self, name: str) -> None:
        """The process ended as it was told to."""
        await self.db.write(lambda tx: tx.execute(delete(workers).where(workers.c.name == name)) and None)

    async def workers(self) -> list[Worker]:
        """Every process that has not left, the longest running first."""

        def work(tx: Connection) -> list[Worker]:
            rows = tx.execute(select(workers).order_by(workers.c.started_at, workers.c.name))
            return [
                Worker(name=row.name, role=row.role, started_at=row.started_at, beat_at=row.beat_at) for row in rows
            ]

        return await self.db.read(work)

    async def pulse(self) -> Pulse:
        """How the engines are, and who knows of a silence."""

        def work(tx: Connection) -> Pulse:
            told = tx.execute(select(ticks.c.slot, ticks.c.claimed_at).where(ticks.c.name == SILENCE))
            return Pulse(beat_at=_last_beat(tx), told={row.slot: row.claimed_at for row in told})

        return await self.db.read(work)

    async def tell_silence(self, channel: str, text: str, body: Record, *, since: datetime, now: datetime) -> bool:
        """Put the news into the outbox, once per silence and channel, whoever asks."""

        def work(tx: Connection) -> bool:
            if not claim(tx, SILENCE, channel, since):
                return False
            _say(tx, channel, text, body, now)
            return True

        return await self.db.write(work)

    async def end_silence(self, channel: str, text: str, body: Record, *, now: datetime) -> bool:
        """An engine is back: tell a channel that knows of the silence, once, whoever asks."""

        def work(tx: Connection) -> bool:
            known = delete(ticks).where(ticks.c.name == SILENCE, ticks.c.slot == channel)
            if not tx.execute(known).rowcount:
                return False
            _say(tx, channel, text, body, now)
            return True

        return await self.db.write(work)

    async def oldest_due(self, *, now: datetime) -> dict[str, datetime]:
        """Of each flow with work that could be claimed now, since when the oldest is due; paused or not. A few steps of an
        index for each flow, however much waits."""
        query = _oldest()
        return await self.db.read(lambda tx: {row.flow: row.since for row in tx.execute(query) if row.since <= now})

    async def due_by_flow(self, flows: Collection[str], *, now: datetime) -> dict[str, int]:
        """How many records of these flows could be claimed now."""
        d = deliveries.c
        counts = due(now).with_only_columns(d.flow, func.count().label("many")).order_by(None)
        query = counts.where(d.flow.in_(flows)).group_by(d.flow)
        return await self.db.read(lambda tx: {row.flow: row.many for row in tx.execute(query)})

    async def probe(self, *, now: datetime) -> Probe:
        """Commit something small, as receiving would; whoever asks meanwhile shares the commit. Raises LedgerUnavailable."""
        return await self.db.together(_probe, now)


def _probe(tx: Connection, asked: Sequence[datetime]) -> list[Probe]:
    name, slot = _PROBE
    schema = standing(tx)
    if not schema:
        row = insert(tx, ticks).values(name=name, slot=slot, claimed_at=asked[0])
        tx.execute(row.on_conflict_do_update(index_elements=["name", "slot"], set_={"claimed_at": asked[0]}))
    return [Probe(schema=schema, beat_at=None if schema else _last_beat(tx))] * len(asked)


def _last_beat(tx: Connection) -> datetime | None:
    found: datetime | None = tx.execute(
        select(func.max(workers.c.beat_at)).where(workers.c.role.in_(ENGINES))
    ).scalar_one()
    return found


def _say(tx: Connection, channel: str, text: str, body: Record, now: datetime) -> None:
    values: dict[str, Any] = {"channel": channel, "kind": SILENCE, "text": text, "body": body, "at": now}
    tx.execute(messages.insert().values(values | {"due_at": now}))


def _oldest() -> Select[Any]:
    """The flows one after the other, each found in the index behind the one before, with its first due delivery."""
    d = deliveries.c
    ready = (d.front, d.state == literal_column("'pending'"))  # written out: the index is asked for by these words
    first = select(func.min(d.flow).label("flow")).where(*ready).cte("flows", recursive=True)
    following = select(func.min(d.flow)).where(*ready, d.flow > first.c.flow).scalar_subquery()
    flows = first.union_all(select(following).where(first.c.flow.is_not(None)))
    since = select(func.min(d.due_at)).where(*ready, d.flow == flows.c.flow).scalar_subquery()
    return select(flows.c.flow, since.label("since")).where(flows.c.flow.is_not(None))
