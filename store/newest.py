"""Newest wins, in the flows that say so: of several changes of a record that wait, only the newest is delivered, and one that
comes after a newer one was delivered is stale. What runs is never touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Select,
    TableClause,
    and_,
    bindparam,
    exists,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
    update,
)

from store.columns import Moment
from store.database import Database, insert, tell_news
from store.given import Prepared, types
from store.journal import append
from store.lines import Pair, line_up, lock
from store.outcomes import latest_cases, pass_case
from store.tables import cases, deliveries, newest, writes
from store.waiting import IN_LINE
from sync.lifecycle import CaseState, WriteState, delivery_move

_LOOKED_AT, _LINES, _MOST = 1000, 100, 2000
_WHY = {"supersede": "a newer change of the record is in line", "stale": "a newer change of the record came before it"}
_HELD: ColumnElement[Any] = literal_column("'held'")  # the indexes are asked for by these words
_RUNNING: ColumnElement[Any] = literal_column("'running'")
_PENDING: ColumnElement[Any] = literal_column("'pending'")


class Newest:
    """Leaving out what is out of date."""

    db: Database

    async def collapse(self, flows: Collection[str], *, now: datetime) -> int:
        """Leave out of the lines of these flows what a newer change of the same record makes superfluous; how many deliveries
        that were. Looks at the lines that are held, running or next."""
        moved = 0
        for flow in sorted(flows):
            while pairs := await self._crowded(flow):
                left_out = await self._thin_out(pairs, now)
                moved += left_out
                if not left_out:
                    break
        return moved

    async def _crowded(self, flow: str) -> set[Pair]:
        query = _crowded(flow)
        return await self.db.read(lambda tx: {(row.flow, row.subject) for row in tx.execute(query)})

    async def _thin_out(self, pairs: set[Pair], now: datetime) -> int:
        def work(tx: Connection) -> int:
            lock(tx, pairs)
            left_out = keep_newest(tx, pairs, now)
            line_up(tx, pairs)
            tell_news(tx)
            return left_out

        return await self.db.write(work)


def keep_newest(tx: Connection, pairs: Iterable[Pair], now: datetime) -> int:
    """Leave out of each of these lines what is older than the newest change that ever stood in it, at most 2,000 deliveries; how
    many. Stays: what runs, what has a write of unknown fate, and what is on its way with an open case. Needs `lock` before and
    `line_up` after."""
    rows = [{"flow": flow, "subject": subject} for flow, subject in sorted(set(pairs))]
    if not rows:
        return 0
    _MARKED.run(tx, rows)
    left_out = 0
    for verb, statement in (("supersede", _SUPERSEDED), ("stale", _STALE)):
        moved = statement.rows(tx, rows, now=now)
        _tell(tx, verb, moved, now)
        left_out += len(moved)
    return left_out


def _tell(tx: Connection, verb: str, moved: list[Any], now: datetime) -> None:
    lines: defaultdict[Pair, list[int]] = defaultdict(list)
    for row in moved:
        lines[(row.flow, row.subject)].append(row.id)
    for (flow, subject), ids in lines.items():
        data = {"flow": flow, "subject": subject, "count": len(ids), "first": min(ids), "last": max(ids)}
        append(tx, actor="engine", verb=verb, noun="delivery", noun_id=max(ids), now=now, data=data)
    for case in latest_cases(tx, [row.id for row in moved]).values():
        if case.state != CaseState.RESOLVED:
            pass_case(tx, case, "Replaced by a newer change.", now)


def _order(line: FromClause, number: str = "id") -> Any:
    return tuple_(line.c.occurred_at, line.c.sequence, line.c[number])


def _newest_in_line(beside: FromClause) -> Any:
    line = deliveries.alias("line")
    d = line.c
    mine = and_(d.flow == beside.c.flow, d.subject == beside.c.subject, d.state.op("IN")(IN_LINE))
    backwards = (d.occurred_at.desc(), d.sequence.desc(), d.id.desc())
    return select(d.id).where(mine).order_by(*backwards).limit(1).correlate(beside).scalar_subquery()


def _superfluous(old: FromClause) -> ColumnElement[bool]:
    """Whether a delivery that stands in a line may leave it for a newer one."""
    o = old.c
    unsettled = exists().where(writes.c.delivery_id == o.id, writes.c.state.in_((WriteState.SENT, WriteState.UNKNOWN)))
    asked = exists().where(cases.c.delivery_id == o.id, cases.c.state != literal_column("'resolved'"))
    return and_(o.state.op("IN")(IN_LINE), or_(o.state == _HELD, and_(o.state == _PENDING, ~asked)), ~unsettled)


def _crowded(flow: str) -> Select[Any]:
    """Lines of the flow in which something is superfluous."""
    d = deliveries.c
    lines = select(d.flow, d.subject).where(d.flow == flow)
    ready = lines.where(d.front, d.state == _PENDING).order_by(d.due_at, d.id).limit(_LOOKED_AT).subquery()
    held, running = lines.where(d.front, d.state == _HELD), lines.where(d.state == _RUNNING)
    fronts = union_all(held, running, select(ready)).subquery("fronts")
    old, mark = deliveries.alias("old"), newest.alias("mark")
    same = and_(old.c.flow == fronts.c.flow, old.c.subject == fronts.c.subject)
    in_line = exists(select(old.c.id).where(same, _superfluous(old), old.c.id != _newest_in_line(fronts)))
    marked = and_(mark.c.flow == fronts.c.flow, mark.c.subject == fronts.c.subject)
    late = and_(old.c.number == 0, _order(old) < _order(mark, "delivery_id"))
    overtaken = exists(select(old.c.id).join_from(mark, old, same).where(marked, _superfluous(old), late))
    return select(fronts.c.flow, fronts.c.subject).where(or_(in_line, overtaken)).limit(_LINES)


def _mark(given: TableClause, dialect: str) -> Executable:
    """Remember the newest change that stands in each line, unless a newer one stood there before."""
    d = deliveries.c
    found = select(d.flow, d.subject, d.occurred_at, d.sequence, d.id).select_from(
        given.join(deliveries, d.id == _newest_in_line(given))
    )
    made = insert(dialect, newest).from_select([c.name for c in newest.c], found.where(given.c.flow.is_not(None)))
    fresh = {name: made.excluded[name] for name in ("occurred_at", "sequence", "delivery_id")}
    later = tuple_(*fresh.values()) > tuple_(newest.c.occurred_at, newest.c.sequence, newest.c.delivery_id)
    statement: Executable = made.on_conflict_do_update(index_elements=["flow", "subject"], set_=fresh, where=later)
    return statement


def _leaving(verb: str) -> Any:
    """What leaves each line by this verb: `supersede` while the newest is still to be delivered, `stale` for what was never tried
    and came after that."""
    move = delivery_move(verb)

    def build(given: TableClause, _: str) -> Executable:
        d, old, mark, top = deliveries.c, deliveries.alias("old"), newest.alias("mark"), deliveries.alias("top")
        marked = and_(mark.c.flow == given.c.flow, mark.c.subject == given.c.subject)
        same = and_(old.c.flow == given.c.flow, old.c.subject == given.c.subject)
        to_come = exists().where(top.c.id == mark.c.delivery_id, top.c.state.op("IN")(IN_LINE))
        which = to_come if verb == "supersede" else and_(~to_come, old.c.number == 0)
        joined = given.join(mark, marked).join(old, same)
        older = _order(old) < _order(mark, "delivery_id")
        leaves = select(old.c.id).select_from(joined).where(_superfluous(old), older, which).limit(_MOST)
        values = {
            "state": move.target, "front": False, "hold_id": null(), "detail": _WHY[verb],
            "updated_at": bindparam("now", type_=Moment(), required=False),
        }  # fmt: skip
        leaving = update(deliveries).where(d.id.in_(leaves), d.state.in_(move.sources)).values(values)
        return leaving.returning(d.id, d.flow, d.subject)

    return build


_LINE = types(deliveries.c.flow, deliveries.c.subject)
_MARKED = Prepared(_LINE, _mark)
_SUPERSEDED = Prepared(_LINE, _leaving("supersede"))
_STALE = Prepared(_LINE, _leaving("stale"))
