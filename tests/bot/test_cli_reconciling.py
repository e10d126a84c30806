"""`meshline reconcile`: the answer is yes or no, and the rows go into a file."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from tests.world import small_world


@pytest.mark.slow
async def test_the_command_line_compares_and_writes_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with small_world(tmp_path) as world:
        world.clock.now = datetime.now(UTC) - timedelta(hours=2)  # the command line has the real clock
        world.deal(world.company())
        world.deal(world.company("Beta", vat_id="DE999999999", domain="beta.example"))
        await world.deliver()
        for name, value in world.environ.items():
            monkeypatch.setenv(name, value)

        async def ask(*words: str) -> tuple[int, str]:
            result = await asyncio.to_thread(CliRunner().invoke, app, ["reconcile", "quote_to_cash", *words])
            return result.exit_code, result.output

        said = json.loads((await ask("--json"))[1])
        assert (said["mode"], said["state"], said["source_read"], said["disagree"]) == ("full", "done", 2, 0)
        world.erp.books.invoices.pop(world.erp.posted()[0]["id"])
        code, told = await ask("--whole", "--csv", str(tmp_path / "rows.csv"))
        assert code == 1 and "1 record disagrees" in told and "missing in the target: 1" in told
        assert (tmp_path / "rows.csv").read_text("utf-8-sig").count("\n") == 2
