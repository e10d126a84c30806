"""A pack reaches its channel once, with its charts and its rows, whatever Slack does meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.values import Message
from tests.world import World

pytestmark = pytest.mark.slow

LAST_WEEK = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 7, 45, tzinfo=UTC)  # 8:45 in Berlin
REVOPS = "C0REVOPS00"


async def a_week(world: World) -> None:
    """One deal is billed and one stops; then it is Monday morning."""
    world.clock.now = LAST_WEEK
    company = world.company()
    world.deal(company)
    world.deal(company, billing_code="")
    await world.deliver()
    world.clock.now = MONDAY


async def beat(world: World, times: int = 1) -> None:
    for _ in range(times):
        await world.parts.jobs.beat()


def packs(world: World) -> list[Message]:
    return [one for one in world.slack.messages(REVOPS) if one.text.startswith("Operations pack")]


def files(world: World) -> list[dict[str, Any]]:
    [pack] = packs(world)
    return [file for one in world.slack.thread(REVOPS, pack.ts) for file in one.files]


async def test_on_monday_the_pack_comes_once_with_charts_that_slack_holds_and_rows_in_its_thread(world: World) -> None:
    await a_week(world)
    world.clock.now = MONDAY - timedelta(minutes=1)
    await beat(world)
    assert packs(world) == []
    world.clock.now = MONDAY
    await beat(world, 3)
    [pack] = packs(world)
    assert "1 exception from 2 events, 500.0 per 1,000" in pack.text
    pictures = [one for one in pack.blocks if one["type"] == "image"]
    assert pictures and all(world.slack.state.files.find(one["slack_file"]["id"]).shown for one in pictures)
    [rows] = files(world)
    assert rows["name"] == "weekly-2026-11-16.csv" and rows["size"] > 200
    assert await world.store.packs_left() == 0
    for days in (1, 3, 6):
        world.clock.now = MONDAY + timedelta(days=days)
        await beat(world)
    assert len(packs(world)) == 1
    assert world.slack.refused == []


async def test_a_pack_that_was_missed_while_down_comes_at_the_next_beat_and_of_many_processes_one_sends_it(
    world: World,
) -> None:
    await a_week(world)
    world.clock.now = MONDAY + timedelta(days=2)
    await asyncio.gather(*(world.parts.jobs.beat() for _ in range(4)))
    await beat(world)
    assert len(packs(world)) == 1 and len(files(world)) == 1


async def test_nothing_to_say_is_not_said(world: World) -> None:
    world.clock.now = MONDAY
    await beat(world, 2)
    assert packs(world) == [] and world.slack.calls["files.getUploadURLExternal"] == 0


@dataclass(slots=True, kw_only=True)
class LosesOne(Faults):
    """Slack loses the answer to one of the writes, the `place`th."""

    place: int = 0

    def takes_answer(self) -> bool:
        self.place -= 1
        return self.place == 0


@pytest.mark.parametrize("place", [1, 2, 3])  # the chart, the message, the rows
async def test_an_answer_that_gets_lost_makes_no_second_message_and_no_second_file(world: World, place: int) -> None:
    await a_week(world)
    world.slack.state.faults = LosesOne(place=place)
    for _ in range(4):
        await beat(world)
        world.clock.forward(minutes=1)
    assert len(packs(world)) == 1 and len(files(world)) == 1
    assert world.slack.calls["files.getUploadURLExternal"] == 2
    assert await world.store.packs_left() == 0


async def test_charts_that_slack_does_not_take_leave_their_sentences_and_the_pack_still_comes(world: World) -> None:
    await a_week(world)
    world.slack.state.scopes = tuple(one for one in world.slack.state.scopes if one != "files:write")
    await beat(world)
    [pack] = packs(world)
    told = str(pack.blocks)
    assert "The charts are missing" in told and "What stopped records this week: Billing code is missing 1 time" in told
    assert not any(one["type"] == "image" for one in pack.blocks)
    assert await world.store.packs_left() == 0


async def test_slack_is_away_on_monday_morning_and_the_pack_comes_whole_afterwards(world: World) -> None:
    await a_week(world)
    world.slack.faults.down = True
    await beat(world, 2)
    world.slack.faults.down = False
    world.clock.forward(hours=1)
    await beat(world)
    [pack] = packs(world)
    assert any(one["type"] == "image" for one in pack.blocks) and len(files(world)) == 1


async def test_a_channel_that_takes_no_messages_has_a_fallback_and_the_pack_comes_there_whole(world: World) -> None:
    await a_week(world)
    world.slack.state.workspace.archived.add(REVOPS)
    await beat(world, 3)
    found = [
        (channel.id, one) for channel in world.slack.state.workspace.channels.values()
        for one in world.slack.messages(channel.id) if one.text.startswith("Operations pack")
    ]  # fmt: skip
    assert len(found) == 1 and found[0][0] != REVOPS
    place, pack = found[0]
    assert any(one["type"] == "image" for one in pack.blocks)
    assert sum(len(one.files) for one in world.slack.thread(place, pack.ts)) == 1
    assert await world.store.packs_left() == 0


async def test_the_governance_pack_comes_on_the_first_working_day_of_the_month(world: World) -> None:
    world.clock.now = datetime(2026, 12, 10, 10, 0, tzinfo=UTC)
    world.deal(world.company())
    await world.deliver()
    due = datetime(2027, 1, 4, 8, 0, tzinfo=UTC)  # New Year is a Friday and a holiday
    for moment, count in (
        (due - timedelta(days=1), 0),
        (due - timedelta(minutes=1), 0),
        (due, 1),
        (due + timedelta(days=3), 1),
    ):
        world.clock.now = moment
        await beat(world)
        found = [one for one in world.slack.messages(REVOPS) if one.text.startswith("Governance pack")]
        assert len(found) == count, moment
    assert "December 2026: 0 exceptions from 1 event" in found[0].text
