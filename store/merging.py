"""Customers that become one, and part again. The history of both stays: a merge only says whose a customer is now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, func, select, update

from store.customer_tables import customer_ids, customers
from store.customers import customers_by, know, own, root
from store.database import Database, one_at_a_time
from store.given import packed
from store.journal import append
from store.looks import look_now
from store.receiving import take_in
from store.tables import cases, deliveries, events, journal
from sync.customers import ENTITY, KIND, MAYBE, Customer, Known, Merged, MergeSeen, circling, telling
from sync.errors import IllegalMove
from sync.lifecycle import CASE_MOVES, CaseState
from sync.model import Change, Record

_WAITING = CASE_MOVES["replay"].sources
_AFFECTED = (MAYBE, "duplicate_customer")
_MOST = 200


class Merging:
    """Merges of the source, followed; and taken back."""

    db: Database

    async def note_merges(self, seen: Sequence[MergeSeen], *, now: datetime) -> Merged:
        """Follow merges of a source: customers become one, the target's second record is reported, and what waited for a merge
        goes round again. A merge that would go in a circle is refused. The same merge again changes nothing."""

        def work(tx: Connection) -> Merged:
            pairs, refused, woken = list[tuple[int, int]](), list[str](), 0
            for one in seen:
                for target in _targets(tx, one):
                    try:
                        pairs += _follow(tx, one, target, now)
                    except IllegalMove as circle:
                        refused.append(str(circle))
                        _announce(
                            tx, one.connection, circling(one, target, str(circle)), _flow_of(tx, one, target), now
                        )
                woken += _wake(tx, one.connection, now)
            return Merged(pairs=tuple(pairs), refused=tuple(refused), woken=woken)

        return await self.db.write(work)

    async def merge_customers(self, survivor: int, other: int, *, by: str, why: str, now: datetime) -> Customer:
        """From now on the other one is the survivor, whose own merges count. Raises IllegalMove for a circle."""

        def work(tx: Connection) -> Customer:
            _merge(tx, survivor, other, by=by, why=why, now=now)
            return customers_by(tx, [root(tx, survivor)])[0]

        return await self.db.write(work)

    async def unmerge_customer(self, customer: int, *, by: str, why: str, now: datetime) -> Customer:
        """It is a customer of its own again, with its number, its reference and the records that it had. Raises IllegalMove where
        it was not merged."""

        def work(tx: Connection) -> Customer:
            c = customers.c
            into = tx.execute(select(c.merged_into).where(c.id == customer)).scalar()
            apart = update(customers).where(c.id == customer, c.merged_into.is_not(None))
            if tx.execute(apart.values(merged_into=None, merged_at=None)).rowcount != 1:
                raise IllegalMove("This customer is not merged into another one.")
            data = {"was": into, "why": why}
            append(tx, actor=by, verb="unmerge", noun="customer", noun_id=customer, now=now, data=data)
            return customers_by(tx, [customer])[0]

        return await self.db.write(work)


def _targets(tx: Connection, seen: MergeSeen) -> list[str]:
    i, ids = customer_ids.c, [seen.survivor, *seen.merged]
    known = (i.connection == seen.connection, i.entity == seen.entity, i.source_id.in_(ids))
    return sorted(tx.execute(select(i.target).where(*known).distinct()).scalars())


def _follow(tx: Connection, seen: MergeSeen, target: str, now: datetime) -> Iterator[tuple[int, int]]:
    one_at_a_time(tx, packed([f"customers\n{target}"]))

    def known(record_id: str) -> Known:
        return Known(connection=seen.connection, entity=seen.entity, id=record_id, target=target)

    for record_id in seen.merged:
        survivor, other = own(tx, known(seen.survivor)), own(tx, known(record_id))
        why = f"{seen.connection} merged {seen.entity} {record_id} into {seen.survivor}"
        if other is None and survivor is not None:
            know(tx, known(record_id), survivor, by="engine", why=why, now=now)
        elif survivor is None and other is not None:
            know(tx, known(seen.survivor), other, by="engine", why=why, now=now, speaks=True)
        elif survivor is not None and other is not None and _merge(tx, survivor, other, by="engine", why=why, now=now):
            _tell(tx, seen.connection, survivor, other, now)
            yield survivor, other


def _merge(tx: Connection, survivor: int, other: int, *, by: str, why: str, now: datetime) -> bool:
    """Merge; False when it is so already."""
    if _leads(tx, other, survivor):
        return False
    if _leads(tx, survivor, other):
        raise IllegalMove(
            f"Customer {survivor} was merged into customer {other} before: the two would be merged in a circle."
        )
    c = customers.c
    free = update(customers).where(c.id == other, c.merged_into.is_(None))
    if tx.execute(free.values(merged_into=survivor, merged_at=now)).rowcount != 1:
        return False
    data = {"into": survivor, "why": why}
    append(tx, actor=by, verb="merge", noun="customer", noun_id=other, now=now, data=data)
    return True


def _leads(tx: Connection, start: int, end: int) -> bool:
    """Whether what a customer was merged into, and that again, comes to the other one."""
    seen: set[int] = set()
    at: int | None = start
    while at is not None and at not in seen:
        seen.add(at)
        at = tx.execute(select(customers.c.merged_into).where(customers.c.id == at)).scalar()
    return end in seen


def _tell(tx: Connection, connection: str, survivor: int, other: int, now: datetime) -> None:
    """The target may have a record of each: an event says so, and its delivery looks."""
    kept, gone = customers_by(tx, [survivor])[0], customers_by(tx, [other])[0]
    _announce(tx, connection, telling(kept, gone), gone.flow, now)


def _announce(tx: Connection, connection: str, data: Record, flow: str, now: datetime) -> None:
    """An event of our own with a delivery; each merge tells once, and again when it was taken back in between."""
    told, which = "refused" if "refused" in data else "merged", str(data["id"])
    since = select(func.count()).where(journal.c.noun == "customer", journal.c.verb == "unmerge")
    key = f"{KIND}/{told}/{data['target']}/{which}/{tx.execute(since).scalar()}"
    if tx.execute(select(events.c.id).where(events.c.connection == connection, events.c.key == key)).first() is None:
        change = Change(entity=ENTITY, record_id=which, key=key, kind=KIND, occurred_at=now, payload=data)
        take_in(tx, connection, change, [flow], now)


def _flow_of(tx: Connection, seen: MergeSeen, target: str) -> str:
    """The flow that made the customer which the survivor is, or that one that was merged into it is."""
    ids = [
        Known(connection=seen.connection, entity=seen.entity, id=each, target=target)
        for each in (seen.survivor, *seen.merged)
    ]
    found = [customer for each in ids if (customer := own(tx, each)) is not None]
    return customers_by(tx, found)[0].flow


def _wake(tx: Connection, connection: str, now: datetime) -> int:
    """What waits for a merge in this source is looked at now, two hundred at most."""
    ours = exists().where(
        deliveries.c.id == cases.c.delivery_id, events.c.id == deliveries.c.event_id, events.c.connection == connection
    )
    waits = (cases.c.reason.in_(_AFFECTED), cases.c.state != CaseState.RESOLVED, cases.c.state.in_(_WAITING), ours)
    query = select(cases.c.id, cases.c.delivery_id, cases.c.flow, cases.c.subject).where(*waits)
    found = tx.execute(query.order_by(cases.c.id).limit(_MOST)).all()
    if not found:
        return 0
    tx.execute(update(cases).where(cases.c.id.in_([row.id for row in found])).values(look_at=now))
    return look_now(tx, found, now)
