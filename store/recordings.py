"""What was read: the newest record of each delivery with the decisions that were known then, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from store import rows
from store.database import Database
from store.evidence import Evidence, evidence
from store.tables import attempts, deliveries, events, overlays
from sync.drifts import KIND
from sync.model import Overlay
from sync.reconciling.ledger import KIND as DISAGREES
from sync.recorded import Recorded

_PAGE = 500


class Recordings:
    """Records of the past."""

    db: Database

    async def evidence_of(self, case_id: int) -> Evidence:
        """A case with what was read of its record and decided about it. Raises NotFound."""
        return await evidence(self.db, case_id)

    async def recorded(
        self,
        flow: str | None = None,
        *,
        since: datetime | None = None,
        limit: int | None = None,
        among: int | None = None,
    ) -> AsyncIterator[list[Recorded]]:
        """What deliveries (of one flow) of events received since then read last, the newest first, at most `limit`, in pages;
        looked for `among` so many newest deliveries of all flows. A record that was never read, or whose snapshot is no longer
        kept, is not among them."""
        before, left, after = None, limit, 0
        if among is not None:
            last = select(func.max(deliveries.c.id))
            after = (await self.db.read(lambda tx: tx.execute(last).scalar_one()) or 0) - among
        while left is None or left > 0:
            page, before = await self.db.read(lambda tx, b=before: _page(tx, flow, since, b, after))  # type: ignore[misc]
            found = page if left is None else page[:left]
            left = None if left is None else left - len(found)
            if found:
                yield found
            if before is None:
                return


def _page(
    tx: Connection, flow: str | None, since: datetime | None, before: int | None, after: int
) -> tuple[list[Recorded], int | None]:
    """A page of records and where the next one begins; None when there is none."""
    found = tx.execute(_deliveries(flow, since, before).where(deliveries.c.id > after)).all()
    read = [(row, row.snapshot if row.payload is None else row.payload) for row in found]
    kept = [(row, record) for row, record in read if isinstance(record, dict)]
    decided = _decided(tx, {(row.flow, row.subject) for row, _ in kept})
    page = [_recorded(row, record, decided.get((row.flow, row.subject), [])) for row, record in kept]
    return page, found[-1].id if len(found) == _PAGE else None


def _deliveries(flow: str | None, since: datetime | None, before: int | None) -> Select[*tuple[Any, ...]]:
    d, e, a = deliveries.c, events.c, attempts.c
    last = (
        select(func.max(a.number)).where(a.delivery_id == d.id, a.snapshot.is_not(None)).correlate(deliveries)
    ).scalar_subquery()
    joined = deliveries.join(events, e.id == d.event_id).outerjoin(
        attempts, and_(a.delivery_id == d.id, a.number == last)
    )
    query = (
        select(d.id, d.event_id, d.flow, d.subject, d.updated_at, e.connection, e.entity, e.payload, a.snapshot, a.ended_at)
        .select_from(joined)
        .where(e.kind.not_in((KIND, DISAGREES)))  # they carry no record
        .order_by(d.id.desc())
        .limit(_PAGE)
    )  # fmt: skip
    if flow is not None:
        query = query.where(d.flow == flow)
    if before is not None:
        query = query.where(d.id < before)
    if since is not None:
        query = query.where(e.received_at >= since)
    return query


def _decided(tx: Connection, about: set[tuple[str, str]]) -> dict[tuple[str, str], list[rows.AnyRow]]:
    """Every decision about these records, by flow and subject, oldest first."""
    found: dict[tuple[str, str], list[rows.AnyRow]] = {}
    if about:
        subjects = {subject for _, subject in about}
        query = select(overlays).where(overlays.c.subject.in_(subjects)).order_by(overlays.c.id)
        for row in tx.execute(query):
            found.setdefault((row.flow, row.subject), []).append(row)
    return found


def _recorded(row: rows.AnyRow, record: dict[str, Any], decided: list[rows.AnyRow]) -> Recorded:
    at = row.ended_at or row.updated_at
    latest: dict[tuple[str, str, str], Overlay] = {}
    for each in decided:
        if each.decided_at <= at:
            latest[(each.path, each.found, each.action)] = rows.overlay(each)
    return Recorded(
        delivery_id=row.id, event_id=row.event_id, flow=row.flow, connection=row.connection, entity=row.entity,
        subject=row.subject, at=at, record=record, overlays=tuple(latest.values()),
    )  # fmt: skip
