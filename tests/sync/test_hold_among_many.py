"""A billing hold in the middle of many deals: nothing of the held customer is posted afterwards, everything else flows, and the
release drains in order. The ERP's own log and the journal's order are the witnesses."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

from store.ledger import Store
from tests.store.words import rows
from tests.world import World

_INTENDED = (
    "SELECT count(*) AS many FROM journal j JOIN deliveries d ON CAST(d.id AS varchar) = j.noun_id "
    "WHERE j.noun = 'delivery' AND j.verb = 'write_send' AND j.seq > :since AND d.subject IN ({}) "
    "AND CAST(j.data AS varchar) LIKE '%post%'"
)


@dataclass(frozen=True, kw_only=True)
class Middle:
    """Where everything stood when the hold was on."""

    posted: int
    seconds: float
    seq: int
    hold: int
    erp: int
    flowing: asyncio.Task[None]


@pytest.mark.parametrize(("deals", "customers"), [(60, 6), pytest.param(1000, 40, marks=pytest.mark.slow)])
async def test_a_hold_among_many_stops_one_customer_and_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch, deals: int, customers: int
) -> None:
    sold = sell(world, deals, customers)
    held, *others = sold
    middle = await place_in_the_middle(world, held, deals, monkeypatch)
    began = time.perf_counter()
    await middle.flowing
    await world.settle()
    seconds = time.perf_counter() - began
    assert await intended(world, sold[held], middle.seq) == 0
    before, late = posted(world, sold[held]), landed_after(world, middle.erp, sold[held])
    assert late <= on_the_way(before)  # at most what was on the wire when the hold came
    assert len(posted(world, [deal for one in others for deal in sold[one]])) == sum(len(sold[one]) for one in others)
    waiting = len(sold[held]) - len(before)
    assert [one.waiting for one in await world.store.holds()] == [waiting] and waiting > 0
    await world.store.release(middle.hold, by="UDANA", note="agreed", now=world.clock.now)
    await world.settle(rounds=20 * waiting)
    after = posted(world, sold[held])
    assert len(after) == len(sold[held]) and after[len(before) :] == sorted(after[len(before) :])
    assert world.erp.duplicates() == () and await world.store.exceptions() == []
    rest = len(world.erp.posted()) - waiting - middle.posted
    print(f"\n{deals} deals of {customers} customers: {middle.posted} posted in {middle.seconds:.1f} s before the hold, "
          f"{rest} in {seconds:.1f} s after it; {late} of the held customer was on the wire when the hold came, "
          f"0 begun afterwards; {waiting} waited and went out in order")  # fmt: skip


def sell(world: World, deals: int, customers: int) -> dict[str, list[str]]:
    """So many won deals, one customer after the other in turn."""
    made = [
        world.company(f"Customer {n}", vat_id=f"DE{n + 1:09}", domain=f"c{n}.example", billing_email=f"ap@c{n}.example")
        for n in range(customers)
    ]
    sold: dict[str, list[str]] = {one: [] for one in made}
    for n in range(deals):
        sold[made[n % customers]].append(world.deal(made[n % customers]))
    return sold


async def place_in_the_middle(world: World, customer: str, deals: int, monkeypatch: pytest.MonkeyPatch) -> Middle:
    """Let it flow until a good third is posted, and hold the customer while the rest is under way."""
    enough, settle = asyncio.Event(), Store.settle

    async def counted(self: Store, *given: Any, **more: Any) -> None:
        await settle(self, *given, **more)
        if len(world.erp.posted()) >= deals // 3:
            enough.set()

    monkeypatch.setattr(Store, "settle", counted)
    began = time.perf_counter()
    flowing = asyncio.create_task(world.deliver())
    await asyncio.wait_for(enough.wait(), timeout=60)
    hold = await world.store.place_hold(
        "customer", customer, why="credit check", source="person", by="UDANA", now=world.clock.now
    )
    count, seconds = len(world.erp.posted()), time.perf_counter() - began
    [placed] = [entry for entry in await world.store.entries(noun="hold") if entry.verb == "place"]
    middle = Middle(posted=count, seconds=seconds, seq=placed.seq, hold=hold, erp=len(world.erp.request_log),
                    flowing=flowing)  # fmt: skip
    return middle


async def intended(world: World, deals: list[str], since: int) -> int:
    """How many postings of these deals were begun after that line of the journal."""
    names = ", ".join(f"'deals:{deal}'" for deal in deals)
    [row] = await rows(world.store, _INTENDED.format(names), since=since)
    return int(row.many)


def posted(world: World, deals: list[str]) -> list[int]:
    """Of these deals those that are posted, in the order in which the ERP posted them."""
    wanted = {deal: int(deal) for deal in deals}
    return [wanted[one["contract_reference"]] for one in world.erp.posted() if one["contract_reference"] in wanted]


def landed_after(world: World, since: int, deals: list[str]) -> int:
    """Of these deals the postings that the ERP answered after that line of its log."""
    wanted = {one["id"] for one in world.erp.invoices() if one["contract_reference"] in deals}
    return sum(
        entry.committed and entry.path.endswith("/post") and entry.path.split("/")[-2] in wanted
        for entry in world.erp.request_log[since:]
    )


def on_the_way(before: list[int]) -> int:
    """One process carries out so many deliveries of one customer at once at most: each writes the customer first."""
    return min(len(before), 4)
