"""The loop from the webhook to the settlement: nothing is lost, nothing is written twice, a bug stops one record only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Connection

from store.ledger import Store
from sync import engine as engine_module
from sync.connectors.hubspot import HubSpot
from sync.errors import LedgerUnavailable, WebhookRefused
from sync.model import Change, Record
from sync.ports import Incoming
from sync.workspace.workspace import Workspace
from tests.ledgers import on_sqlite
from tests.world import World

FLOW = "quote_to_cash"


def change(record: str, key: str, world: World) -> Change:
    return Change(entity="deals", record_id=record, key=key, kind="deal.changed", occurred_at=world.clock.now)


@asynccontextmanager
async def locked(world: World) -> AsyncIterator[None]:
    """Another program keeps the ledger's file locked, longer than anybody waits."""
    await world.store.db.write(lambda tx: tx.exec_driver_sql("PRAGMA busy_timeout = 20") and None)
    other = Store(world.parts.settings.database_url.get_secret_value())
    await other.open()
    loop, held, done = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def sit(tx: Connection) -> None:
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(done.wait(), loop).result(10)

    sitting = asyncio.create_task(other.db.write(sit))
    await held.wait()
    try:
        yield
    finally:
        done.set()
        await sitting
        await other.close()


async def until(true: Callable[[], Any], *, patience: float = 5.0) -> None:
    """Let the background work until something is so."""
    async with asyncio.timeout(patience):
        while not true():  # noqa: ASYNC110  what the background does has no event
            await asyncio.sleep(0.01)


async def replay(world: World, reason: str) -> None:
    events = await world.store.replayable(reason=reason, since=world.clock.now - timedelta(days=1))
    await world.store.replay(events, by="UOMAR", now=world.clock.now)


async def test_webhooks_that_come_repeated_and_out_of_order_bill_every_deal_once(world: World) -> None:
    world.crm.webhooks.repeat_share, world.crm.webhooks.reorder_window, world.crm.webhooks.batch_size = 0.5, 20, 7
    company = world.company()
    deals = [world.deal(company, dealstage="contractsent") for _ in range(6)]
    for deal in deals:
        world.crm.update("deals", deal, {"dealname": "renamed"})
        world.crm.update("deals", deal, {"dealstage": "closedwon"})
    await world.settle()
    assert sorted(one["contract_reference"] for one in world.erp.posted()) == sorted(deals)
    assert world.erp.duplicates() == ()
    assert len(world.erp.customers()) == 1


async def test_a_webhook_is_answered_with_what_was_new_and_what_was_known(world: World) -> None:
    world.deal(world.company(), dealstage="contractsent")
    heard = await world.crm.webhooks.flush()
    assert heard >= 2
    assert (await world.store.counts())["deliveries"] == 1


