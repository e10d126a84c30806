"""A sandbox that listens, the real client of the Web API, and a real Bolt app that the sandbox talks to."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import SECRET, TOKEN, BoltServer, Clock, serve

from bot.sandbox.people import CHANNELS, PEOPLE
from bot.sandbox.slack import SlackSandbox


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[SlackSandbox]:
    sandbox = SlackSandbox(
        people=PEOPLE,
        channels=CHANNELS,
        signing_secret=SECRET,
        bot_token=TOKEN,
        clock=clock,
        monotonic=clock.monotonic,
    )
    sandbox.events.retry_waits = (0.0, 0.0, 0.0)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def web_api(slack: SlackSandbox) -> AsyncWebClient:
    return AsyncWebClient(token=TOKEN, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
async def bolt(slack: SlackSandbox, web_api: AsyncWebClient) -> AsyncIterator[BoltServer]:
    server = BoltServer(app=AsyncApp(client=web_api, signing_secret=SECRET, process_before_response=False))
    http = web.Application()
    http.router.add_post("/slack/events", server.handle)
    runner, server.url = await serve(http)
    slack.bot_url = server.url
    yield server
    await runner.cleanup()
