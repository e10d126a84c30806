"""How the flows stand: right to the last record while these are few, and asked of indexes alone however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from store.ledger import Store
from store.standing import FlowStatus
from store.tables import deliveries, events
from store.waiting import COUNTED
from sync.steps import Deliver, Discard
from tests.ledgers import POSTGRES
from tests.store.words import HOUR, MINUTE, ROUTE, binding, bury, change, claim, hold, in_hand, press, receive, sql
from tests.world import MONDAY

STATES = ("pending", "running", "held", "dead", "delivered", "discarded")


async def fill(store: Store, many: int, state: str, flow: str = "bill", first: int = 1) -> None:
    """So many deliveries in this state, past every verb."""
    running, stands = state == "running", state in ("pending", "running", "held")
    numbers = range(first, first + many)
    came = {
        "connection": "crm",
        "entity": "deals",
        "kind": "x",
        "occurred_at": MONDAY,
        "sequence": 0,
        "received_at": MONDAY,
    }
    heard = [came | {"id": n, "record_id": f"{n}", "key": f"{n}", "trace": f"{n}"} for n in numbers]
    going = {"flow": flow, "connection": "crm", "occurred_at": MONDAY, "sequence": 0, "state": state, "due_at": MONDAY,
             "updated_at": MONDAY + HOUR, "front": stands, "leased_until": MONDAY if running else None}  # fmt: skip
    queued = [going | {"event_id": n, "subject": f"deals:{n}", "lease": f"l{n}" if running else None} for n in numbers]

    def work(tx: Connection) -> None:
        tx.execute(events.insert(), heard)
        tx.execute(deliveries.insert(), queued)

    await store.db.write(work)


async def test_every_state_of_every_flow_is_counted(store: Store) -> None:
    expected = {}
    for place, state in enumerate(STATES):
        for flow, many in (("bill", place + 1), (f"only-{state}", 2)):
            await fill(store, many, state, flow, first=1 + 100 * place + 50 * (flow != "bill"))
            expected.setdefault(flow, {})[state] = many
    found = await store.status()
    assert [one.flow for one in found] == sorted(expected)
    assert {one.flow: one.states for one in found} == expected
    going, done = ("bill", "only-pending", "only-running"), ("bill", "only-delivered")
    assert {one.flow for one in found if one.oldest == MONDAY} == set(going)
    assert {one.flow for one in found if one.last_delivered == MONDAY + HOUR} == set(done)
    assert all(one.oldest is None for one in found if one.flow not in going)
    assert all(one.last_delivered is None for one in found if one.flow not in done)


async def test_the_verbs_leave_a_flow_as_it_is_told(store: Store) -> None:
    assert await store.status() == []
    for record, step in (
        ("1", Deliver(bindings=(binding(),))),
        ("2", hold()),
        ("3", bury()),
        ("4", Discard(why="not won")),
    ):
        delivery = await in_hand(store, record)
        await store.settle(delivery, step, now=MONDAY + MINUTE, route=ROUTE)
    await receive(store, change("5"), now=MONDAY + MINUTE)
    await claim(store, now=MONDAY + MINUTE)
    await receive(store, change("6"), now=MONDAY + HOUR)
    one = dict.fromkeys(STATES, 1)
    assert await store.status() == [
        FlowStatus(flow="bill", states=one, last_delivered=MONDAY + MINUTE, oldest=MONDAY + MINUTE)
    ]
    [case, _] = await store.exceptions()
    await press(store, "replay", [case.id], now=MONDAY + HOUR)
    [status] = await store.status()
    assert (status.states["pending"], status.oldest, "held" in status.states) == (2, MONDAY, False)


async def test_what_stands_behind_a_held_record_is_counted_but_does_not_make_the_flow_late(store: Store) -> None:
    delivery = await in_hand(store, "1")
    await receive(store, change("1", at=MONDAY + MINUTE))
    await store.settle(delivery, hold(), now=MONDAY, route=ROUTE)
    [status] = await store.status()
    assert (status.states, status.oldest) == ({"held": 1, "pending": 1}, None)


@pytest.mark.parametrize("state", ["pending", "delivered"])
@pytest.mark.slow
async def test_nobody_counts_further_than_ten_thousand(store: Store, state: str) -> None:
    await fill(store, COUNTED + 5, state)
    [status] = await store.status()
    assert status.states == {state: COUNTED}


async def test_the_flows_are_told_from_indexes_whatever_lies_in_the_ledger(store: Store) -> None:
    for place, state in enumerate(STATES):
        await fill(store, 300, state, first=1 + 1000 * place)
    await sql(store, "ANALYZE")
    with asked() as statements:
        await store.status()
    assert len(statements) == 2
    for statement, values in statements:
        plan = await store.db.read(lambda tx, words=statement, given=values: _plan(tx, words, given))  # type: ignore[misc]
        assert scans(plan) == []
        assert "ix_deliveries_done" in "\n".join(plan)


@contextmanager
def asked() -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile, with its values; only what looks at deliveries."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if "FROM deliveries" in statement:
            statements.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _plan(tx: Connection, statement: str, values: Any) -> list[str]:
    if POSTGRES:
        tx.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a small table is read whole because it is small
    rows = tx.exec_driver_sql(f"EXPLAIN {'' if POSTGRES else 'QUERY PLAN '}{statement}", values)
    return [str(row[0 if POSTGRES else 3]) for row in rows]


def scans(plan: list[str]) -> list[str]:
    """The lines of a plan that go through the deliveries from one end to the other."""
    if not POSTGRES:
        return [line for line in plan if "SCAN deliveries" in line]
    whole = [line for line in plan if "Seq Scan on deliveries" in line]
    by_number = [at for at, line in enumerate(plan) if "pk_deliveries" in line]
    return whole + [plan[at] for at in by_number if "Index Cond: (id =" not in plan[at + 1]]
