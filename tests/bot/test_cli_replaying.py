"""`contracts replay`: recorded events under two versions, every differing field by name, and an exit code for a pipeline."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.stage import example
from store.ledger import Store
from sync.mapping import put
from sync.model import Change
from tests.bot.test_cli import Terminal, terminal
from tests.sync.test_replaying import CLEAN, FLOW
from tests.world import MONDAY

__all__ = ["terminal"]


def happened(terminal: Terminal, many: int) -> None:
    """So many clean deals came in."""

    async def receive() -> None:
        store = Store(str(terminal.environ["MESHLINE_DATABASE_URL"]))
        await store.open()
        deals = [put(CLEAN, "id", str(number)) for number in range(many)]
        for start in range(0, many, 500):
            changes = [
                Change(entity="deals", record_id=deal["id"], key=deal["id"], kind="k", occurred_at=MONDAY, payload=deal)
                for deal in deals[start : start + 500]
            ]
            await store.receive("crm", changes, {"deals": ["quote_to_cash"]}, now=MONDAY)
        await store.close()

    asyncio.run(receive())


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The example with other unit prices and another key."""
    directory = tmp_path / "other"
    shutil.copytree(example(), directory)
    words = (directory / FLOW).read_text(encoding="utf-8")
    for before, after in (("from: price, transform: minor_units", "from: quantity, transform: minor_units"),
                          ('key: "crm-deal-{id}"', 'key: "deal-{id}"')):  # fmt: skip
        assert before in words
        words = words.replace(before, after)
    (directory / FLOW).write_text(words, encoding="utf-8")
    return directory


def fields(found: Any) -> dict[str, int]:
    return {f"{each['write']}.{each['path']}": each["records"] for each in found["fields"]}


def test_two_versions_that_differ_say_where_and_end_with_one(terminal: Terminal, other: Path) -> None:
    happened(terminal, 3)
    result = terminal.run("contracts", "replay", str(example()), str(other))
    assert result.exit_code == 1, result.output
    assert "quote_to_cash: 3 × invoice.lines[*].unit_price_minor" in result.stdout
    assert "deals:2 (event 3) lines[0].unit_price_minor: 249000 → 200" in result.stdout
    assert "3 records under both versions: 3 differ" in result.stdout
    assert "total: 17,880.00 EUR → 17,880.00 EUR, difference 0.00 EUR" in result.stdout
    found = json.loads(terminal.run("contracts", "replay", str(example()), str(other), "--json").stdout)
    assert fields(found) == {"invoice.@key": 3, "invoice.lines[*].unit_price_minor": 3, "posted.@key": 3}
    assert found["totals"] == [{"currency": "EUR", "before": 1_788_000, "after": 1_788_000, "difference": 0}]


def test_equal_versions_end_with_nought_and_misuse_with_two(terminal: Terminal, tmp_path: Path) -> None:
    happened(terminal, 2)
    here = str(example())
    assert "2 records under both versions: no difference" in terminal.says("contracts", "replay", here, here)
    assert "1 records" in terminal.says("contracts", "replay", here, here, "--limit", "1")
    assert "0 records" in terminal.says("contracts", "replay", here, here, "--since", "2026-12-24")
    assert "not a directory" in terminal.refuses(2, "contracts", "replay", here, str(tmp_path / "none"))
    assert "no flow called x" in terminal.refuses(2, "contracts", "replay", here, here, "--flow", "x")
    assert "not a day or moment" in terminal.refuses(2, "contracts", "replay", here, here, "--since", "soon")
    (tmp_path / "broken").mkdir()
    assert "meshline.yaml:1:" in terminal.refuses(2, "contracts", "replay", here, str(tmp_path / "broken"))


@pytest.mark.slow
def test_ten_thousand_recorded_events_are_compared_within_a_minute(terminal: Terminal, other: Path) -> None:
    happened(terminal, 10_000)
    began = time.perf_counter()
    found = json.loads(terminal.run("contracts", "replay", str(example()), str(other), "--json").stdout)
    seconds = time.perf_counter() - began
    assert fields(found) == {
        "invoice.@key": 10_000, "invoice.lines[*].unit_price_minor": 10_000, "posted.@key": 10_000,
    }  # fmt: skip
    assert seconds < 60, seconds
    print(f"10,000 recorded events under two versions in {seconds:.1f} s")
