"""A flow that keeps hours for it: a replay of many records waits for them, one record goes at once."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.stage import example
from sync.model import Cause
from tests.bot.hands import DANA, only_cause, press
from tests.world import World, small_world

EVENINGS = '  evenings: {timezone: Europe/Berlin, hours: "18:00-22:00"}\n'
BROKEN = [("GTX-Basic (2025)", 1, "2490.00")]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    company = tmp_path / "company"
    shutil.copytree(example(), company)
    settings, flow = company / "meshline.yaml", company / "flows" / "quote_to_cash.yaml"
    settings.write_text(settings.read_text().replace("calendars:\n", f"calendars:\n{EVENINGS}"))
    flow.write_text(flow.read_text().replace("owner: revops\n", "owner: revops\nreprocess: evenings\n", 1))
    async with small_world(tmp_path, workspace=company) as built:
        yield built


async def stopped(world: World, count: int) -> Cause:
    for number in range(count):
        company = world.company(f"Customer {number}", vat_id=f"DE{100_000_000 + number}", domain=f"c{number}.example")
        world.deal(company, BROKEN, dealname=f"Deal {number}")
    await world.work()
    return await only_cause(world)


async def tried(world: World, cause: Cause) -> list[int]:
    """How often each record of the card has been tried."""
    return [case.attempts for case in await world.store.cases_of(cause.id)]


@pytest.mark.parametrize("count", [3, 12])
async def test_a_replay_of_many_waits_for_the_hours_of_its_flow(world: World, count: int) -> None:
    cause = await stopped(world, count)
    assert (await press(world, DANA, cause, "replay")).ok
    await world.work()
    assert await tried(world, cause) == [1] * count
    channel, ts = await world.card(cause.id)
    said = "\n".join(one.text for one in world.slack.thread(channel, ts))
    assert "replays it; it goes out from 2026-11-23 17:00 UTC on." in said, said
    world.clock.forward(hours=8)  # 18:00 in Berlin
    await world.work()
    assert sorted(await tried(world, cause)) == sorted([2] * min(count, 5) + [1] * max(count - 5, 0))


async def test_one_record_goes_at_once(world: World) -> None:
    cause = await stopped(world, 1)
    assert (await press(world, DANA, cause, "replay")).ok
    await world.work()
    assert await tried(world, cause) == [2]


async def test_within_the_hours_many_go_at_once(world: World) -> None:
    world.clock.forward(hours=8)
    cause = await stopped(world, 3)
    assert (await press(world, DANA, cause, "replay")).ok
    await world.work()
    assert await tried(world, cause) == [2, 2, 2]
