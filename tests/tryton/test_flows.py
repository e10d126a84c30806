"""Every shipped flow with its failing variants, told to a real Tryton: the stories of `tests/examples`, word for word, with only the
connection of the ERP another. After each of them both systems agree, by reconciliation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.examples import test_flows_after, test_flows_orders, test_flows_people
from tests.examples.revenue import EXAMPLE
from tests.tryton.books import Books
from tests.tryton.peer import Peer
from tests.tryton.selling import on_tryton, reconciled
from tests.world import World, small_world

_TOLD = {**vars(test_flows_orders), **vars(test_flows_after), **vars(test_flows_people)}
LONGER = {"test_a_thousand_lines_yen_and_dinars_add_up"}  # its thousand lines are told to Tryton in test_stories
globals().update(
    {
        name: story
        for name, story in _TOLD.items()
        if callable(story) and name.startswith("test_") and name not in LONGER
    }
)


@pytest.fixture
async def world(erp: Peer, tmp_path: Path) -> AsyncIterator[World]:
    workspace = on_tryton(EXAMPLE, tmp_path, erp, timeout="60s")
    async with small_world(tmp_path, workspace=workspace) as made:
        sandbox, made.sandbox.erp = made.sandbox.erp, Books(erp)
        try:
            yield made
            await _agree(made, tmp_path)
        finally:
            made.sandbox.erp = sandbox


async def _agree(world: World, directory: Path) -> None:
    """Each flow that bills is held against the CRM; four of them name their invoices alike, and answer for their own."""
    assert world.erp.duplicates() == ()
    wrote = {each["reference"]: str(each.get("sync_reference")).partition("/")[0] for each in world.erp.invoices()}
    for name, flow in world.parts.workspace.flows.items():
        if any(write.name == "invoice" for write in flow.writes):
            report = await reconciled(world, directory / f"run-{name}", name)
            assert [each for each in report.found if wrote.get(each.key, name) == name] == []
