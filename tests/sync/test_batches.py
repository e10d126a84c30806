"""Batch mode from the load to the ledger: many records in one call, each of them written once whatever the answer leaves open."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from batch_plant import FLOW, Plant, plant, until
from connector_fakes import TOKEN, Front, served

from sync.connectors import build
from sync.errors import AnswerLost, Rejected, Unavailable

ALWAYS = "{mode: always, size: 100, window: 20ms}"
AUTO = "{mode: auto, above: 50/s, below: 20/s, latency: 30s, size: 100, window: 20ms}"


async def look(world: Plant) -> str:
    """Ten seconds later the load is looked at; the mode after that."""
    world.clock.forward(seconds=10)
    await world.engine.drain()
    return await world.mode()


async def test_a_thousand_orders_at_once_are_ten_calls_and_each_is_written_once(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(1000)
        await world.engine.drain()
        assert world.books.calls == [("many", 100)] * 10
        assert sorted(world.books.references) == orders
        assert await world.states() == {"delivered": 1000}
        assert [one["acknowledged"] for one in await world.told("connection", "batch")] == [100] * 10


async def test_a_bulk_call_that_is_lost_is_one_request_and_no_outage(tmp_path: Path) -> None:
    async with plant(tmp_path, "{mode: always, size: 12, window: 20ms}") as world:
        lost = [AnswerLost("cut")]
        world.books.fail = lambda: lost and _raise(lost.pop())
        await world.order(12)
        await world.engine.drain()
        assert world.books.calls[:1] == [("many", 12)]
        assert await world.store.breakers() == []


def _raise(error: Exception) -> None:
    raise error


async def test_a_service_that_runs_sends_the_rest_when_its_window_is_over(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders, stop = await world.order(230), asyncio.Event()
        running = asyncio.create_task(world.engine.run(stop, idle_seconds=0.01))
        await until(lambda: len(world.books.kept) == 230)
        stop.set()
        await running
        assert sorted(world.books.references) == orders
        assert max(world.books.many()) == 100 and len(world.books.many()) <= 4
        assert await world.states() == {"delivered": 230}


@pytest.mark.slow
async def test_a_flood_leads_into_batches_and_a_trickle_out_again(tmp_path: Path) -> None:
    async with plant(tmp_path, AUTO) as world:
        await world.order(1)
        await world.engine.drain()
        assert (world.books.calls, await world.mode()) == ([("one", 1)], "event")
        await world.order(1000)
        assert await look(world) == "batch"
        assert world.books.calls == [("one", 1)] + [("many", 100)] * 10
        await world.order(300)
        assert await look(world) == "batch"
        await world.order(100)
        assert await look(world) == "event"
        world.books.calls.clear()
        await world.order(300)
        assert await look(world) == "event"
        assert world.books.calls == [("one", 1)] * 300
        switches = await world.told("flow", "switch")
        assert switches == [
            {"mode": "batch", "why": "100/s arrive"},
            {"mode": "event", "why": "10/s arrive and none waits long"},
        ]
        assert len(set(world.books.references)) == len(world.books.references) == world.sent


async def test_work_that_waits_too_long_leads_into_batches_too(tmp_path: Path) -> None:
    async with plant(tmp_path, AUTO) as world:
        await world.engine.drain()
        orders = await world.order(40)
        world.clock.forward(seconds=31)
        await world.engine.drain()
        assert world.books.calls == [("many", 40)]
        assert await world.told("flow", "switch") == [{"mode": "batch", "why": "the oldest waits 31s"}]
        assert sorted(world.books.references) == orders


async def test_another_engine_hears_of_the_mode(tmp_path: Path) -> None:
    async with plant(tmp_path, AUTO) as world:
        await world.engine.drain()
        await world.store.switch(FLOW, "batch", why="83/s arrive", now=world.clock.now)
        await world.order(3)
        await world.another_engine().drain()
        assert world.books.calls == [("many", 3)]


async def test_a_flow_that_no_longer_asks_for_batches_leaves_them(tmp_path: Path) -> None:
    async with plant(tmp_path, "{mode: never}") as world:
        await world.store.switch(FLOW, "batch", why="it did yesterday", now=world.clock.now)
        await world.order(3)
        await world.engine.drain()
        assert world.books.calls == [("one", 1)] * 3
        assert await world.mode() == "event"


async def test_three_of_a_hundred_that_the_answer_leaves_out_are_read_back_and_not_doubled(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(100)
        world.books.forgets = Counter(orders[10:13])
        await world.engine.drain()
        assert await world.states() == {"delivered": 97, "pending": 3}
        counts = {"entity": "order", "sent": 100, "acknowledged": 97, "refused": 0, "missing": 3}
        assert await world.told("connection", "batch") == [counts]
        await world.settle()
        assert sorted(world.books.references) == orders
        assert world.books.calls == [("many", 100)] + [("find", 1)] * 3
        assert await world.states() == {"delivered": 100}
        assert await world.cases() == []


async def test_what_was_left_out_rests_as_long_as_its_call_may_have_waited_and_the_target_may_take(
    tmp_path: Path,
) -> None:
    async with plant(tmp_path, "{mode: always, size: 2, window: 15s}") as world:
        orders = await world.order(2)
        world.books.forgets = Counter(orders)
        await world.engine.drain()
        world.clock.forward(seconds=24)
        await world.engine.drain()
        assert world.books.calls == [("many", 2)]
        world.clock.forward(seconds=1)
        await world.engine.drain()
        assert world.books.calls == [("many", 2), ("find", 1), ("find", 1)]


async def test_what_was_neither_written_nor_answered_is_sent_again_with_others(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(100)
        world.books.forgets, world.books.drops = Counter(orders[:3]), set(orders[:3])
        await world.settle()
        assert sorted(world.books.references) == orders
        assert world.books.many() == [100, 3]
        assert await world.cases() == []


async def test_what_is_left_out_twice_is_one_cause_for_all_of_it_and_a_replay_mends_it(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(100)
        world.books.forgets, world.books.drops = Counter(dict.fromkeys(orders[:3], 2)), set(orders[:3])
        await world.settle()
        [cause] = await world.causes()
        assert (cause.reason, cause.value, cause.unresolved) == ("batch_partial", "erp/order", 3)
        assert {case.detail for case in await world.cases()} == {
            f"batch_partial: erp answered for 0 of 3 order records and left out {each}".removeprefix("batch_partial: ")
            for each in orders[:3]
        }
        assert world.books.many() == [100, 3]
        later = await world.order(1, customer="customer-0000001")
        await world.settle()
        assert later[0] not in world.books.references  # its customer's earlier order is of unknown fate
        await replay(world)
        await world.settle()
        assert sorted(world.books.references) == [*orders, *later]
        assert await world.cases() == []


async def replay(world: Plant) -> None:
    events = await world.store.replayable(reason="batch_partial", since=world.clock.now - timedelta(days=1))
    await world.store.replay(events, by="UOMAR", now=world.clock.now)


async def test_a_target_that_answers_for_nobody_is_not_taken_for_one_that_is_down(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(200)
        world.books.forgets = Counter(orders)
        await world.settle()
        assert await world.store.breakers() == []
        assert sorted(world.books.references) == orders
        assert await world.cases() == []


async def test_a_call_whose_answer_is_lost_is_read_back_for_each_record_and_not_repeated(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(5)

        async def cut() -> None:
            world.books.after = None
            raise AnswerLost("the connection was cut")

        world.books.after = cut
        await world.settle()
        assert world.books.calls == [("many", 5)] + [("find", 1)] * 5
        assert sorted(world.books.references) == orders
        assert await world.cases() == []


async def test_a_call_that_was_never_taken_is_made_again(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(5)

        def away() -> None:
            world.books.fail = lambda: None
            raise Unavailable("503")

        world.books.fail = away
        await world.settle()
        assert world.books.calls == [("many", 5)] * 2
        assert sorted(world.books.references) == orders


async def test_one_record_that_is_refused_stops_no_other_of_its_batch(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(100)
        world.books.refuses = {orders[7]}
        await world.settle()
        [case] = await world.cases()
        assert (case.reason, case.title) == ("erp_rejected", orders[7])
        assert "the account is closed (closed)" in case.detail
        assert await world.states() == {"delivered": 99, "dead": 1}


async def test_a_batch_that_is_refused_as_a_whole_for_one_record_stops_only_that_one(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = await world.order(10)
        world.books.refuses = {orders[7]}

        def no() -> None:
            raise Rejected("a record of this batch is wrong")

        world.books.fail = no
        await world.settle()
        assert sorted(world.books.references) == [each for each in orders if each != orders[7]]
        [case] = await world.cases()
        assert "the account is closed" in case.detail


async def test_a_worker_that_dies_after_the_call_leaves_everything_to_be_read_back(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders, written, never = await world.order(100), asyncio.Event(), asyncio.Event()

        async def hang() -> None:
            written.set()
            await never.wait()

        async def dead(*_: object) -> None:
            """Who is dead gives nothing back."""

        world.books.after = hang
        world.engine._give_back = dead  # type: ignore[method-assign]
        dying = asyncio.create_task(world.engine.drain())
        await written.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        world.books.after = None
        never.set()
        assert await world.states() == {"running": 100}
        survivor = world.another_engine()
        assert await survivor.drain() == 0
        world.clock.forward(seconds=61)
        await survivor.drain()
        assert world.books.calls == [("many", 100)] + [("find", 1)] * 100
        assert sorted(world.books.references) == orders
        assert await world.states() == {"delivered": 100}


async def test_a_worker_that_freezes_while_its_records_wait_sends_nothing_when_it_thaws(tmp_path: Path) -> None:
    async with plant(tmp_path, "{mode: always, size: 100, window: 200ms}") as world:
        orders = await world.order(3)
        frozen = asyncio.create_task(world.engine.drain())
        await until(lambda: any(batches._gathered for batches in world.engine.line.batches.values()))
        world.clock.forward(seconds=61)
        await world.another_engine().drain()
        assert sorted(world.books.references) == orders
        await frozen
        assert sorted(world.books.references) == orders
        assert await world.states() == {"delivered": 3}


async def test_orders_of_one_customer_are_never_together_in_a_batch_and_keep_their_order(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        orders = [key for _ in range(3) for key in await world.order(1, customer="acme")] + await world.order(2)
        await world.settle()
        assert world.books.many() == [3, 1, 1]
        assert [each for each in world.books.references if each in orders[:3]] == orders[:3]


@pytest.mark.parametrize(
    ("hour", "sends"), [(21, False), (22, True), (3, True), (6, False)], ids=["before", "first", "night", "after"]
)
async def test_a_flow_with_windows_sends_within_them_only(tmp_path: Path, hour: int, sends: bool) -> None:
    async with plant(tmp_path, '{mode: always, size: 100, window: 20ms, windows: ["22:00-06:00"]}') as world:
        world.clock.now = datetime(2026, 11, 23, hour, 0, tzinfo=UTC)
        await world.order(5)
        await world.engine.drain()
        assert world.books.calls == ([("many", 5)] if sends else [])


async def test_what_came_in_the_day_goes_out_when_the_window_opens(tmp_path: Path) -> None:
    async with plant(tmp_path, '{mode: always, size: 100, window: 20ms, windows: ["22:00-06:00"]}') as world:
        orders = await world.order(150)
        await world.engine.drain()
        assert await world.states() == {"pending": 150}
        world.clock.forward(hours=13)
        await world.engine.drain()
        assert world.books.many() == [100, 50]
        assert sorted(world.books.references) == orders


async def test_a_target_described_in_the_workspace_takes_batches_over_http(tmp_path: Path) -> None:
    kept: dict[str, dict[str, object]] = {}

    async def many(request: web.Request) -> web.Response:
        for each in (await request.json())["orders"]:
            kept[each["reference"]] = {**each, "id": len(kept) + 1}
        return web.json_response({"items": list(kept.values())[:-1]})

    async def found(request: web.Request) -> web.Response:
        return web.json_response({"items": [kept[request.query["reference"]]]})

    def books(app: web.Application) -> None:
        app.router.add_post("/orders/bulk", many)
        app.router.add_get("/orders", found)

    front = Front()
    async with plant(tmp_path, ALWAYS) as world, served(books, front) as url:
        options = world.workspace.connections["erp"].options
        erp: Any = build("rest", {**options, "base_url": url, "token": TOKEN}, name="erp")
        engine = world.another_engine(erp)
        orders = await world.order(20)
        await engine.drain()
        assert front.seen == [("POST", "/orders/bulk")]
        world.clock.forward(seconds=30)
        await engine.drain()
        assert front.seen[1:] == [("GET", f"/orders?reference={max(kept)}")]
        assert sorted(kept) == orders
        assert await world.states() == {"delivered": 20}
        await erp.close()


async def test_batches_take_no_place_from_the_deliveries_that_are_worked_on(tmp_path: Path) -> None:
    async with plant(tmp_path, ALWAYS) as world:
        traffic = world.engine._traffic
        assert traffic.capacity() == 16
        await traffic.learn(world.clock.now)
        assert traffic.capacity() == 16 + 2 * 100
        for _ in range(200):
            traffic.began(FLOW)
        assert await traffic.wants(16, world.clock.now) == {}
