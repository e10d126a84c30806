"""A dry run goes all the way and touches nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.dry_run import DryRun, dry_run
from sync.errors import NotFound
from tests.world import World


async def run(world: World, *events: int) -> DryRun:
    parts = world.parts
    return await dry_run(world.store, parts.workspace, parts.connections, events, clock=world.clock)


async def billable(world: World) -> list[int]:
    """The events that a flow works on."""
    return list(await world.store.latest_events())


async def everything(world: World) -> list[Any]:
    counts = await world.store.counts()
    return [counts, await world.store.verify_journal(), world.erp.invoices(), world.crm.deals()]


async def test_a_deal_that_waits_for_a_code_shows_what_will_be_written_once_it_is_filled_in(world: World) -> None:
    deal = world.deal(world.company(), billing_code="")
    await world.work()
    [stopped] = (await run(world, *await billable(world))).events
    assert (stopped.state, stopped.detail) == ("held", "missing_billing_code: Billing code: a value")
    world.crm.update("deals", deal, {"billing_code": "BC-1"})
    before = copy.deepcopy(await everything(world))
    found = await run(world, *await billable(world))
    assert [(one.event_id, one.state) for one in found.events] == [(found.events[0].event_id, "delivered")]
    assert [(one.connection, one.operation, one.entity) for one in found.writes] == [
        ("erp", "create", "customer"), ("erp", "create", "invoice"), ("erp", "post", "invoice"), ("crm", "update", "deals"),
    ]  # fmt: skip
    assert found.writes[1].body["billing_code"] == "BC-1" and found.writes[1].body["customer_id"] == "new customer 1"
    assert found.writes[3].body["invoice_number"] == "(number)", "only the ERP will know it"
    assert await everything(world) == before, "nothing was written anywhere"


async def test_what_is_billed_already_would_be_written_by_nobody_again(world: World) -> None:
    world.deal(world.company())
    await world.work()
    found = await run(world, *await billable(world))
    assert [one.state for one in found.events] == ["delivered"] and found.writes == ()


async def test_a_customer_that_the_erp_knows_is_not_created_and_a_decision_counts(world: World) -> None:
    company = world.company()
    world.deal(company)
    await world.work()
    world.deal(company, billing_code="")
    await world.work()
    case = await world.only_case()
    channel, ts = await world.card(case.cause_id)
    assert (await world.slack.click("U0DANA0001", channel, ts, "resolve")).ok
    assert (await world.slack.submit("U0DANA0001", {"q0": "BC-9"})).ok
    found = await run(world, (await billable(world))[-1])
    assert [(one.operation, one.entity) for one in found.writes][:2] == [("create", "invoice"), ("post", "invoice")]
    assert found.writes[0].body["billing_code"] == "BC-9"


async def test_an_event_that_is_not_there_is_said(world: World) -> None:
    with pytest.raises(NotFound, match="no event 7, 8"):
        await run(world, 7, 8)
