"""A Home tab that somebody looks at is true within seconds, and a storm of changes is a few calls."""

from __future__ import annotations

import asyncio
from datetime import time, timedelta

import pytest

from bot.homes import Homes
from sync.preferences import Preferences
from tests.bot.hands import BEN, DANA, FAYE, PRIYA, SAM, only_cause, press, whispers
from tests.bot.test_actions import price_off_list, proposal
from tests.bot.test_commands import home_of, stopped
from tests.world import World

pytestmark = pytest.mark.slow


def drawings(world: World) -> int:
    return int(world.slack.calls["views.publish"])


def homes_of(world: World) -> Homes:
    found = world.parts.homes
    assert found is not None
    return found


async def test_an_open_tab_shows_a_change_within_seconds_and_a_closed_one_costs_nothing(world: World) -> None:
    homes, stop = homes_of(world), asyncio.Event()
    assert "Nothing is yours to do" in str(await home_of(world, DANA))
    running = asyncio.create_task(homes.run(stop))
    world.clock.forward(seconds=3)
    await stopped(world)
    homes.wake()
    await world.slack.wait(lambda: "Workstations" in str(world.slack.home(DANA)), 3)
    assert world.slack.home(BEN) is None and drawings(world) == 2
    stop.set()
    await running


async def test_thirty_changes_in_ten_seconds_are_a_few_drawings_and_the_last_one_is_right(world: World) -> None:
    homes = homes_of(world)
    await stopped(world)
    await home_of(world, DANA)
    before = drawings(world)
    for number in range(30):
        flow = "quote_to_cash"
        await (world.store.resume if number % 2 else world.store.pause)("flow", flow, by=BEN, now=world.clock())
        world.clock.forward(seconds=1 / 3)
        await homes.once()
    assert drawings(world) - before <= 5
    world.clock.forward(seconds=3)
    await homes.once()
    assert "is paused by" not in str(world.slack.home(DANA))


async def test_what_changes_nothing_on_the_tab_draws_nothing(world: World) -> None:
    homes = homes_of(world)
    await home_of(world, FAYE)
    before = drawings(world)
    await stopped(world)  # Sales Operations' alone
    world.clock.forward(seconds=10)
    assert await homes.once() == 0 and drawings(world) == before
    world.clock.forward(seconds=30)  # the figures have changed meanwhile
    await world.store.pause("flow", "x", by=BEN, now=world.clock())
    assert await homes.once() == 1


async def test_of_two_processes_one_draws_a_change(world: World) -> None:
    first, second = homes_of(world), Homes(desk=homes_of(world).desk)
    await home_of(world, DANA)
    await stopped(world)
    world.clock.forward(seconds=3)
    assert sorted(await asyncio.gather(first.once(), second.once())) == [0, 1]


async def test_a_tab_is_forgotten_after_an_hour_and_when_slack_knows_the_person_no_more(world: World) -> None:
    homes = homes_of(world)
    await home_of(world, DANA)
    world.clock.forward(minutes=61)
    await stopped(world)
    assert await homes.once() == 0
    await world.store.home_opened("U0NOBODY01", shows="", figures="", now=world.clock())
    world.clock.forward(seconds=3)
    await homes.once()
    assert [one.user for one in await world.store.open_homes(since=world.clock.now)] == []


async def test_a_dead_slack_delays_the_tab_and_nothing_else(world: World) -> None:
    homes = homes_of(world)
    await home_of(world, DANA)
    world.slack.faults.down = True
    world.deal(world.company(), billing_code="")
    await world.deliver()
    world.clock.forward(seconds=3)
    assert await homes.once() == 0
    assert (await world.only_case()).state == "open"
    world.slack.faults.down = False
    homes._silent_until = 0.0
    world.clock.forward(seconds=3)
    assert await homes.once() == 1
    assert "Workstations" in str(world.slack.home(DANA))


async def test_forty_open_tabs_are_drawn_within_what_slack_takes(world: World) -> None:
    homes = homes_of(world)
    for number in range(40):
        await world.store.home_opened(f"U0CROWD{number:03d}", shows="", figures="", now=world.clock())
    await stopped(world)
    world.clock.forward(seconds=3)
    before = drawings(world)
    await homes.once()
    assert drawings(world) - before <= 20


