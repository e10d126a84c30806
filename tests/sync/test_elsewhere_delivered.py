"""A delivery asks other systems before it writes: it waits out their outage, and their answer opens a case or lets it through."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.stage import example
from tests.world import World, small_world

CHECKS = """
checks:
  - {check: lookup, path: id, connection: erp, entity: customer, key: "crm-company-{company.id}", label: Company}
  - {check: credit, path: amount, connection: erp, entity: customer, key: "crm-company-{company.id}", limit: name}
"""


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[World]:
    directory = shutil.copytree(example(), tmp_path / "workspace")
    flow = directory / "flows" / "quote_to_cash.yaml"
    text = flow.read_text(encoding="utf-8")
    assert text.count("\nchecks:\n") == 1
    flow.write_text(text.replace("\nchecks:\n", CHECKS), encoding="utf-8")
    async with small_world(tmp_path, workspace=directory) as world:
        yield world


async def test_an_outage_of_the_system_that_is_asked_is_waited_out_and_is_never_an_answer(asking: World) -> None:
    asking.erp.faults.outage = True
    asking.deal(asking.company())
    await asking.deliver()
    assert await asking.store.exceptions() == []
    asking.erp.faults.outage = False
    await asking.settle(seconds=2)
    [case] = await asking.store.exceptions()
    found = {(each.reason, each.path) for each in case.violations}
    assert found == {("unknown_value", "id"), ("credit_exceeded", "amount")}
    assert asking.erp.customers() == []


async def test_nobody_is_asked_about_a_record_that_is_wrong_anyway(asking: World) -> None:
    asking.deal(asking.company(), billing_code="")
    await asking.deliver()
    [case] = await asking.store.exceptions()
    assert [each.reason for each in case.violations] == ["missing_billing_code"]
    assert asking.erp.request_log == ()
