"""Short words for stories about a ledger: what arrives, what is decided, who answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from store.cases import Press
from store.ledger import Store
from store.write_ends import end
from sync.model import BillingHold, Binding, Case, Change, Delivery, Received, Violation, WriteEnd, WriteSpec
from sync.money import Money
from sync.steps import Bury, Hold, Opening, Route
from tests.ledgers import POSTGRES
from tests.world import MONDAY

FLOW = "bill"
FLOWS = {"deals": [FLOW]}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def change(record: str = "1", key: str = "", at: datetime = MONDAY, sequence: int = 0, **more: Any) -> Change:
    key = key or f"{record}@{at.isoformat()}#{sequence}"
    given = {"entity": "deals", "kind": "deal.changed"} | more
    return Change(record_id=record, key=key, occurred_at=at, sequence=sequence, **given)


def opening(reason: str = "missing_billing_code", cause: str = "", **more: Any) -> Opening:
    wrong = Violation(reason=reason, path="billing_code", label="Billing code", found="", expected="a code")
    given = {"violations": (wrong,), "detail": "no billing code", "title": "Workstations", "customer": "77"} | more
    return Opening(reason=reason, cause=cause or "deals:1", **given)


def hold(reason: str = "missing_billing_code", cause: str = "", **more: Any) -> Hold:
    return Hold(opening=opening(reason, cause, **more))


def bury(reason: str = "erp_rejected", cause: str = "", **more: Any) -> Bury:
    return Bury(opening=opening(reason, cause, **more))


EUROS = Money(currency="EUR", minor=498_000)
ROUTE = Route(
    team="sales-ops", channel="C1", owner="UDANA", backup="UBEN", severity="B", respond_by=MONDAY + 4 * HOUR,
    resolve_by=MONDAY + 24 * HOUR, four_eyes=False, holds_billing=True,
)  # fmt: skip
CLASS_A = replace(ROUTE, severity="A", four_eyes=True, team="finance", channel="C2")


async def end_write(store: Store, delivery: Delivery, write_id: int, verb: str, *, now: datetime, **more: Any) -> None:
    """Record how a call ended, and nothing else."""
    one = WriteEnd(write_id=write_id, verb=verb, at=now, **more)
    await store.db.write(lambda tx: end(tx, [(delivery, one)]))


def spec(key: str = "crm-deal-1", operation: str = "create", connection: str = "erp") -> WriteSpec:
    return WriteSpec(name="invoice", connection=connection, entity="invoice", operation=operation, key=key)


def binding(target: str = "I-1", reference: str = "crm-deal-1", source: str = "1") -> Binding:
    return Binding(
        source_connection="crm", source_entity="deals", source_id=source, target_connection="erp",
        target_entity="invoice", target_id=target, reference=reference,
    )  # fmt: skip


async def receive(store: Store, *changes: Change, now: datetime = MONDAY, **more: Any) -> Received:
    return await store.receive("crm", changes or (change(),), more.pop("flows", FLOWS), now=now, **more)


async def claim(store: Store, *, now: datetime = MONDAY, limit: int = 10, **more: Any) -> list[Delivery]:
    return await store.claim(limit=limit, now=now, **({"lease_seconds": 60.0, "max_losses": 3} | more))


async def in_hand(store: Store, record: str = "1", *, now: datetime = MONDAY) -> Delivery:
    """A fresh deal's delivery, leased to us."""
    await receive(store, change(record, at=now), now=now)
    [delivery] = await claim(store, now=now)
    return delivery


async def stopped(
    store: Store, *records: str, step: Hold | Bury | None = None, route: Route = ROUTE, now: datetime = MONDAY
) -> list[Case]:
    """Deals that wait for a person, each with its case, as one cause when `step` names one."""
    for record in records or ("1",):
        delivery = await in_hand(store, record, now=now)
        await store.settle(delivery, step or hold(cause=delivery.subject), now=now, route=route)
    return await store.exceptions()


async def press(store: Store, verb: str, cases: Sequence[int], by: str = "UDANA", **more: Any) -> int:
    now = more.pop("now", MONDAY + MINUTE)
    asked = Press(verb=verb, cases=cases, by=by, words=more.pop("words", f"@{{{by}}} {verb}"), **more)
    return await store.act(asked, now=now)


async def state(store: Store, delivery_id: int) -> str:
    """Where a delivery stands."""
    [row] = await rows(store, "SELECT state FROM deliveries WHERE id = :id", id=delivery_id)
    return str(row.state)


async def rows(store: Store, sql: str, **values: Any) -> Sequence[Any]:
    """What the database itself says."""
    return await store.db.read(lambda tx: tx.execute(text(sql), values).all())


async def sql(store: Store, statement: str, **values: Any) -> None:
    """A hand in the database, past every verb."""
    await store.db.write(lambda tx: tx.execute(text(statement), values) and None)


async def unguard(store: Store) -> None:
    """Somebody with the database in hand takes the journal's guard away."""
    for trigger in ("append_only ON journal",) if POSTGRES else ("no_update", "no_delete"):
        await sql(store, f"DROP TRIGGER journal_{trigger}")


async def begin(store: Store, delivery: Delivery, *, now: datetime = MONDAY, print_: str = "same", **more: Any) -> Any:
    """Ask to write; five seconds of quarantine, a minute of lease."""
    return await store.begin_write(
        delivery, more.get("spec", spec()), print_, quarantine_seconds=5, lease_seconds=60, now=now
    )


async def place_hold(store: Store, customer: str = "77", case_id: int | None = None) -> int:
    """A billing hold as the clock places it."""
    return await store.place_hold(
        "customer", customer, why="late", source="late", by="clock", now=MONDAY, case_id=case_id
    )


async def hold_on(store: Store, customer: str) -> BillingHold | None:
    """The first hold that is on for this customer."""
    return next((one for one in await store.holds() if (one.scope, one.key) == ("customer", customer)), None)
