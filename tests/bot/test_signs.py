"""What goes wrong between a source and us is told before any record is late for it: once, to whoever owns the flows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from sync.signs import REFUSED, UNREAD, is_due
from tests.world import World, small_world

OWNERS = "revops"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path) as made:
        yield made


async def told(world: World) -> list[str]:
    await world.work()
    channel = world.parts.workspace.team(world.parts.workspace.flow("quote_to_cash").owner).channel
    return [one.text for one in world.slack.messages(channel) if "read" in one.text or "refused" in one.text]


async def poll(world: World) -> None:
    jobs = world.parts.jobs
    assert jobs is not None
    await jobs.poll(world.parts.workspace.flow("quote_to_cash"))
    await jobs.beat()


async def test_a_sign_in_that_is_not_accepted_is_told_at_once_and_once_and_so_is_its_end(world: World) -> None:
    world.crm.token, right = "another one", world.crm.token
    await poll(world)
    world.clock.forward(minutes=5)
    await poll(world)
    [words] = await told(world)
    assert words == "deals of crm cannot be read since 2026-11-23 09:00 UTC: it does not accept our sign-in."
    world.crm.token = right
    world.clock.forward(minutes=5)
    await poll(world)
    assert (await told(world))[1:] == [
        "deals of crm can be read again. It could not from 2026-11-23 09:00 UTC to 2026-11-23 09:10 UTC."
    ]
    assert await world.store.signs() == []


@pytest.mark.slow
async def test_a_source_that_does_not_answer_is_told_when_it_lasts(world: World) -> None:
    await poll(world)
    world.crm.faults.down = True
    for _ in range(3):
        world.clock.forward(minutes=6)
        await poll(world)
        assert await told(world) == []
    world.clock.forward(minutes=6)
    await poll(world)
    [words] = await told(world)
    assert words == "deals of crm cannot be read since 2026-11-23 09:06 UTC: it does not answer."


@pytest.mark.slow
async def test_webhooks_that_we_refuse_are_told_when_they_are_several(world: World) -> None:
    jobs = world.parts.jobs
    assert jobs is not None
    async with aiohttp.ClientSession() as http:
        for count in range(5):
            async with http.post(
                f"{world.url}/hooks/crm", data=b"[]", headers={"content-type": "application/json"}
            ) as answer:
                assert answer.status == 401
            async with http.post(f"{world.url}/hooks/nobody", data=b"[]") as answer:
                assert answer.status == 404
            await jobs.beat()
            assert bool(await told(world)) == (count == 4)
    assert [(each.kind, each.connection, each.many, each.told) for each in await world.store.signs()] == [
        (REFUSED, "crm", 5, True)
    ]
    world.clock.forward(hours=2)
    await jobs.beat()
    assert await world.store.signs() == [], "after an hour of calm it is over"


async def test_a_source_that_is_read_seldom_is_told_as_well(world: World) -> None:
    for _ in range(3):
        await world.store.note_sign(UNREAD, "crm", "deals", now=world.clock())
        world.clock.forward(hours=2)
    [sign] = await world.store.signs()
    assert sign.many == 3 and is_due(sign, timedelta(hours=2), world.clock())


async def test_of_two_processes_that_see_it_one_speaks(world: World) -> None:
    await world.store.note_sign(REFUSED, "crm", many=9, now=world.clock())
    [seen] = await world.store.signs()
    body = {"text": "9 webhooks from crm had to be refused"}
    assert await world.store.tell_sign(seen, {"C1": body}, now=world.clock())
    assert not await world.store.tell_sign(seen, {"C1": body}, now=world.clock())
    assert await world.store.end_sign(seen, {"C1": body}, now=world.clock())
    assert not await world.store.end_sign(seen, {"C1": body}, now=world.clock())


async def test_how_late_records_arrive_and_how_old_the_last_reading_is_can_be_scraped(world: World) -> None:
    await poll(world)
    world.deal(world.company())
    world.clock.forward(seconds=30)
    await world.deliver()
    world.crm.token = "another one"
    await poll(world)
    async with aiohttp.ClientSession() as http, http.get(f"{world.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    assert 'meshline_source_read_seconds{connection="crm",entity="deals"} 30.000' in lines
    assert 'meshline_source_signs{kind="signed_out",connection="crm",entity="deals"} 1' in lines
    assert 'meshline_lag_seconds{flow="quote_to_cash",quantile="0.95"} 30.000' in lines
