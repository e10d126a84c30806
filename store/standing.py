"""How the flows stand. Every number comes from an index, so that asking costs the same however much lies in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, func, literal, literal_column, select, union

from store.database import Database
from store.tables import deliveries, events
from store.waiting import IN_LINE
from sync.lifecycle import DeliveryState

COUNTED = 100_000  # of each state, further than this nobody counts
_DONE: ColumnElement[Any] = literal_column("('delivered', 'discarded')")  # the indexes are asked for by these words
_STATES: dict[str, ColumnElement[Any]] = {state: literal_column(f"'{state}'") for state in DeliveryState}
_Where = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStatus:
    """One flow at a glance: how many deliveries are in each state (no further than 100,000), when one last was delivered, and
    when the oldest was received that may go or is under way; what stands behind a held one waits for that."""

    flow: str
    states: dict[str, int]
    last_delivered: datetime | None
    oldest: datetime | None


class Standing:
    """The flows at a glance."""

    db: Database

    async def status(self) -> list[FlowStatus]:
        """Every flow that has work or has had some."""
        return await self.db.read(lambda tx: [_status(row) for row in tx.execute(_ALL)])


def _status(row: Any) -> FlowStatus:
    waiting = {"pending": max(0, row.in_line - row.running - row.held)}
    counts = {state: getattr(row, state, 0) for state in DeliveryState} | waiting
    return FlowStatus(
        flow=row.flow,
        states={state: many for state, many in sorted(counts.items()) if many},
        last_delivered=row.last,
        oldest=row.oldest,
    )


def _all() -> Select[Any]:
    d, e = deliveries.c, events.c
    flows = _flows()
    mine = d.flow == flows.c.flow
    ready = (mine, d.front, d.state == _STATES["pending"])
    running = (mine, d.state == _STATES["running"])
    delivered, discarded = ((mine, d.state.op("IN")(_DONE), d.state == _STATES[one]) for one in ("delivered", "discarded"))
    first = union(*(_earliest(which, order) for which, order in ((ready, d.due_at), (running, d.leased_until))))
    oldest = select(func.min(first.subquery().c.id)).scalar_subquery()
    return select(
        flows.c.flow,
        _count((mine, d.state.op("IN")(IN_LINE)), d.subject).label("in_line"),
        _count(running, d.leased_until).label("running"),
        _count((mine, d.front, d.state == _STATES["held"]), d.updated_at).label("held"),
        _count((mine, d.state == _STATES["dead"]), d.subject).label("dead"),
        _count(delivered, d.updated_at).label("delivered"),
        _count(discarded, d.updated_at).label("discarded"),
        select(func.max(d.updated_at)).where(*delivered).scalar_subquery().label("last"),
        select(e.received_at).join_from(deliveries, events, e.id == d.event_id).where(d.id == oldest)
        .scalar_subquery().label("oldest"),
    ).order_by(flows.c.flow)  # fmt: skip
