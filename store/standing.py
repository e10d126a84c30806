"""How the flows stand. Every number comes from an index, so that asking costs the same however much lies in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    union,
    union_all,
)

from store.database import Database
from store.tables import deliveries, events
from store.waiting import COUNTED, IN_LINE
from sync.lifecycle import DeliveryState

_DONE: ColumnElement[Any] = literal_column("('delivered', 'discarded')")  # the indexes are asked for by these words
_IS: dict[str, ColumnElement[bool]] = {
    state: deliveries.c.state == literal_column(f"'{state}'") for state in DeliveryState
}
_Where = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStatus:
    """One flow at a glance: its deliveries by state (no more than 10,000 of each are counted), when one was delivered last,
    and when the oldest of those came in that go or may go. What stands behind another is not looked at."""

    flow: str
    states: dict[str, int]
    last_delivered: datetime | None
    oldest: datetime | None


class Standing:
    """The flows at a glance."""

    db: Database

    async def status(self) -> list[FlowStatus]:
        """Every flow that has had work."""

        def work(tx: Connection) -> list[FlowStatus]:
            return [_status(tx, flow) for flow in sorted(tx.execute(_FLOWS).scalars())]

        return await self.db.read(work)


def _status(tx: Connection, flow: str) -> FlowStatus:
    row = tx.execute(_ONE, {"flow": flow}).one()._mapping
    states = {str(state): row[state] for state in DeliveryState if row[state]}
    return FlowStatus(flow=flow, states=states, last_delivered=row["last"], oldest=row["oldest"])


def _one() -> Select[Any]:
    d, e = deliveries.c, events.c
    mine = d.flow == bindparam("flow")
    ready, running = (mine, d.front, _IS["pending"]), (mine, _IS["running"])
    done = (mine, d.state.op("IN")(_DONE))
    delivered = (*done, _IS["delivered"])
    first = union_all(_few(ready, d.due_at), _few(running, d.subject)).subquery()
    oldest = select(func.min(first.c.id)).scalar_subquery()
    came = select(e.received_at).join_from(deliveries, events, e.id == d.event_id).where(d.id == oldest)
    return select(
        _count((mine, d.state.op("IN")(IN_LINE), _IS["pending"]), d.subject).label("pending"),
        _count(running, d.subject).label("running"),
        _count((mine, d.front, _IS["held"]), d.updated_at).label("held"),
        _count((mine, _IS["dead"]), d.subject).label("dead"),
        _count(delivered, d.updated_at).label("delivered"),
        _count((*done, _IS["discarded"]), d.updated_at).label("discarded"),
        select(func.max(d.updated_at)).where(*delivered).scalar_subquery().label("last"),
        came.scalar_subquery().label("oldest"),
    )


def _few(which: _Where, order: ColumnElement[Any]) -> Select[int]:
    """The first of these in the order of their index, which makes a plan that reads anything else look dear."""
    found = select(deliveries.c.id).where(*which).order_by(order).limit(COUNTED).subquery()
    return select(found.c.id)


def _count(which: _Where, order: ColumnElement[Any]) -> Any:
    found = select(literal(1)).select_from(deliveries).where(*which).order_by(order).limit(COUNTED).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


def _flows() -> Any:
    """The flows in each index, found one behind the other."""
    state = deliveries.c.state
    parts = {"in_line": state.op("IN")(IN_LINE), "dead": _IS["dead"], "done": state.op("IN")(_DONE)}
    return union(*(_flows_in(name, which) for name, which in parts.items()))


def flows_in_line(tx: Connection) -> list[str]:
    """The flows that have something in line."""
    return sorted(tx.execute(_IN_LINE).scalars())


def _flows_in(name: str, which: ColumnElement[bool]) -> Select[Any]:
    flow = deliveries.c.flow
    first = select(func.min(flow).label("flow")).where(which).cte(f"flows_{name}", recursive=True)
    following = select(func.min(flow)).where(which, flow > first.c.flow).scalar_subquery()
    found = first.union_all(select(following).where(first.c.flow.is_not(None)))
    return select(found.c.flow).where(found.c.flow.is_not(None))


def flows_done(tx: Connection) -> list[str]:
    """The flows that have finished anything."""
    return sorted(tx.execute(_FINISHED).scalars())


DELIVERED = (deliveries.c.state.op("IN")(_DONE), _IS["delivered"])
"""What went through, in the words that its index is asked for by."""
_FINISHED = _flows_in("done", deliveries.c.state.op("IN")(_DONE))
_ONE, _FLOWS, _IN_LINE = _one(), _flows(), _flows_in("in_line", deliveries.c.state.op("IN")(IN_LINE))
