"""Packs, the checklist and digests on the command line: anybody can look at them without Slack."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.__main__ import app
from tests.world import World

WEEK = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


async def said(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    return await asyncio.to_thread(CliRunner().invoke, app, [*words])


@pytest.mark.slow
async def test_a_pack_is_written_with_its_charts_and_rows_where_somebody_wants_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for now in (datetime(2026, 11, 11, 10, 0, tzinfo=UTC), WEEK):
        world.clock.now = now
        world.deal(world.company(), billing_code="")
        await world.deliver()
    out = tmp_path / "pack"
    done = await said(world, monkeypatch, "pack", "weekly", "--at", "2026-11-23T08:00", "--out", str(out))
    assert done.exit_code == 0, done.output
    assert done.output.startswith(
        "Operations pack for Northwind Trading, week of 16 November 2026: 1 exception from 1 event"
    )
    names = {one.name for one in out.iterdir()}
    assert names == {"message.json", "trend.png", "reasons.png", "weekly-2026-11-16.csv"}
    message: dict[str, Any] = json.loads((out / "message.json").read_text(encoding="utf-8"))
    assert message["blocks"] and "EX-2" in (out / "weekly-2026-11-16.csv").read_text(encoding="utf-8-sig")
    monthly = await said(world, monkeypatch, "pack", "monthly", "--at", "2026-12-02", "--json")
    assert json.loads(monthly.output)["text"].startswith("Governance pack for Northwind Trading, November 2026")
    refused = await said(world, monkeypatch, "pack", "weekly", "--at", "soon")
    assert refused.exit_code == 2 and "not a day" in refused.output


async def test_the_checklist_and_the_digests_are_there_without_slack(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.clock.now = datetime.now(UTC)
    world.deal(world.company(), billing_code="")
    await world.deliver()
    listed = await said(world, monkeypatch, "checklist")
    assert listed.exit_code == 0 and len(listed.output.splitlines()) == 11 and "No exception is late" in listed.output
    items = json.loads((await said(world, monkeypatch, "checklist", "--json")).output)
    assert {"title", "well", "evidence", "look"} == set(items[0])
    told = await said(world, monkeypatch, "digest", "sales-ops")
    assert told.output.startswith("Digest for Sales Operations: 1 came")
    assert (await said(world, monkeypatch, "digest", "finance")).output.strip() == "nothing to tell"
    nobody = await said(world, monkeypatch, "digest", "nobody")
    assert nobody.exit_code == 1 and "no team called nobody" in nobody.output
