"""Slack lets us in no more, and then again: nothing is sent meanwhile but one question a minute, nothing is lost, nothing doubled,
and who runs Meshline hears of it where Slack is not needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.slack import payloads
from sync.delivery import Stop
from tests.bot.hands import DANA, only_cause, press, value
from tests.bot.test_poster import at_rest, cards, company, one_card
from tests.bot.test_readiness import ready
from tests.world import World, small_world


async def three_wait(world: World) -> None:
    for number in range(3):
        world.deal(company(world, number), billing_code="")
    await world.deliver()


async def noted(world: World) -> Stop | None:
    """Slack's events are heard after they were acknowledged."""
    for _ in range(500):
        if (stop := (await world.store.pending()).stop) is not None:
            return stop
        await asyncio.sleep(0.01)
    return None


async def test_with_a_revoked_token_slack_is_asked_once_a_minute_and_everything_waits(world: World) -> None:
    world.slack.faults.token_revoked = True
    await three_wait(world)
    await world.parts.poster.once()
    before = world.slack.calls.total()
    for _ in range(120):  # two minutes
        await world.parts.poster.once()
        world.clock.forward(seconds=1)
    assert world.slack.calls.total() - before <= 2, "Slack was asked more than once a minute"
    status, said = await ready(world)
    assert status == 200, "webhooks are taken in all the same"
    assert "the bot token was revoked" in str(said["notes"]) and "Reinstall to Workspace" in str(said["notes"])
    assert (await world.store.pending()).stop is not None
    world.slack.faults.token_revoked = False
    world.clock.forward(minutes=1)
    await at_rest(world)
    shown = cards(world)
    assert len(shown) == len({one.metadata["event_payload"]["cause"] for one in shown if one.metadata}) == 3
    assert (await world.store.pending()).stop is None
    assert sum("lets Meshline in again" in one.text for one in world.slack.messages("C0REVOPS00")) == 1


@pytest.fixture
async def filed(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose bot token stands in a file."""
    async with small_world(tmp_path) as world:
        path = tmp_path / "token"
        path.write_text(world.environ["SLACK_BOT_TOKEN"], encoding="utf-8")
        world.parts.settings.slack_bot_token_file = path
        yield world


async def test_a_new_token_in_its_file_is_taken_up_without_a_restart(filed: World) -> None:
    filed.slack.state.token = "xoxb-new"
    await three_wait(filed)
    await filed.parts.poster.once()
    stop = (await filed.store.pending()).stop
    assert stop is not None and stop.error == "invalid_auth"
    assert filed.parts.settings.slack_bot_token_file is not None
    filed.parts.settings.slack_bot_token_file.write_text("xoxb-new\n", encoding="utf-8")
    filed.clock.forward(minutes=1)
    await at_rest(filed)
    assert len(cards(filed)) == 3


async def test_a_process_that_starts_while_the_token_counts_no_more_asks_first(world: World) -> None:
    await world.store.stop_sending(error="account_inactive", now=world.clock() - timedelta(hours=1))
    await three_wait(world)
    world.slack.faults.token_revoked = True
    before = world.slack.calls.copy()
    assert await world.parts.poster.once() is False
    assert world.slack.calls - before == {"auth.test": 1}
    world.slack.faults.token_revoked = False
    world.clock.forward(minutes=1)
    await at_rest(world)
    assert len(cards(world)) == 3


async def test_a_press_counts_while_we_may_send_nothing(world: World) -> None:
    await one_card(world)
    world.slack.faults.token_revoked = True
    cause = await only_cause(world)
    assert (await press(world, DANA, cause, "take")).ok
    assert (await world.only_case()).assignee == DANA
    await world.parts.poster.once()
    world.slack.faults.token_revoked = False
    world.clock.forward(minutes=1)
    await at_rest(world)
    assert "Dana Okafor has it" in str(cards(world)[0].blocks)


async def test_an_uninstalled_app_stops_at_once_and_a_false_alarm_is_over_with_one_question(world: World) -> None:
    event = payloads.event(world.slack.app, event_id="Ev1", at=1, body={"type": "app_uninstalled", "event_ts": "1.0"})
    world.slack.faults.token_revoked = True
    assert (await world.slack.state.sender.event(event)).ok
    stop = await noted(world)
    assert stop is not None and stop.error == "app_uninstalled"
    world.slack.faults.token_revoked = False
    await world.parts.poster.once()
    assert (await world.store.pending()).stop is None


async def test_what_another_workspace_sends_is_refused_and_on_record(world: World) -> None:
    await one_card(world)
    cause = await only_cause(world)
    strange = payloads.interaction(
        world.slack.app, world.slack.state.workspace.people[DANA], "block_actions",
        channel={"id": "C0SALESOPS", "name": "sales-ops"}, trigger_id="1.1",
        actions=[{"type": "button", "action_id": "take", "value": value(cause), "action_ts": "1.0", "block_id": "b"}],
    )  # fmt: skip
    strange |= {"team": {"id": "T0STRANGER", "domain": "elsewhere"}}
    ack = await world.slack.forge(strange)
    assert ack.ok and "another Slack workspace" in str(ack.body)
    assert (await world.only_case()).assignee is None
    [entry] = [one for one in await world.store.entries(limit=50) if one.verb == "refused"]
    assert entry.noun_id == "workspace:T0STRANGER" and entry.actor == DANA
    command = payloads.slash_command(
        world.slack.app, world.slack.state.workspace.people[DANA], channel="C0SALESOPS", channel_name="sales-ops",
        text="/sync status", trigger_id="1.2", response_url="",
    )  # fmt: skip
    ack = await world.slack.state.sender.command(command | {"team_id": "T0STRANGER"})
    assert "another Slack workspace" in ack.body["text"] and ack.body["response_type"] == "ephemeral"


async def test_a_missing_scope_is_named_where_the_page_of_pending_posts_is(world: World) -> None:
    world.slack.state.scopes = tuple(one for one in world.slack.state.scopes if one != "chat:write")
    world.deal(company(world, 1), billing_code="")
    await world.deliver()
    await world.parts.poster.once()
    [queue] = (await world.store.pending()).queues
    assert (queue.channel, queue.cards, queue.error) == ("C0SALESOPS", 1, "missing_scope: chat:write")
