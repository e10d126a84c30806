"""Socket Mode: connections come and go, and each press counts once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from bot import service as running
from bot.sandbox.slack import api
from bot.sandbox.slack.values import Ack
from sync.errors import ConfigurationError
from tests.bot.hands import DANA, only_cause, press
from tests.bot.test_poster import one_card
from tests.bot.wire import Wire
from tests.world import World


@pytest.fixture
async def wire(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    """A world whose presses come through a socket."""
    line = Wire()
    await line.start()
    monkeypatch.setitem(api.METHODS, "apps.connections.open", (lambda state, params: {"url": line.url}, None))
    monkeypatch.setattr(running, "_PING_SECONDS", 0.2)
    token = world.slack.state.token
    world.parts.settings.slack_app_token = SecretStr(token)

    async def through_the_socket(payload: dict[str, Any]) -> Ack:
        await line.send(payload)
        return Ack(ok=True, status=200, seconds=0.0, body={})

    monkeypatch.setattr(world.slack.state.sender, "interaction", through_the_socket)
    await world.service._connect(world.parts.bolt, token)
    await line.until(lambda: line.connections == 1)
    await one_card(world)
    yield line
    await world.service._close_socket()
    world.service._socket = None
    await line.stop()


async def taken(world: World) -> int:
    """How often somebody took the case, as the journal has it."""
    return sum(one.verb == "take" for one in await world.store.entries(noun="case", limit=100))


async def test_a_press_comes_through_the_socket_and_is_acknowledged(world: World, wire: Wire) -> None:
    await press(world, DANA, await only_cause(world), "take")
    await wire.until(lambda: len(wire.acknowledged) == 1)
    assert (await world.only_case()).assignee == DANA and await taken(world) == 1


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_slack_asks_for_a_new_connection_and_a_press_whose_answer_it_missed_counts_once(
    world: World, wire: Wire, reason: str
) -> None:
    wire.deaf = True
    await press(world, DANA, await only_cause(world), "take")
    await wire.refresh(reason)
    await wire.until(lambda: wire.connections == 2)
    wire.deaf = False
    await wire.refresh(reason)
    await wire.until(lambda: wire.connections == 3)
    await wire.until(lambda: len(wire.acknowledged) == 1)
    await world.work()
    channel, ts = await world.card((await only_cause(world)).id)
    assert await taken(world) == 1
    assert [line.text for line in world.slack.thread(channel, ts)] == ["*Dana Okafor* takes it."]


async def test_the_line_breaks_and_what_was_pressed_meanwhile_is_not_lost(world: World, wire: Wire) -> None:
    await wire.cut()
    await press(world, DANA, await only_cause(world), "take")
    await wire.until(lambda: wire.connections == 2)
    await wire.until(lambda: len(wire.acknowledged) == 1)
    assert (await world.only_case()).assignee == DANA and await taken(world) == 1


async def test_a_token_for_sockets_that_slack_refuses_is_said_at_the_start(world: World, wire: Wire) -> None:
    with pytest.raises(ConfigurationError, match="SLACK_APP_TOKEN: Slack opens no Socket Mode connection") as wrong:
        await world.service._connect(world.parts.bolt, "xapp-never-show-1")
    assert "invalid_auth" in str(wrong.value) and "xapp-" not in str(wrong.value)


async def test_a_service_that_starts_while_slack_is_away_is_connected_when_it_is_back(world: World, wire: Wire) -> None:
    await world.service._close_socket()
    world.slack.faults.down = True
    before = wire.connections
    await world.service._connect(world.parts.bolt, world.slack.state.token)
    assert wire.connections == before
    world.slack.faults.down = False
    await wire.until(lambda: wire.connections > before)
    await press(world, DANA, await only_cause(world), "take")
    await wire.until(lambda: len(wire.acknowledged) == 1)
