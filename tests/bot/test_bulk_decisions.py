"""One decision about many records: a canary of five, what it shows, the rest, and what happens to those that stop again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from drawings import buttons

from bot.rollouts import Rollouts
from store.ledger import Store
from sync.model import Cause
from sync.rollouts import Rollout
from tests.bot.hands import BEN, DANA, PRIYA, SAM, forged, only_cause, press, refusals, value, whispers
from tests.world import World

RENAMED = "GTX-Basic (2025)"


async def renamed(world: World, count: int) -> Cause:
    """So many deals of one product that has been renamed, each of a customer of its own: one card."""
    for number in range(count):
        company = world.company(
            name=f"Customer {number}", vat_id=f"DE{100_000_000 + number}", domain=f"c{number}.example"
        )
        world.deal(company, [(RENAMED, 1, "2490.00")], dealname=f"Deal {number}")
    await world.work()
    return await only_cause(world)


async def decide(world: World, cause: Cause, user: str = DANA, product: str = "Atlas Pro") -> None:
    """Choose in the dialog what the product is called now."""
    assert (await press(world, user, cause, "resolve")).ok
    ack = await world.slack.submit(user, {"q0_other": product})
    assert ack.ok, ack


async def rollout(world: World, cause: Cause) -> Rollout:
    found = await world.store.latest_rollout(cause.id)
    assert found is not None
    return found


async def drawn(world: World, cause: Cause) -> dict[str, Any]:
    """The card of a cause as Slack shows it."""
    channel, ts = await world.card(cause.id)
    [card] = [one for one in world.slack.messages(channel) if one.ts == ts]
    return {"text": card.text, "blocks": card.blocks, "ts": ts}


@pytest.mark.slow
async def test_thirty_deals_are_one_message_and_the_rest_follows_when_all_five_went_through(world: World) -> None:
    cause = await renamed(world, 30)
    await decide(world, cause)
    begun = await rollout(world, cause)
    assert (begun.state, begun.total, begun.canary, begun.sent, begun.waiting) == ("canary", 30, 5, 5, 25)
    await world.parts.poster.once()
    shown = await drawn(world, cause)
    assert "Being decided by Dana Okafor. Canary (the oldest 5): 0 of 5 went through." in shown["text"]
    assert buttons(shown) == ["stop_rollout"]
    assert [case.id for case in await world.store.cases_of(cause.id)] == list(range(6, 31))
    await world.work()
    done = await rollout(world, cause)
    assert (done.state, done.through, done.failed) == ("done", 30, 0)
    assert len(world.erp.posted()) == 30
    assert await world.causes() == []
    closed = await drawn(world, cause)
    assert "30 of 30 went through." in str(closed["blocks"])
    [line] = [one.text for one in world.slack.thread(cause.channel, closed["ts"])]
    assert "(30 records, the oldest 5 first)" in line and line.endswith("30 of 30 went through."), (
        "two lines, one message"
    )
    assert "<@" not in line


async def test_a_canary_that_fails_stops_the_decision_says_why_and_a_person_may_go_on(world: World) -> None:
    cause = await renamed(world, 8)
    await press(world, DANA, cause, "suggest")  # Atlas Basic, which is sold at another price
    await world.work()
    stopped = await rollout(world, cause)
    assert (stopped.state, stopped.canary_failed, stopped.elsewhere, stopped.waiting) == ("stopped", 5, 5, 3)
    card = await drawn(world, cause)
    assert card["text"].startswith(
        "Stopped: EX-1, one of the 5 that were tried first, failed again: Price is off the price list"
    )
    assert buttons(card) == ["go_on", "suggest", "resolve", "replay"]
    lines = [one.text for one in world.slack.thread(cause.channel, card["ts"])]
    assert sum(one.count(f"<@{DANA}>") for one in lines) == 1, "who decided hears of it, once"
    found = [(one.reason, one.unresolved) for one in await world.causes()]
    assert sorted(found) == [*[("price_off_list", 1)] * 5, ("unknown_product", 3)], "the five are on cards of their own"
    assert (await press(world, DANA, cause, "go_on")).ok
    await world.work()
    end = await rollout(world, cause)
    assert (end.state, end.failed, end.elsewhere) == ("done", 8, 8)


async def test_ten_presses_at_once_are_one_decision_and_nine_answers(world: World) -> None:
    cause = await renamed(world, 7)
    chosen = value(cause, candidate="Atlas Basic")
    people = [DANA, BEN] * 5
    acks = await asyncio.gather(*(forged(world, who, cause, "suggest", chosen) for who in people))
    assert all(one.ok for one in acks)
    begun = await rollout(world, cause)
    assert (begun.sent, begun.waiting) == (5, 2)
    words = [*whispers(world, DANA), *whispers(world, BEN)]
    assert len(words) == 9 and all("Already being decided by" in one for one in words), words
    assert (await forged(world, BEN, cause, "replay")).ok
    assert "Already being decided by *Dana Okafor*: 0 of 7 so far." in whispers(world, BEN)[-1] or begun.by == BEN


async def test_who_may_not_decide_may_neither_stop_it_nor_let_it_go_on(world: World) -> None:
    cause = await renamed(world, 7)
    await decide(world, cause)
    for count, verb in enumerate(("stop_rollout", "go_on"), 1):
        assert (await forged(world, SAM, cause, verb)).ok
        assert "Dana Okafor (owner)" in whispers(world, SAM)[-1] and "Nothing was changed" in whispers(world, SAM)[-1]
        assert await refusals(world) == count
    assert (await rollout(world, cause)).state == "canary"
    assert (await forged(world, BEN, cause, "stop_rollout")).ok
    assert (await rollout(world, cause)).state == "stopped"
    await world.work()
    assert "Stopped by Ben Ortiz." in (await drawn(world, cause))["text"]
    assert len(world.erp.posted()) == 5, "what was on its way arrives, nothing follows"
    assert (await forged(world, DANA, cause, "go_on")).ok
    await world.work()
    assert len(world.erp.posted()) == 7


async def test_a_press_on_the_card_of_last_month_is_told_how_it_ended(world: World) -> None:
    cause = await renamed(world, 7)
    await decide(world, cause)
    await world.work()
    world.clock.forward(days=31)
    for verb in ("go_on", "stop_rollout", "resolve", "replay"):
        assert (await forged(world, DANA, cause, verb)).ok
    told = whispers(world, DANA)
    assert told[:2] == ["This decision is over: 7 of 7 went through."] * 2, told
    assert all("is already resolved by" in one for one in [*told[2:], *map(str, world.slack.modals(DANA)[-1:])])
    assert len(world.erp.posted()) == 7


async def test_a_decision_outlasts_the_right_of_the_one_who_made_it(world: World) -> None:
    cause = await renamed(world, 7)
    await decide(world, cause)
    teams = world.parts.workspace.teams
    without = {"sales-ops": teams["sales-ops"].model_copy(update={"owner": PRIYA})}
    for each in world.parts.around:
        each.adopt(replace(world.parts.workspace, teams={**teams, **without}))
    assert (await forged(world, DANA, cause, "stop_rollout")).ok
    assert "Nothing was changed" in whispers(world, DANA)[-1]
    await world.work()
    assert (await rollout(world, cause)).state == "done" and len(world.erp.posted()) == 7
    [decision] = [one for one in await world.store.entries(noun="rollout") if one.verb == "decide"]
    assert (decision.actor, decision.data["records"]) == (DANA, 7)


async def test_a_pause_of_the_flow_holds_the_decision_up_and_the_card_says_so(world: World) -> None:
    cause = await renamed(world, 7)
    await decide(world, cause)
    await world.store.pause("flow", "quote_to_cash", by=BEN, now=world.clock())
    await world.work()
    assert (await rollout(world, cause)).state == "canary" and world.erp.posted() == []
    await world.store.redraw(cause.id, now=world.clock())
    await world.work()
    assert "The flow is paused by Ben Ortiz: the decision goes on when it is resumed." in str(await drawn(world, cause))
    await world.store.resume("flow", "quote_to_cash", by=BEN, now=world.clock())
    await world.work()
    assert len(world.erp.posted()) == 7


async def test_a_process_that_is_killed_between_the_stages_leaves_the_rest_to_another(world: World) -> None:
    cause = await renamed(world, 7)
    await decide(world, cause)
    await world.parts.engine.drain()  # the canary went through, and whoever should have seen it is gone
    second = Store(str(world.parts.settings.database_url.get_secret_value()))
    await second.open()
    try:
        driver = Rollouts(second, lambda: world.parts.workspace, world.clock, lambda: None)
        assert await driver.look(world.clock()) == 2
        assert await driver.look(world.clock()) == 0
    finally:
        await second.close()
    await world.work()
    assert len(world.erp.posted()) == 7 and (await rollout(world, cause)).through == 7


async def test_what_comes_in_meanwhile_stays_open_on_the_same_card(world: World) -> None:
    cause = await renamed(world, 7)
    await decide(world, cause)
    late = world.company(name="Late", vat_id="DE987654321", domain="late.example")
    world.deal(late, [(RENAMED, 1, "2490.00")], dealname="Late deal")
    await world.work()
    [left] = await world.causes()
    assert (left.id, left.unresolved, left.first[0].title) == (cause.id, 1, "Late deal")
    card = await drawn(world, cause)
    assert "1 more record has come in since. It is not part of this decision and stays open." in str(card["blocks"])
    assert len(world.erp.posted()) == 7