@pytest.mark.parametrize(("path", "status"), [("nobody", 404), ("erp", 404), ("crm", 401)])
async def test_a_webhook_from_nobody_we_know_is_refused(world: World, path: str, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.post(f"{world.url}/hooks/{path}", json=[]) as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
    incoming = Incoming(method="POST", url=world.url, headers={}, body=b"[]")
    with pytest.raises(WebhookRefused) as refused:
        await world.parts.engine.receive(path, incoming)
    assert refused.value.status == status
    assert (await world.store.counts())["events"] == 0


async def test_a_bug_in_the_code_buries_one_record_with_a_reference_and_the_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = world.company()
    cursed, lucky = world.deal(company), world.deal(company)
    read: Callable[[HubSpot, str, str], Awaitable[Record]] = HubSpot.read

    async def stumble(self: HubSpot, entity: str, record_id: str) -> Record:
        if record_id == cursed:
            raise RuntimeError(f"the secret of deal {record_id}")
        return await read(self, entity, record_id)

    monkeypatch.setattr(HubSpot, "read", stumble)
    await world.deliver()
    assert [one["contract_reference"] for one in world.erp.posted()] == [lucky]
    case = await world.only_case()
    assert (case.reason, case.subject) == ("crashed", f"deals:{cursed}")
    assert case.detail.startswith("reference ")
    assert len(case.detail) == len("reference ") + 8
    assert "secret" not in str(case)
    monkeypatch.undo()
    await replay(world, "crashed")
    await world.deliver()
    assert len(world.erp.posted()) == 2
    assert await world.store.exceptions() == []


async def test_a_bug_in_the_settlement_leaves_the_record_to_the_lease_and_the_loop_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("no route")

    monkeypatch.setattr(Workspace, "route", broken)
    company = world.company()
    world.deal(company, billing_code="")
    stop = asyncio.Event()
    running = asyncio.create_task(world.parts.engine.run(stop, idle_seconds=0.02))
    await world.crm.webhooks.flush()
    clean = world.deal(company)
    await world.crm.webhooks.flush()
    await until(world.erp.posted)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert [one["contract_reference"] for one in world.erp.posted()] == [clean]
    [flow] = await world.store.status()
    assert flow.states["running"] == 1
    monkeypatch.undo()
    world.clock.forward(minutes=2)
    await world.deliver()
    assert (await world.only_case()).reason == "missing_billing_code"


async def test_the_loop_bills_what_comes_in_and_finishes_what_is_under_way_when_told_to_stop(world: World) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(world.parts.engine.run(stop, idle_seconds=0.05))
    company = world.company()
    for _ in range(12):
        world.deal(company)
    await world.crm.webhooks.flush()
    await until(world.erp.posted)
    stop.set()
    await asyncio.wait_for(running, 5)
    [flow] = await world.store.status()
    assert "running" not in flow.states
    assert flow.states["delivered"] == len(world.erp.posted())
    await world.settle()
    assert len(world.erp.posted()) == 12


async def test_a_record_of_a_flow_that_is_not_in_the_workspace_waits_and_costs_no_try(world: World) -> None:
    now = world.clock.now
    await world.store.receive("crm", [change("1", "a", world)], {"deals": ["yesterday"]}, now=now)
    await world.parts.engine.drain()
    [waiting] = await world.store.claim(limit=1, lease_seconds=60, max_losses=3, now=now)
    assert (waiting.number, waiting.retries) == (1, 0)


async def lose_workers(world: World) -> None:
    """As many as the engine puts up with."""
    most = world.parts.workspace.engine.max_losses
    for _ in range(most):
        claimed = await world.store.claim(limit=1, lease_seconds=60, max_losses=most, now=world.clock.now)
        assert len(claimed) == 1
        world.clock.forward(minutes=2)


async def test_a_record_that_stops_its_worker_again_and_again_is_buried_and_replayable(world: World) -> None:
    world.deal(world.company())
    await world.crm.webhooks.flush()
    await lose_workers(world)
    await world.parts.engine.drain()
    case = await world.only_case()
    assert (case.reason, case.team) == ("poison", "revops")
    assert f"{world.parts.workspace.engine.max_losses} times" in case.detail
    assert world.erp.posted() == []
    await replay(world, "poison")
    await world.deliver()
    assert len(world.erp.posted()) == 1


async def test_poison_of_an_unknown_flow_is_put_back(world: World) -> None:
    now = world.clock.now
    await world.store.receive("crm", [change("1", "a", world)], {"deals": ["yesterday"]}, now=now)
    await lose_workers(world)
    assert await world.parts.engine.bury_poison() == 1
    assert await world.store.exceptions() == []
    [flow] = await world.store.status()
    assert flow.states == {"pending": 1}


async def test_a_poll_reads_every_page_and_moves_the_cursor_with_each(world: World) -> None:
    world.crm.webhooks.subscriptions = set()
    flow, engine = world.parts.workspace.flows[FLOW], world.parts.engine
    assert (await engine.poll(flow)).received == 0
    for number in range(230):
        world.crm.create("deals", {"dealname": f"Deal {number}", "dealstage": "contractsent"})
    world.clock.forward(minutes=5)
    got = await engine.poll(flow)
    assert got.received == 230
    cursor = await world.store.cursor("crm", "deals")
    assert cursor is not None
    world.clock.forward(minutes=5)
    again = await engine.poll(flow)
    assert again.received == 0
    assert (await world.store.counts())["events"] == 230


async def test_a_deal_that_is_told_and_polled_is_billed_once(world: World) -> None:
    flow, engine = world.parts.workspace.flows[FLOW], world.parts.engine
    await engine.poll(flow)
    world.deal(world.company())
    await world.crm.webhooks.flush()
    world.clock.forward(minutes=5)
    await engine.poll(flow)
    await world.deliver()
    assert len(world.erp.posted()) == 1


@on_sqlite
async def test_a_webhook_is_not_taken_in_while_the_ledger_does_not_answer(world: World) -> None:
    world.crm.webhooks.max_attempts = 1
    world.deal(world.company())
    async with locked(world):
        assert await world.crm.webhooks.flush() == 0
    assert (await world.store.counts())["events"] == 0
    assert len(world.crm.webhooks.undelivered) > 0


@on_sqlite
async def test_a_ledger_that_goes_away_in_the_middle_of_a_record_costs_nothing_but_time(world: World) -> None:
    world.deal(world.company())
    await world.crm.webhooks.flush()
    [delivery] = await world.store.claim(limit=1, lease_seconds=60, max_losses=3, now=world.clock.now)
    async with locked(world):
        await world.parts.engine.deliver(delivery)
    [flow] = await world.store.status()
    assert flow.states == {"running": 1}
    assert await world.store.exceptions() == []
    world.clock.forward(minutes=2)
    await world.deliver()
    assert len(world.erp.posted()) == 1
    assert await world.store.exceptions() == []


@on_sqlite
async def test_a_ledger_that_cannot_take_a_write_for_a_moment_is_no_bug_of_the_record(world: World) -> None:
    world.deal(world.company())
    await world.store.db.write(lambda tx: tx.exec_driver_sql("ALTER TABLE writes RENAME TO away") and None)
    await world.deliver()
    assert await world.store.exceptions() == []
    await world.store.db.write(lambda tx: tx.exec_driver_sql("ALTER TABLE away RENAME TO writes") and None)
    world.clock.forward(minutes=2)
    await world.deliver()
    assert len(world.erp.posted()) == 1


@on_sqlite
async def test_the_loop_outlives_a_ledger_that_does_not_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_LEDGER_PAUSE", 0.01)
    stop = asyncio.Event()
    async with locked(world):
        with pytest.raises(LedgerUnavailable):
            await world.parts.engine.drain()
        running = asyncio.create_task(world.parts.engine.run(stop, idle_seconds=0.02))
        await asyncio.sleep(0.1)
    world.deal(world.company())
    await world.crm.webhooks.flush()
    await until(world.erp.posted)
    stop.set()
    await asyncio.wait_for(running, 5)


async def test_a_worker_that_was_frozen_past_its_lease_changes_nothing(world: World) -> None:
    world.deal(world.company())
    await world.crm.webhooks.flush()
    [frozen] = await world.store.claim(limit=1, lease_seconds=60, max_losses=3, now=world.clock.now)
    world.clock.forward(minutes=2)
    [owner] = await world.store.claim(limit=1, lease_seconds=60, max_losses=3, now=world.clock.now)
    await world.parts.engine.deliver(frozen)
    assert world.erp.invoices() == []
    await world.parts.engine.deliver(owner)
    assert len(world.erp.posted()) == 1


async def test_two_workers_with_one_deal_in_hand_write_one_invoice(world: World) -> None:
    world.deal(world.company())
    await world.crm.webhooks.flush()
    [delivery] = await world.store.claim(limit=1, lease_seconds=60, max_losses=3, now=world.clock.now)
    engine = world.parts.engine
    await asyncio.gather(engine.deliver(delivery), engine.deliver(delivery))
    await world.settle(minutes=2)
    assert len(world.erp.posted()) == len(world.erp.invoices()) == 1


async def test_a_limit_stops_the_drain(world: World) -> None:
    company = world.company()
    for _ in range(12):
        world.deal(company)
    await world.crm.webhooks.flush()
    assert await world.parts.engine.drain(limit=1) == 8
    assert await world.parts.engine.drain() == 4
