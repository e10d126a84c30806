"""Quote to cash on a real Tryton: a bad network, a closed period, warnings, what people do in the books by hand."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.stage import example
from sync.model import Case
from tests.tryton.peer import Peer, day
from tests.tryton.proxy import bad_network
from tests.tryton.selling import on_tryton, posted, reconciled, sold, states
from tests.world import World, small_world

PRICES = {
    "EUR": {"Atlas Basic": "1190.00", "Atlas Pro": "2490.00", "Beacon One": "649.90", "Cirrus Seat": "312.00"},
    "USD": {"Harbor Core": "4999.00", "Harbor Care": "1150.00"},
    "JPY": {"Kumo Edge": "398000"},
}


@pytest.fixture
async def world(erp: Peer, tmp_path: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path, workspace=on_tryton(example(), tmp_path, erp)) as made:
        yield made


def sell(world: World, count: int) -> list[str]:
    """Won deals of a dozen companies in three currencies; the same ones every time."""
    chance = random.Random(40)
    companies = [world.company(f"Company {n}", vat_id=f"DE{811000000 + n}") for n in range(12)]
    deals = []
    for number in range(count):
        currency = chance.choice(["EUR", "EUR", "EUR", "USD", "JPY"])
        lines = [
            (product, chance.randint(1, 9), price)
            for product, price in chance.sample(sorted(PRICES[currency].items()), k=chance.randint(1, len(PRICES[currency])))
        ]
        total = sum((quantity * Decimal(price) for _, quantity, price in lines), Decimal())
        told = {"deal_currency_code": currency, "amount": str(total), "closedate": f"2026-11-{number % 20 + 1:02}T10:00:00.000Z"}
        deals.append(world.deal(chance.choice(companies), lines, dealname=f"Deal {number}", **told))
    return deals


async def one_deal(world: World, **properties: str) -> str:
    deal = world.deal(world.company(), **properties)
    await world.settle(seconds=5)
    return str(deal)


async def replayed(world: World) -> None:
    """Everything that stopped goes once more."""
    for case in await world.store.exceptions():
        await world.store.replay(case.id, by="U0GUS00001", now=world.clock())
    await world.settle(seconds=5)


async def only(world: World) -> Case:
    [case] = await world.store.exceptions()
    return case


async def test_forty_deals_over_a_bad_network_are_forty_posted_invoices_and_no_orphan(erp: Peer, tmp_path: Path) -> None:
    async with bad_network(erp.url) as (proxy, address):
        proxy.every("create", 4, until=120)
        proxy.every("post", 5, until=120)
        proxy.every("search_read", 41, until=400)
        workspace = on_tryton(example(), tmp_path, erp, address)
        async with small_world(tmp_path, workspace=workspace) as world:
            deals = sell(world, 40)
            await world.settle(rounds=400, seconds=5)
            print(dict(proxy.spoilt), dict(proxy.counted), states(erp))
            assert [case.detail for case in await world.store.exceptions()] == []
            assert states(erp) == {"posted": 40}
            assert {each["reference"] for each in erp.invoices()} == {f"crm-deal-{deal}" for deal in deals}
            assert posted(erp) == sold(world)
            report = await reconciled(world, tmp_path / "reconciled")
            assert (report.counts, report.source_read, report.target_read) == ({}, 40, 40)
            assert len(proxy.spoilt) == 5


async def test_a_closed_period_is_told_with_its_field_and_goes_out_once_it_is_open(world: World, erp: Peer) -> None:
    period = erp.period("2026-11-20")
    erp.call("model.account.period.close", [period])
    await one_deal(world)
    case = await only(world)
    assert (case.reason, case.team, states(erp)) == ("period_closed", "finance", {"draft": 1})
    erp.call("model.account.period.reopen", [period])
    await replayed(world)
    assert states(erp) == {"posted": 1} and await world.store.exceptions() == []


async def test_a_warning_is_passed_by_two_people_who_read_it(world: World, erp: Peer, tmp_path: Path) -> None:
    deal = await one_deal(world, closedate="2026-11-20T10:00:00.000Z")
    assert states(erp) == {"posted": 1}, deal
    case: Any = None
    assert case is None
