"""A service that is told to stop finishes what it can and is gone; what it could not finish comes back, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.app import wire
from bot.sandbox.stage import example
from bot.sandbox.world import free_port
from bot.service import Service
from bot.settings import read_settings
from sync import connectors
from sync.workspace.loader import load
from tests.bot.test_intake import until
from tests.ledgers import POSTGRES
from tests.store.words import rows
from tests.world import World


class Seconds:
    """A clock that only goes forward, by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def stuck(stop: asyncio.Event) -> None:
    """A loop that waits for something that never comes."""
    await asyncio.Event().wait()


async def rounds(stop: asyncio.Event) -> None:
    """A loop that asks whether it should stop."""
    while not stop.is_set():  # noqa: ASYNC110 - the loop itself is what the story is about
        await asyncio.sleep(0)


@pytest.fixture
async def second(world: World) -> AsyncIterator[Callable[..., Any]]:
    """Another process of the same company on the same ledger, with a clock of its own for its loops."""
    made: list[Service] = []

    async def build(role: str = "all", **options: Any) -> Service:
        url = world.parts.settings.database_url.get_secret_value()
        environ = world.sandbox.environ(workspace=example(), database_url=url, port=free_port())
        kinds = connectors.kinds()
        parts = await wire(read_settings(environ), load(example(), kinds), environ, clock=world.clock)
        made.append(Service(parts, role=role, **options))
        made[-1].again_seconds = 0.0
        return made[-1]

    yield build
    for one in made:
        if not one.stopping.is_set():
            await one.stop()


async def test_a_process_beats_while_it_runs_and_leaves_when_it_stops(world: World, second: Any) -> None:
    service = await second(role="worker", beat_seconds=3600)
    await service.start()
    await until(world.store.workers)
    [row] = await world.store.workers()
    assert (row.name, row.role, row.beat_at) == (service.name, "worker", world.clock())
    await service.stop()
    assert await world.store.workers() == []


@pytest.mark.skipif(not POSTGRES, reason="processes that share a file look for themselves")
async def test_what_one_process_receives_wakes_the_others(world: World, second: Any) -> None:
    service = await second(role="worker")
    await service.start()
    service.parts.poster._wake.clear()
    world.deal(world.company())
    await world.crm.webhooks.flush()
    await until(service.parts.poster._wake.is_set)


async def test_the_name_of_a_process_is_its_own_and_says_nothing(second: Any) -> None:
    one, two = await second(), await second()
    assert one.name != two.name and set(one.name) <= set("0123456789abcdef")


async def test_an_engine_that_goes_round_no_more_does_not_beat_and_is_started_again(world: World, second: Any) -> None:
    seconds = Seconds()
    service = await second(role="worker", seconds=seconds)
    runs: list[asyncio.Event] = []

    async def loop(stop: asyncio.Event) -> None:
        runs.append(stop)
        await (stuck if len(runs) == 1 else rounds)(stop)

    service.keep("engine", loop)
    await until(lambda: runs)
    await service.beat()
    assert len(await world.store.workers()) == 1
    seconds.now += 61
    world.clock.forward(seconds=61)
    await service.beat()
    [row] = await world.store.workers()
    assert row.beat_at < world.clock(), "the watcher of another process has to see it"
    seconds.now += 120
    await service.beat()
    await until(lambda: len(runs) == 2)
    await service.beat()
    [row] = await world.store.workers()
    assert row.beat_at == world.clock()


async def test_a_loop_that_goes_round_is_left_alone(second: Any) -> None:
    seconds = Seconds()
    service = await second(role="worker", seconds=seconds)
    runs: list[asyncio.Event] = []

    async def loop(stop: asyncio.Event) -> None:
        runs.append(stop)
        await rounds(stop)

    service.keep("engine", loop)
    await until(lambda: runs)
    for _ in range(5):
        seconds.now += 100
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await service.beat()
    assert len(runs) == 1


async def test_what_does_not_end_in_time_is_given_up(second: Any) -> None:
    service = await second(role="worker")
    service.drain_seconds = 0.01
    put_back = asyncio.Event()

    async def loop(stop: asyncio.Event) -> None:
        try:
            await stuck(stop)
        finally:
            for _ in range(50):
                await asyncio.sleep(0)
            await service.parts.store.ping()
            put_back.set()

    service.keep("engine", loop)
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await service.stop()
    assert put_back.is_set(), "what is given up is waited for while it puts back what it holds"


async def test_a_record_that_was_under_way_at_the_end_is_written_once_by_the_next(world: World, second: Any) -> None:
    """The ERP takes its time, and the process has to be gone before it answers."""
    service = await second(role="worker")
    service.drain_seconds = 0.05
    world.deal(world.company())
    await world.crm.webhooks.flush()
    world.erp.faults.slow = 0.5
    await service.start()
    await until(lambda: rows(world.store, "SELECT 1 FROM writes"))
    async with asyncio.timeout(10):
        await service.stop()
    world.erp.faults.slow = 0.0
    await world.settle(minutes=1)
    await world.work()
    assert len(world.erp.posted()) == len(world.erp.invoices()) == 1
    assert (await world.store.verify_journal())[1] is None
