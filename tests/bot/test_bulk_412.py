"""A product was renamed in the CRM and 412 deals stop for it: one message, one decision, in real time and at Slack's own pace."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import utc_now, wire
from bot.poster import CARD_EVENT
from bot.sandbox.stage import example
from bot.sandbox.world import SandboxWorld, free_port
from bot.service import Service
from bot.settings import read_settings
from sync.rollouts import RolloutState
from tests.bot.hands import DANA, only_cause, press
from tests.ledgers import ledger_url
from tests.world import World, loaded

DEALS, CALLS, SECONDS = 412, 30, 60.0
RENAMED = "GTX-Basic (2025)"


@asynccontextmanager
async def running_world(tmp_path: Path) -> AsyncIterator[World]:
    """The sandbox and a whole Meshline that runs by itself: real clocks, Slack's limits, nothing moved by hand."""
    sandbox = SandboxWorld(utc_now)
    await sandbox.start()
    port = free_port()
    environ = sandbox.environ(workspace=example(), database_url=ledger_url(tmp_path), port=port)
    settings = read_settings(environ)
    parts = await wire(settings, loaded(settings.workspace), environ)
    service = Service(parts)
    await service.start()
    url = f"http://127.0.0.1:{port}"
    sandbox.meshline_at(url)
    try:
        yield World(utc_now, sandbox, parts, service, url, environ)  # type: ignore[arg-type]
    finally:
        await service.stop()
        await sandbox.stop()


async def until(true: Callable[[], Any], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < ends, "it did not come to that in time"
        await asyncio.sleep(0.2)


@pytest.mark.slow
@pytest.mark.alone
async def test_412_deals_with_one_cause_are_one_message_and_one_decision(tmp_path: Path) -> None:
    async with running_world(tmp_path) as world:
        calls_before = Counter(world.slack.calls)
        for number in range(DEALS):
            company = world.company(
                name=f"Customer {number}", vat_id=f"DE{100_000_000 + number}", domain=f"c{number}.example"
            )
            world.deal(company, [(RENAMED, 1, "2490.00")], dealname=f"Deal {number}")

        async def all_stopped() -> bool:
            causes = await world.causes()
            return bool(causes) and causes[0].unresolved == DEALS and await shown(world, causes[0].id)

        await until(all_stopped, 120)
        cause = await only_cause(world)
        stopped = Counter(world.slack.calls) - calls_before
        began = time.monotonic()
        assert (await press(world, DANA, cause, "resolve")).ok
        assert (await world.slack.submit(DANA, {"q0_other": "Atlas Pro"})).ok
        seen: dict[str, float] = {}

        async def done() -> bool:
            channel, ts = await world.card(cause.id)
            [card] = [one for one in world.slack.messages(channel) if one.ts == ts]
            for words in ("Canary (the oldest 5)", "Canary: 5 of 5 went through.", f"{DEALS} of {DEALS} went through."):
                if words in str(card.blocks):
                    seen.setdefault(words, time.monotonic() - began)
            rollout = await world.store.latest_rollout(cause.id)
            return bool(
                rollout and rollout.state == RolloutState.DONE and len(world.erp.posted()) == DEALS and len(seen) == 3
            )

        await until(done, SECONDS)
        took = time.monotonic() - began
        await until(lambda: quiet(world), 10)
        calls = Counter(world.slack.calls) - calls_before
        cards = [
            one for one in world.slack.messages(cause.channel) if (one.metadata or {}).get("event_type") == CARD_EVENT
        ]
        texts = [one.text + str(one.blocks) for one in world.slack.messages(cause.channel)]
        thread = world.slack.thread(cause.channel, (await world.card(cause.id))[1])
        mentions = Counter(
            word.split(">")[0] for text in [*texts, *(one.text for one in thread)] for word in text.split("<@")[1:]
        )
        print(
            f"\n{DEALS} deals, 1 cause: {len(cards)} message, {len(thread)} in its thread; decided for all in {took:.1f} s "
            f"({', '.join(f'{words!r} after {at:.1f} s' for words, at in seen.items())}); "
            f"{sum(calls.values())} Slack calls, {sum(stopped.values())} of them before the decision: {dict(calls)}; "
            f"mentions: {dict(mentions) or 'none'}"
        )
        assert len(cards) == 1 and took < SECONDS
        assert sum(calls.values()) < CALLS, calls
        assert all(many == 1 for many in mentions.values())
        assert world.slack.refused == [] and world.slack.trouble == []


async def shown(world: World, cause_id: int) -> bool:
    """Whether Slack shows the card as it is."""
    return bool(await world.store.card_version(cause_id) >= (await world.store.cause(cause_id)).version)


async def quiet(world: World) -> bool:
    return not any((await world.store.backlog()).values())
