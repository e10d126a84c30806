"""The controls of the fault matrix: with a protection taken out of a copy of the program, the same kills do harm, and the
oracle finds it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from tests.faults.orders import plan
from tests.faults.plant import plant
from tests.faults.story import changed_tree, company, verdict_on

pytestmark = [pytest.mark.slow, pytest.mark.alone]

_WITHOUT_LOOKING = (
    ("sync/writing.py", "if look_first:", "if False:"),
    ("bot/poster.py", "if ts is None and card.unsure:", "if False:"),
)


async def test_without_looking_before_repeating_the_oracle_finds_doubles(tmp_path: Path) -> None:
    """The control: the same kills of a copy of the program that repeats without looking what became of its first try."""
    async with company(tmp_path, seed=1, tree=changed_tree(tmp_path / "tree", _WITHOUT_LOOKING)) as story:
        selling = asyncio.create_task(story.sales.sell(34, seconds=2))
        assert await story.kill_at("invoice", 2)
        assert await story.kill_at("card", 1)
        await selling
        verdict = await verdict_on(story, patience=60)
    assert any("committed 2 times" in words for words in verdict.doubled), verdict
    assert any("has 2 cards" in words for words in verdict.cards), verdict


async def test_without_a_quarantine_the_oracle_finds_what_was_committed_late_doubled(tmp_path: Path) -> None:
    """The control: a write whose answer is lost is read back at once, before the target has committed it."""
    changes = [("meshline.yaml", "quarantine: 4s", "quarantine: 1ms")]
    async with plant(tmp_path, seed=1, changes=changes) as built:
        await built.target.weather(gone=0.2)
        await built.sender().send(plan(Random(1), 200, customers=40))
        verdict = await built.judge()
    assert len(verdict.doubled) > 10, verdict


async def test_without_the_order_of_its_customer_the_oracle_finds_old_states_after_new_ones(tmp_path: Path) -> None:
    """The control: events of one customer that are told to be about many are not kept in order."""
    changes = [("meshline.yaml", "id: customer", "id: order")]
    async with plant(tmp_path, seed=1, changes=changes) as built:
        await built.target.weather(refused=0.3)
        await built.sender().send(plan(Random(1), 200, customers=10))
        verdict = await built.judge()
    assert len(verdict.reordered) > 3, verdict
