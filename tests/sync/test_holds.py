"""While billing is held nothing is posted; drafts go on, and what waited goes out in order."""

from __future__ import annotations

from typing import Any

import pytest

from store.ledger import Store
from sync.errors import IllegalMove
from tests.store.words import place_hold
from tests.world import World


async def test_a_held_customer_gets_drafts_and_no_invoice_until_the_release(world: World) -> None:
    company = world.company()
    world.deal(company)
    await world.deliver()
    hold = await place_hold(world.store, company)
    world.crm.update("companies", company, {"billing_email": "new@acme.example"})
    world.deal(company)
    await world.deliver()
    assert [one["email"] for one in world.erp.customers()] == ["new@acme.example"]
    assert [one["status"] for one in world.erp.invoices()] == ["posted", "draft"]
    await world.store.release(hold, by="UDANA", note="paid", now=world.clock.now)
    await world.settle()
    assert len(world.erp.posted()) == 2


async def test_a_hold_that_is_placed_while_a_plan_runs_stops_its_post(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = world.company()
    begin_write = Store.begin_write

    async def placed_just_before(self: Store, delivery: Any, spec: Any, *given: Any, **more: Any) -> object:
        if spec.operation == "post":
            await place_hold(self, company)
        return await begin_write(self, delivery, spec, *given, **more)

    monkeypatch.setattr(Store, "begin_write", placed_just_before)
    world.deal(company)
    await world.deliver()
    assert [one["status"] for one in world.erp.invoices()] == ["draft"]
    assert [one.waiting for one in await world.store.holds()] == [1]
    assert await world.store.exceptions() == []


async def test_a_contract_or_a_flow_is_held_like_a_customer(world: World) -> None:
    company = world.company()
    held, free = world.deal(company), world.deal(company)
    await on(world, "contract", held)
    await world.settle()
    assert [one.waiting for one in await world.store.holds()] == [1]
    assert posted(world) == [free]
    await on(world, "flow", "quote_to_cash")
    world.deal(company)
    await world.deliver()
    assert len(world.erp.posted()) == 1


async def test_several_sources_hold_one_customer_and_all_have_to_let_it_go(world: World) -> None:
    company = world.company()
    by_clock, by_drift = await on(world, "customer", company, "late"), await on(world, "customer", company, "drift")
    with pytest.raises(IllegalMove, match="on hold already"):
        await on(world, "customer", company, "drift")
    world.deal(company)
    await world.deliver()
    assert await world.store.release(by_clock, by="UDANA", note="paid", now=world.clock.now) == 0
    await world.settle()
    assert world.erp.posted() == []
    assert await world.store.release(by_drift, by="UDANA", note="agreed", now=world.clock.now) == 1
    await world.settle()
    assert len(world.erp.posted()) == 1


async def test_what_was_released_goes_out_in_the_order_in_which_it_happened(world: World) -> None:
    company = world.company()
    hold = await on(world, "customer", company)
    deals = []
    for _ in range(5):
        deals.append(world.deal(company))
        world.clock.forward(seconds=1)
        await world.deliver()
    await world.store.release(hold, by="UDANA", note="paid", now=world.clock.now)
    late = world.deal(company)  # what comes meanwhile does not overtake them
    await world.settle(seconds=20)
    assert posted(world) == [*deals, late]


async def test_of_what_was_released_a_later_one_waits_while_an_earlier_one_is_tried_again(world: World) -> None:
    company = world.company()
    hold = await on(world, "customer", company)
    first = world.deal(company)
    world.clock.forward(seconds=1)
    second = world.deal(company)
    await world.settle()
    world.erp.faults.outage = True
    await world.store.release(hold, by="UDANA", note="paid", now=world.clock.now)
    await world.deliver()
    world.erp.faults.outage = False
    await world.settle(seconds=600)
    assert posted(world) == [first, second]


async def on(world: World, scope: str, key: str, source: str = "person") -> int:
    now = world.clock.now
    return await world.store.place_hold(scope, key, why="credit check", source=source, by="UDANA", now=now)


def posted(world: World) -> list[str]:
    """The deals in the order in which the ERP posted their invoices."""
    return [one["contract_reference"].rsplit("-", 1)[-1] for one in world.erp.posted()]
