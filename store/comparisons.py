"""How records came out under a release on trial, where that was otherwise than under the active one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from store.database import Database, insert
from store.tables import attempts, comparisons, deliveries, writes
from sync.model import Delivery, Record
from sync.releases import Compared, Deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """One record that deviates. `written` are the records of the target that went out under the release, as entity and id."""

    delivery_id: int
    event_id: int
    flow: str
    subject: str
    state: str
    at: datetime
    deviations: tuple[Deviation, ...]
    written: tuple[tuple[str, str], ...]


def compare(tx: Connection, found: Iterable[tuple[Delivery, Compared, datetime]]) -> None:
    """Keep how each compares; what a later attempt of the same delivery finds takes its place."""
    for delivery, compared, now in found:
        fields: list[Record] = [asdict(each) for each in compared.deviations]
        values = {
            "at": now, "deviating": bool(fields), "unannounced": compared.unannounced, "fields": fields,
        }  # fmt: skip
        made = insert(tx, comparisons).values(release_id=compared.release, delivery_id=delivery.id, **values)
        tx.execute(made.on_conflict_do_update(index_elements=["release_id", "delivery_id"], set_=values))


def looked_at(tx: Connection, release: int) -> tuple[int, int]:
    """How many records were looked at under a release on trial, and how many of them deviate in what was not announced."""
    c = comparisons.c
    whole = tx.execute(select(func.count()).where(c.release_id == release)).scalar_one()
    strange = tx.execute(select(func.count()).where(c.release_id == release, c.unannounced.is_(True))).scalar_one()
    return int(whole), int(strange)


class Comparisons:
    """Which records a trial touched."""

    db: Database

    async def deviating(self, release: int) -> int:
        """How many records came out otherwise under a release."""
        query = select(func.count()).where(comparisons.c.release_id == release, comparisons.c.deviating.is_(True))
        return int(await self.db.read(lambda tx: tx.execute(query).scalar_one()))

    async def affected(self, release: int, *, after: int = 0, limit: int = 1_000) -> list[Affected]:
        """Records that deviate under the release, by their delivery, from the one after `after` on. Where the release was a
        canary these went out under it, as far as `written` says."""
        c, d, w = comparisons.c, deliveries.c, writes.c
        query = (
            select(c.delivery_id, c.at, c.fields, d.event_id, d.flow, d.subject, d.state)
            .join_from(comparisons, deliveries, c.delivery_id == d.id)
            .where(c.release_id == release, c.deviating.is_(True), c.delivery_id > after)
            .order_by(c.delivery_id)
            .limit(limit)
        )
        went = select(attempts.c.delivery_id).where(attempts.c.release == release)

        def work(tx: Connection) -> list[Affected]:
            rows = tx.execute(query).all()
            ids = [row.delivery_id for row in rows]
            confirmed = and_(w.delivery_id.in_(ids), w.delivery_id.in_(went), w.target_id.is_not(None))
            written: dict[int, list[tuple[str, str]]] = {}
            for one in tx.execute(select(w.delivery_id, w.entity, w.target_id).where(confirmed).order_by(w.id)):
                known = written.setdefault(one.delivery_id, [])
                if (one.entity, one.target_id) not in known:
                    known.append((one.entity, one.target_id))
            return [
                Affected(
                    delivery_id=row.delivery_id, event_id=row.event_id, flow=row.flow, subject=row.subject,
                    state=row.state, at=row.at, deviations=tuple(Deviation(**each) for each in row.fields),
                    written=tuple(written.get(row.delivery_id, ())),
                )
                for row in rows
            ]  # fmt: skip

        return await self.db.read(work)
