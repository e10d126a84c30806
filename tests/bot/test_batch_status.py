"""People see which flows send in batches, since when and why."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

from drawings import NOW, around, refused, texts
from typer.testing import CliRunner

from bot import answers
from bot.__main__ import app
from bot.glance import Works
from store.ledger import Store
from sync.model import Mode
from tests.bot.hands import SAM
from tests.ledgers import ledger_url
from tests.world import MONDAY, World

BATCH = Mode(flow="quote_to_cash", mode="batch", since=NOW - timedelta(minutes=8), why="83/s arrive")


def test_status_names_the_flows_that_send_in_batches_and_only_those() -> None:
    modes = [BATCH, Mode(flow="mirror", mode="event", since=NOW, why="3/s arrive and none waits long")]
    drawn = answers.status([], {}, [], [], {"cards": 0, "messages": 0}, around(), Works(modes=modes))
    assert not refused(drawn)
    said = " ".join(texts(drawn))
    assert "*Quote to cash* sends in batches since" in said and "83/s arrive" in said
    assert "mirror" not in said


async def test_everybody_may_ask_for_it_in_slack(world: World) -> None:
    await world.store.switch("quote_to_cash", "batch", why="83/s arrive", now=MONDAY)
    await world.slack.command(SAM, "C0SALESOPS", "/sync status quote_to_cash")
    assert "sends in batches since" in str(world.slack.ephemerals(SAM)[-1].blocks)
    await world.store.switch("quote_to_cash", "event", why="3/s arrive", now=MONDAY)
    await world.slack.command(SAM, "C0SALESOPS", "/sync status")
    assert "sends in batches" not in str(world.slack.ephemerals(SAM)[-1].blocks)


async def test_the_terminal_says_it_too(tmp_path: Path) -> None:
    store = Store(ledger_url(tmp_path))
    await store.open()
    await store.switch("quote_to_cash", "batch", why="83/s arrive", now=MONDAY)
    await store.switch("mirror", "event", why="3/s arrive", now=MONDAY)
    await store.close()
    environ = {"MESHLINE_DATABASE_URL": ledger_url(tmp_path), "TERM": "dumb", "NO_COLOR": "1"}
    said = await in_a_thread("status", **environ)
    assert "in batches: quote_to_cash since 2026-11-23 09:00 UTC (83/s arrive)" in said
    assert "mirror" not in said
    found = json.loads(await in_a_thread("status", "--json", **environ))
    assert [(one["flow"], one["mode"]) for one in found["modes"]] == [("mirror", "event"), ("quote_to_cash", "batch")]


async def in_a_thread(*words: str, **environ: str) -> str:
    """The command as somebody at a terminal runs it: it has a loop of its own."""
    result = await asyncio.to_thread(lambda: CliRunner().invoke(app, list(words), env=environ))
    assert result.exit_code == 0, result.output
    return result.output
