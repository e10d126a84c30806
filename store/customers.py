"""Customers: each made once, with a number of its own, and known by the records that are it. Of many who meet the same new customer
one makes it; the others are told to look again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from store.customer_tables import customer_ids, customer_keys, customer_others, customers
from store.database import Database, insert_or_nothing, one_at_a_time
from store.given import packed
from store.journal import append
from store.rows import AnyRow
from sync.customers import Customer, Known, Near, NewCustomer
from sync.errors import NotFound

_SHARE, _CROWD = 500, 3_000


class Customers:
    """Who is who, and under which number the target has them."""

    db: Database

    async def customer_of(self, known: Known) -> Customer | None:
        """Who this record is: of customers that were merged, the survivor. None where nobody knows."""
        return await self.db.read(lambda tx: who_is(tx, known))

    async def customer(self, customer_id: int) -> Customer:
        """A customer by itself, merged or not. Raises NotFound."""

        def work(tx: Connection) -> Customer:
            found = customers_by(tx, [customer_id])
            if not found:
                raise NotFound(f"there is no customer {customer_id}")
            return found[0]

        return await self.db.read(work)

    async def customers_near(self, target: str, keys: Collection[str], *, most: int) -> Near:
        """Those that share keys, the survivors of those that were merged; the newest customer of all is the `stand`."""

        def work(tx: Connection) -> Near:
            stand = tx.execute(select(func.max(customers.c.id)).where(customers.c.target == target)).scalar() or 0
            k, shares = customer_keys.c, func.sum(customer_keys.c.weight)
            sharing = select(k.customer_id).where(k.target == target, k.key.in_(_rarest(tx, target, keys)))
            ranked = sharing.group_by(k.customer_id).order_by(shares.desc(), k.customer_id).limit(most)
            ids = dict.fromkeys(_roots(tx, list(tx.execute(ranked).scalars())))
            found = {each.id: each for each in customers_by(tx, ids)}
            return Near(customers=tuple(found[each] for each in ids), stand=stand)

        return await self.db.read(work)

    async def told_apart(self, known: Known) -> frozenset[int]:
        """The customers of which a person said that this record is another one."""
        o = customer_others.c
        same = (o.connection == known.connection, o.entity == known.entity, o.source_id == known.id)
        query = select(o.customer_id).where(*same)
        return frozenset(await self.db.read(lambda tx: list(tx.execute(query).scalars())))

    async def reserve_customer(self, new: NewCustomer, *, stand: int, now: datetime) -> Customer | None:
        """Make a customer, with the next number of its target; the one that this record is already. None where somebody came
        in after `stand` who shares a key: look again."""

        def work(tx: Connection) -> Customer | None:
            one_at_a_time(tx, packed([f"customers\n{new.known.target}"]))
            there = who_is(tx, new.known)
            if there is not None:
                return there
            return None if _met(tx, new, stand) else _make(tx, new, now)

        return await self.db.write(work)

    async def link_customer(self, known: Known, customer: int, *, by: str, why: str, now: datetime) -> Customer:
        """This record is that customer. One that is known as another keeps what it is."""

        def work(tx: Connection) -> Customer:
            if know(tx, known, root(tx, customer), by=by, why=why, now=now):
                data = {"connection": known.connection, "entity": known.entity, "id": known.id, "why": why}
                append(tx, actor=by, verb="link", noun="customer", noun_id=customer, now=now, data=data)
            return must(who_is(tx, known))

        return await self.db.write(work)

    async def tell_apart(self, known: Known, customers: Collection[int], *, by: str, now: datetime) -> None:
        """This record is none of them; nobody is asked again."""
        said = {
            "connection": known.connection,
            "entity": known.entity,
            "source_id": known.id,
            "said_by": by,
            "said_at": now,
        }

        def work(tx: Connection) -> None:
            fresh = [
                each
                for each in sorted(set(customers))
                if tx.execute(insert_or_nothing(tx, customer_others).values(**said, customer_id=each)).rowcount
            ]
            if fresh:
                data = {"connection": known.connection, "entity": known.entity, "id": known.id, "others": fresh}
                append(tx, actor=by, verb="tell_apart", noun="customer", noun_id=known.id, now=now, data=data)

        await self.db.write(work)

    async def renew_reference(self, customer: int, reference: str, *, by: str, now: datetime) -> Customer:
        """The target lost its record: from now on it is written under this reference."""

        def work(tx: Connection) -> Customer:
            [before] = customers_by(tx, [customer])
            if before.reference != reference:
                tx.execute(update(customers).where(customers.c.id == customer).values(reference=reference))
                data = {"before": before.reference, "after": reference}
                append(tx, actor=by, verb="renew", noun="customer", noun_id=customer, now=now, data=data)
            return must(customers_by(tx, [customer])[0])

        return await self.db.write(work)


def who_is(tx: Connection, known: Known) -> Customer | None:
    """The customer that a record is, after all merges."""
    found = own(tx, known)
    if found is None:
        return None
    kept = customers_by(tx, [root(tx, found)])[0]
    return replace(kept, former=tuple(_former(tx, kept.id)))


def own(tx: Connection, known: Known) -> int | None:
    """The customer that a record was from the beginning, whatever was merged since."""
    i = customer_ids.c
    same = (
        i.connection == known.connection,
        i.entity == known.entity,
        i.source_id == known.id,
        i.target == known.target,
    )
    return tx.execute(select(i.customer_id).where(*same)).scalar_one_or_none()


def root(tx: Connection, customer: int) -> int:
    """The survivor of everything that a customer was merged into."""
    seen = [customer]
    while (into := tx.execute(select(customers.c.merged_into).where(customers.c.id == seen[-1])).scalar()) is not None:
        if into in seen:  # refused when it is written; never to be followed for ever
            return min(seen)
        seen.append(into)
    return seen[-1]


def _rarest(tx: Connection, target: str, keys: Collection[str]) -> list[str]:
    """The keys that the fewest carry, as many as lead to so many customers as can be looked at; the rarest always."""
    k = customer_keys.c
    carried = select(k.key, func.count().label("many")).where(k.target == target, k.key.in_(sorted(keys)[:_SHARE]))
    rarest, left = list[str](), _CROWD
    for row in sorted(tx.execute(carried.group_by(k.key)).all(), key=lambda each: (each.many, each.key)):
        left -= row.many
        if left < 0 and rarest:
            break
        rarest.append(row.key)
    return rarest


def _roots(tx: Connection, ids: Sequence[int]) -> list[int]:
    """The survivors of these customers, in their order."""
    merged = select(customers.c.id).where(customers.c.id.in_(ids), customers.c.merged_into.is_not(None))
    gone = set(tx.execute(merged).scalars())
    return [root(tx, each) if each in gone else each for each in ids]


def _former(tx: Connection, customer: int) -> Iterator[str]:
    """The references of all that was merged into a customer."""
    c, into = customers.c, [customer]
    while into:
        rows = tx.execute(select(c.id, c.reference).where(c.merged_into.in_(into)).order_by(c.id)).all()
        yield from (row.reference for row in rows)
        into = [row.id for row in rows]


def customers_by(tx: Connection, ids: Iterable[int]) -> list[Customer]:
    """These customers, by id, each with the records that are it or were merged into it."""
    wanted = sorted(set(ids))
    rows = tx.execute(select(customers).where(customers.c.id.in_(wanted)).order_by(customers.c.id)).all()
    same: dict[int, list[Known]] = defaultdict(list)
    speak: dict[int, list[Known]] = defaultdict(list)
    for row in tx.execute(
        select(customer_ids).where(customer_ids.c.customer_id.in_(wanted)).order_by(customer_ids.c.id)
    ):
        one = Known(connection=row.connection, entity=row.entity, id=row.source_id, target=row.target)
        same[row.customer_id].append(one)
        speak[row.customer_id] += [one] if row.speaks else []
    return [_customer(row, same[row.id], speak[row.id]) for row in rows]


def know(
    tx: Connection, known: Known, customer: int, *, by: str, why: str, now: datetime, speaks: bool = False
) -> bool:
    """Remember whose record this is; False when that is known."""
    row = {
        "connection": known.connection, "entity": known.entity, "source_id": known.id, "target": known.target,
        "customer_id": customer, "known_at": now, "known_by": by, "why": why,
        "speaks": speaks,
    }  # fmt: skip
    return bool(tx.execute(insert_or_nothing(tx, customer_ids).values(**row)).rowcount)


def must(found: Customer | None) -> Customer:
    """The customer. Raises NotFound where there is none."""
    if found is None:
        raise NotFound("the customer is gone")
    return found


def _met(tx: Connection, new: NewCustomer, stand: int) -> bool:
    """Whether somebody who shares a key was made since we looked."""
    k = customer_keys.c
    keys = sorted(key for key, _ in new.keys)[:_SHARE]
    late = select(k.customer_id).where(k.target == new.known.target, k.key.in_(keys), k.customer_id > stand)
    return tx.execute(late.limit(1)).first() is not None


def _make(tx: Connection, new: NewCustomer, now: datetime) -> Customer:
    target = new.known.target
    last = tx.execute(select(func.max(customers.c.number)).where(customers.c.target == target)).scalar() or 0
    row = {
        "target": target, "number": last + 1, "reference": new.reference, "flow": new.flow, "says": dict(new.says),
        "made_at": now,
    }  # fmt: skip
    made = int(tx.execute(customers.insert().values(**row).returning(customers.c.id)).scalar_one())
    know(tx, new.known, made, by="engine", why="the first that was billed", now=now, speaks=True)
    _index(tx, target, made, new.keys)
    data = {"target": target, "number": last + 1, "reference": new.reference, "id": new.known.id}
    append(tx, actor="engine", verb="reserve", noun="customer", noun_id=made, now=now, data=data)
    return customers_by(tx, [made])[0]


def _index(tx: Connection, target: str, customer: int, keys: Sequence[tuple[str, int]]) -> None:
    rows = [
        {"target": target, "key": key, "customer_id": customer, "weight": weight} for key, weight in dict(keys).items()
    ]
    if rows:
        tx.execute(insert_or_nothing(tx, customer_keys), rows)


def _customer(row: AnyRow, same: list[Known], speak: list[Known]) -> Customer:
    return Customer(
        id=row.id, target=row.target, number=row.number, reference=row.reference, flow=row.flow, says=row.says,
        same=tuple(same), voices=tuple(speak), merged_into=row.merged_into,
    )  # fmt: skip
