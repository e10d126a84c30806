"""Who can be asked at all: people of a user group, people whose account is off, and what happens when Slack does not say."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.slack.values import UserGroup
from bot.sandbox.stage import example
from tests.bot.hands import BEN, DANA, GUS, SAM, only_cause, press
from tests.world import World, small_world

GROUP = "S0ONCALL01"


@pytest.fixture
async def grouped(tmp_path: Path) -> AsyncIterator[World]:
    """Sales Operations is answered for by a Slack user group."""
    shutil.copytree(example(), tmp_path / "workspace")
    settings = tmp_path / "workspace" / "meshline.yaml"
    text = settings.read_text().replace(
        "    calendar: emea\n", f"    calendar: emea\n    on_call: {{group: {GROUP}}}\n", 1
    )
    settings.write_text(text)
    async with small_world(tmp_path, workspace=tmp_path / "workspace") as world:
        yield world


def in_group(world: World, *users: str) -> None:
    groups = world.slack.state.workspace.groups
    groups[GROUP] = UserGroup(id=GROUP, handle="oncall", name="On call", users=users)


async def beat(world: World) -> None:
    await world.parts.jobs.beat()
    await world.work()


def notes(world: World) -> list[str]:
    return [one.text for one in world.slack.messages("C0REVOPS00") if "user group" in one.text or "account" in one.text]


async def broken(world: World) -> str:
    world.deal(world.company(), billing_code="")
    await world.work()
    return str((await world.only_case()).owner)


async def test_who_is_in_the_group_answers_and_may_decide(grouped: World) -> None:
    in_group(grouped, SAM, GUS)
    await beat(grouped)
    assert await broken(grouped) == SAM
    assert (await press(grouped, SAM, await only_cause(grouped), "take")).ok
    assert (await grouped.only_case()).assignee == SAM


async def test_an_empty_group_leaves_it_to_the_owner_and_is_told_once_a_day(grouped: World) -> None:
    in_group(grouped)
    for _ in range(3):
        grouped.clock.forward(minutes=6)
        await beat(grouped)
    assert await broken(grouped) == DANA
    [note] = notes(grouped)
    assert "names nobody: nobody is in it" in note and "answers" in note


async def test_a_group_that_slack_does_not_know_is_told_and_the_owner_answers(grouped: World) -> None:
    await beat(grouped)
    assert await broken(grouped) == DANA
    assert "no_such_subteam" in notes(grouped)[0]


async def test_while_slack_is_away_the_group_stays_as_it_was(grouped: World) -> None:
    in_group(grouped, SAM)
    await beat(grouped)
    grouped.slack.state.workspace.groups.clear()
    await grouped.parts.store.keep_group(GROUP, [SAM], now=grouped.clock())
    assert await broken(grouped) == SAM


async def test_somebody_whose_account_is_off_is_away_and_the_backup_is_asked(world: World) -> None:
    await beat(world)
    world.slack.state.workspace.deactivated.add(DANA)
    for _ in range(3):
        world.clock.forward(hours=1)
        await beat(world)
    assert await broken(world) == BEN
    [note] = notes(world)
    assert "switched off" in note and "Sales Operations" in note
    world.slack.state.workspace.deactivated.clear()
    world.clock.forward(hours=1)
    await beat(world)
    assert await world.store.absences(now=world.clock()) == ()
