"""While billing of a customer is held nothing is written for it, whichever of the two checks sees the hold first."""

from __future__ import annotations

import pytest

from store.ledger import Store
from tests.store.words import place_hold
from tests.world import World


async def test_a_held_customer_is_not_even_changed_until_the_release(world: World) -> None:
    company = world.company()
    world.deal(company)
    await world.deliver()
    hold = await place_hold(world.store, company)
    world.crm.update("companies", company, {"billing_email": "new@acme.example"})
    world.deal(company)
    await world.deliver()
    assert [one["email"] for one in world.erp.customers()] == ["ap@acme.example"]
    assert len(world.erp.posted()) == 1
    await world.store.release(hold, by="UDANA", note="paid", now=world.clock.now)
    await world.settle()
    assert [one["email"] for one in world.erp.customers()] == ["new@acme.example"]
    assert len(world.erp.posted()) == 2


async def test_a_hold_that_is_placed_after_the_first_look_stops_the_next_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = world.company()
    hold_on = Store.hold_on

    async def placed_just_then(self: Store, customer: str) -> object:
        found = await hold_on(self, customer)
        if found is None:
            await place_hold(self, customer)
        return found

    monkeypatch.setattr(Store, "hold_on", placed_just_then)
    world.deal(company)
    await world.deliver()
    assert (world.erp.customers(), world.erp.invoices()) == ([], [])
    assert [one.waiting for one in await world.store.holds()] == [1]
    assert await world.store.exceptions() == []
