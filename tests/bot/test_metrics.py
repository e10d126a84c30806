"""What Prometheus reads is right after a restart too, because it is read from rows."""

from __future__ import annotations

import re
from datetime import timedelta

import aiohttp

from store.workers import Worker
from tests.bot.hands import DANA, only_cause, press
from tests.world import World

SAMPLE = re.compile(r'(meshline_\w+)\{((?:\w+="(?:[^"\\\n]|\\[\\n"])*",?)*)\} (\d+(?:\.\d+)?)')


async def scrape(world: World) -> tuple[dict[str, float], list[str]]:
    async with aiohttp.ClientSession() as http, http.get(f"{world.url}/metrics") as response:
        assert response.status == 200 and response.headers["Content-Type"].startswith("text/plain")
        text = await response.text()
    assert text.endswith("\n")
    lines = text.splitlines()
    comments = [line for line in lines if line.startswith("# ")]
    found = {}
    for line in lines:
        if not line.startswith("#"):
            sample = SAMPLE.fullmatch(line)
            assert sample is not None, line
            assert f"{sample[1]}{{{sample[2]}}}" not in found, line
            found[f"{sample[1]}{{{sample[2]}}}"] = float(sample[3])
    families = {name.partition("{")[0] for name in found}
    assert families <= {line.split()[2] for line in comments if line.startswith("# TYPE")}
    assert families <= {line.split()[2] for line in comments if line.startswith("# HELP")}
    return found, comments


async def test_an_empty_ledger_is_a_readable_scrape(world: World) -> None:
    found, comments = await scrape(world)
    assert found['meshline_rows{table="events"}'] == 0
    assert len(comments) == len(set(comments)) and len(comments) >= 8


async def test_a_scrape_counts_deliveries_exceptions_and_what_slack_still_has_to_get(world: World) -> None:
    world.deal(world.company())
    await world.work()
    world.deal(world.crm.companies()[0]["id"], billing_code="")
    await world.deliver()
    found, _ = await scrape(world)
    assert found['meshline_deliveries{flow="quote_to_cash",state="delivered"}'] >= 1
    assert found['meshline_deliveries{flow="quote_to_cash",state="held"}'] == 1
    assert found['meshline_exceptions_open{reason="missing_billing_code"}'] == 1
    assert found['meshline_slack_backlog{kind="cards"}'] == 1
    await world.work()
    await press(world, DANA, await only_cause(world), "resolve")
    await world.slack.submit(DANA, {"q0": "BC-DE-1"})
    await world.work()
    found, _ = await scrape(world)
    assert 'meshline_exceptions_open{reason="missing_billing_code"}' not in found
    assert found['meshline_slack_backlog{kind="cards"}'] == 0


async def test_a_scrape_says_when_each_role_beat_last_and_how_long_the_oldest_work_waits(world: World) -> None:
    now = world.clock()
    for name, role, seconds in (("a", "worker", 40), ("b", "worker", 7), ("c", "bot", 0)):
        beat_at = now - timedelta(seconds=seconds)
        await world.store.beat(Worker(name=name, role=role, started_at=now, beat_at=beat_at))
    world.deal(world.company())
    await world.crm.webhooks.flush()
    world.clock.forward(seconds=90)
    found, _ = await scrape(world)
    assert found['meshline_worker_beat_seconds{role="worker"}'] == 97
    assert found['meshline_worker_beat_seconds{role="bot"}'] == 90
    assert found['meshline_oldest_pending_seconds{flow="quote_to_cash"}'] == 90
    await world.work()
    found, _ = await scrape(world)
    assert not any(name.startswith("meshline_oldest_pending_seconds") for name in found), "nothing waits"
