"""A channel is archived, closed to Meshline or gone, a message is deleted: nothing is lost, and the right person learns what to
click."""

from __future__ import annotations

import pytest

from bot.sandbox.slack.values import Message
from bot.sandbox.stage import example
from sync.reaching import fallback, sync_owners
from tests.bot.hands import DANA, OMAR, only_cause, press
from tests.bot.test_poster import at_rest, cards, company, one_card
from tests.world import World, loaded

pytestmark = pytest.mark.slow

SALES, REVOPS, FINANCE = "C0SALESOPS", "C0REVOPS00", "C0FINANCE0"


def notices(world: World, channel: str = REVOPS) -> list[Message]:
    return [one for one in world.slack.messages(channel) if one not in cards(world, channel)]


@pytest.mark.parametrize(
    ("how", "words"),
    [("archived", "Unarchive channel"), ("without_app", "/invite @Meshline"), ("hidden", "/invite @Meshline"),
        ("restricted", "Posting permissions")],
)  # fmt: skip
async def test_cards_of_a_channel_that_takes_none_go_to_its_fallback_and_one_person_learns_what_to_click(
    world: World, how: str, words: str
) -> None:
    getattr(world.slack.state.workspace, how).add(SALES)
    for number in range(3):
        world.deal(company(world, number), billing_code="")
    world.deal(company(world, 9), [("Atlas Pro", 1, "990.00")])
    await world.work()
    assert len(cards(world, REVOPS)) == 3 and len(cards(world, FINANCE)) == 1, "a lost channel stops no other"
    [notice] = notices(world)
    assert words in str(notice.blocks) and f"<@{OMAR}>" in str(notice.blocks) and SALES in str(notice.blocks)
    cause = next(one for one in await world.causes() if one.channel == SALES)
    assert (await press(world, DANA, cause, "take")).ok
    await world.work()
    channel, ts = await world.card(cause.id)
    assert channel == REVOPS and [line.text for line in world.slack.thread(channel, ts)] == ["*Dana Okafor* takes it."]


async def test_when_the_channel_works_again_new_cards_go_there_and_old_ones_stay(world: World) -> None:
    world.slack.archive(SALES)
    world.deal(company(world, 1), billing_code="")
    await world.work()
    world.slack.state.workspace.archived.clear()
    world.clock.forward(minutes=2)
    await world.parts.poster.once()
    assert await world.store.lost_channels() == {}
    world.deal(company(world, 2), billing_code="")
    await at_rest(world)
    assert len(cards(world, REVOPS)) == 1 and len(cards(world)) == 1
    assert ["takes messages again" in one.text for one in notices(world, SALES)] == [True]


async def test_a_card_whose_channel_is_archived_moves_with_its_thread(world: World) -> None:
    card = await one_card(world)
    world.slack.archive(SALES)
    assert (await press(world, DANA, await only_cause(world), "take")).ok
    await world.work()
    [moved] = cards(world, REVOPS)
    assert "Dana Okafor has it" in str(moved.blocks) and moved.ts != card.ts
    assert [line.text for line in world.slack.thread(REVOPS, moved.ts)] == ["*Dana Okafor* takes it."]


async def test_with_no_channel_left_the_cards_wait(world: World) -> None:
    for channel in (SALES, REVOPS, FINANCE, "C0MKTGOPS0", "C0CRMOPS00"):
        world.slack.archive(channel)
    world.deal(company(world, 1), billing_code="")
    await world.deliver()
    for _ in range(8):
        await world.parts.poster.once()
    assert (await world.store.backlog())["cards"] == 1
    world.slack.state.workspace.archived.clear()
    await at_rest(world)
    assert sum(len(cards(world, channel)) for channel in (SALES, REVOPS, FINANCE, "C0MKTGOPS0", "C0CRMOPS00")) == 1


async def test_a_card_that_is_deleted_twice_within_a_day_is_not_posted_a_third_time(world: World) -> None:
    await one_card(world)
    cause = await only_cause(world)
    for verb in ("take", "snooze"):
        [card] = cards(world)
        world.slack.state.workspace.remove(card)
        await world.store.redraw(cause.id, now=world.clock())
        await world.work()
        assert len(cards(world)) == (1 if verb == "take" else 0)
        world.clock.forward(hours=1)
    assert (await world.store.pending()).removed == (cause.id,)
    world.clock.forward(days=1)
    await world.work(patience=20)
    await world.parts.poster.once()
    assert len(cards(world)) == 1 and (await world.store.pending()).removed == ()


async def test_the_search_for_a_lost_answer_goes_back_to_when_the_try_began(world: World) -> None:
    world.slack.faults.lose_answers = 1
    world.deal(company(world, 1), billing_code="")
    await world.deliver()
    await world.parts.poster.once()
    for number in range(450):
        world.slack.state.workspace.say(SALES, text=f"talk {number}")
    await at_rest(world)
    assert len(cards(world)) == 1


def test_a_fallback_is_what_the_team_names_then_the_owners_of_the_flow_then_those_who_run_meshline() -> None:
    workspace = loaded(example())
    assert sync_owners(workspace) == "revops"
    assert fallback(workspace, SALES) == REVOPS
    assert fallback(workspace, FINANCE, flow="quote_to_cash", lost={SALES}) == REVOPS
    everywhere = {team.channel for team in workspace.teams.values()}
    assert fallback(workspace, FINANCE, lost=everywhere - {"C0MKTGOPS0"}) == "C0MKTGOPS0"
    assert fallback(workspace, FINANCE, lost=everywhere) is None
