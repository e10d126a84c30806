"""`exceptions resolve --all` and `replay --all`: one decision for all records of a card, in the stages of a pressed one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from tests.bot.hands import BEN, DANA, SAM
from tests.world import World

RENAMED = "GTX-Basic (2025)"


@pytest.fixture
async def stopped(world: World) -> World:
    """Seven deals of one card."""
    for number in range(7):
        company = world.company(vat_id=f"DE{100_000_000 + number}", domain=f"c{number}.example")
        world.deal(company, [(RENAMED, 1, "2490.00")], dealname=f"Deal {number}")
    await world.work()
    return world


async def typed(world: World, *words: str) -> Result:
    """A command in a process of its own beside the running service."""
    environ = world.environ | {"TERM": "dumb", "NO_COLOR": "1"}
    return await asyncio.to_thread(CliRunner().invoke, app, ["exceptions", *words], env=environ)


def read(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


async def test_one_command_decides_for_all_and_says_how_far_it_is(stopped: World) -> None:
    path = "lines[0].product_code=Atlas Pro"
    said = read(await typed(stopped, "resolve", "EX-3", "--as", DANA, "--set", path, "--all", "--json"))
    assert (said["exception"], said["verb"], said["records"]) == ("EX-3", "resolve", 7)
    assert {name: said["progress"][name] for name in ("state", "total", "sent", "waiting")} == {
        "state": "canary", "total": 7, "sent": 5, "waiting": 2,
    }  # fmt: skip
    late = await typed(stopped, "resolve", "EX-7", "--as", BEN, "--set", path)
    assert late.exit_code == 1 and "Already being decided by" in late.stderr and "0 of 7 so far" in late.stderr
    await stopped.work()
    assert len(stopped.erp.posted()) == 7


async def test_a_replay_of_all_goes_to_the_oldest_five_first_and_needs_the_right(stopped: World) -> None:
    refused = await typed(stopped, "replay", "EX-1", "--as", SAM, "--all")
    assert refused.exit_code == 1 and "This is for Sales Operations" in refused.stderr
    said = await typed(stopped, "replay", "EX-1", "--as", DANA, "--all")
    assert said.output.strip() == "7 records: the oldest 5 are on their way, the other 2 follow when all went through"
    await stopped.work()
    rollout = await stopped.store.latest_rollout(1)
    assert rollout is not None and (rollout.state, rollout.failed, rollout.elsewhere) == ("stopped", 5, 0)