async def test_preferences_are_kept_from_the_dialog_with_the_zone_that_slack_knows(world: World) -> None:
    await home_of(world, DANA)
    assert (await world.slack.home_click(DANA, "prefer")).ok
    entered = {"digest": ["on"], "digest_at": "07:30", "quiet_from": "19:00", "quiet_until": "07:00", "mentions": []}
    assert (await world.slack.submit(DANA, entered)).ok
    assert await world.store.preferences(DANA) == Preferences(
        user=DANA, digest=True, digest_at=time(7, 30), quiet_from=time(19), quiet_until=time(7), mentions=False,
        timezone="Europe/Berlin",
    )  # fmt: skip
    await world.slack.wait(lambda: "A digest comes at 07:30" in str(world.slack.home(DANA)))
    assert world.slack.refused == [] and world.slack.trouble == []


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        ({"quiet_from": "19:00"}, "quiet_until"),
        ({"quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "07:00", "quiet_until": "07:00"}, "quiet_until"),
    ],
)
async def test_quiet_hours_with_one_end_are_asked_for_once_more(
    world: World, entered: dict[str, str], field: str
) -> None:
    await home_of(world, SAM)
    await world.slack.home_click(SAM, "prefer")
    ack = await world.slack.submit(SAM, entered)
    assert set(ack.errors) == {field}
    assert await world.store.all_preferences() == {}


async def test_a_proposal_waits_on_the_approvers_tab_and_is_approved_there(world: World) -> None:
    await proposal(world)
    assert "Waiting for my approval" not in str(await home_of(world, FAYE))
    assert "Waiting for my approval · 1" in str(await home_of(world, PRIYA))
    assert (await world.slack.home_click(PRIYA, "approve")).ok
    await world.slack.wait(lambda: "Waiting for my approval" not in str(world.slack.home(PRIYA)))
    await world.work()
    assert (await world.store.case(1)).decided_by == PRIYA


async def test_ones_own_proposal_is_not_offered_for_ones_approval(world: World) -> None:
    await press(world, PRIYA, await price_off_list(world), "resolve")
    assert (await world.slack.submit(PRIYA, {"q0": "accept"})).ok
    assert (await world.only_case()).proposed_by == PRIYA
    assert "Waiting for my approval" not in str(await home_of(world, PRIYA))


async def test_nor_is_that_of_somebody_one_stands_in_for(world: World) -> None:
    await proposal(world)  # of Faye's
    until = world.clock() + timedelta(days=1)
    await world.store.set_absence(FAYE, since=world.clock(), until=until, delegate=PRIYA, by=FAYE, now=world.clock())
    shown = str(await home_of(world, PRIYA))
    assert "Waiting for my approval" not in shown and "My team's queue · 1" in shown


async def test_a_press_on_the_tab_is_answered_where_the_person_is(world: World) -> None:
    await stopped(world)
    await home_of(world, DANA)
    await press(world, BEN, await only_cause(world), "resolve")
    await world.slack.submit(BEN, {"q0": "BC-DE-7"})
    await world.work()
    await world.slack.home_click(DANA, "take")
    told = [one.text for one in world.slack.messages(world.slack.state.workspace.open_direct((DANA,)))]
    assert any("already resolved by" in one for one in [*told, *whispers(world, DANA)])


async def test_replay_on_the_tab_is_of_that_exception_alone(world: World) -> None:
    for number in range(2):
        world.deal(world.company(f"Firm {number}", vat_id=f"DE12345670{number}", domain=f"f{number}.example"), lines=[])
    await world.work()
    assert len(await world.store.exceptions()) == 2
    await home_of(world, DANA)
    assert (await world.slack.home_click(DANA, "replay_one")).ok
    states = [case.state for case in await world.store.exceptions()]
    assert sorted(states) == ["open", "owned"]
    await world.slack.wait(lambda: "Dana Okafor has it" in str(world.slack.home(DANA)))
