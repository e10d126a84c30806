"""One decision about many records: a canary of five, what it shows, the rest, and what happens to those that stop again."""

from __future__ import annotations

from typing import Any

from drawings import buttons

from sync.model import Cause
from sync.rollouts import Rollout
from tests.bot.hands import DANA, only_cause, press
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


async def test_the_canary_goes_first_and_the_rest_follows_when_all_five_went_through(world: World) -> None:
    cause = await renamed(world, 12)
    await decide(world, cause)
    begun = await rollout(world, cause)
    assert (begun.state, begun.total, begun.canary, begun.sent, begun.waiting) == ("canary", 12, 5, 5, 7)
    await world.parts.poster.once()
    shown = await drawn(world, cause)
    assert "Being decided by Dana Okafor. Canary (the oldest 5): 0 of 5 went through." in shown["text"]
    assert buttons(shown) == ["stop_rollout"]
    assert [case.id for case in await world.store.cases_of(cause.id)] == [6, 7, 8, 9, 10, 11, 12]
    await world.work()
    done = await rollout(world, cause)
    assert (done.state, done.through, done.failed) == ("done", 12, 0)
    assert len(world.erp.posted()) == 12
    assert await world.causes() == []
    closed = await drawn(world, cause)
    assert "12 of 12 went through." in str(closed["blocks"])
    thread = world.slack.thread(cause.channel, closed["ts"])
    [line] = [one.text for one in thread]
    assert "(12 records, the oldest 5 first)" in line and line.endswith("12 of 12 went through."), (
        "two lines, one message"
    )


async def test_a_canary_that_fails_stops_the_decision_and_says_why(world: World) -> None:
    cause = await renamed(world, 12)
    await press(world, DANA, cause, "suggest")  # Atlas Basic, which is sold at another price
    await world.work()
    stopped = await rollout(world, cause)
    assert (stopped.state, stopped.canary_failed, stopped.elsewhere, stopped.waiting) == ("stopped", 5, 5, 7)
    card = await drawn(world, cause)
    assert card["text"].startswith(
        "Stopped: EX-1, one of the 5 that were tried first, failed again: Price is off the price list"
    )
    assert buttons(card) == ["go_on", "suggest", "resolve", "replay"]
    found = {one.reason: one.unresolved for one in await world.causes()}
    assert found == {"price_off_list": 1, "unknown_product": 7}, "each of the five is on a card of its own"
    assert (await press(world, DANA, cause, "go_on")).ok
    await world.work()
    assert (await rollout(world, cause)).state == "done"
    assert (await rollout(world, cause)).failed == 12
