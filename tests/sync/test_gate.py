"""A record that was made by another version of the contract is stopped at the gate, one cause for all of that version."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.stage import example
from sync.connectors import kinds
from sync.decide import cause_of
from sync.model import Change, Plan, Record, Violations
from sync.prepare import prepare
from sync.questions import Lookups, Question
from sync.workspace.check import check
from sync.workspace.loader import load
from sync.workspace.samples import read_samples
from sync.workspace.workspace import Workspace
from tests.world import World, small_world

FLOW = "flows/quote_to_cash.yaml"
TRIGGER = "  when: {path: dealstage, equals: closedwon}"


class _Nobody(Lookups):
    """No other record has the same value."""

    def of(self, question: Question) -> list[Record]:
        return []


NOBODY_ELSE = _Nobody()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "workspace"
    shutil.copytree(example(), made)
    flow = made / FLOW
    flow.write_text(flow.read_text("utf-8").replace(TRIGGER, f"{TRIGGER}\n  version: made_by", 1), "utf-8")
    return made


@pytest.fixture
def workspace(directory: Path) -> Workspace:
    return load(directory)


@pytest.fixture
def clean(directory: Path) -> Record:
    found = next(one for document, one in read_samples(directory)[0] if document.file.endswith("/clean.yaml"))
    assert found.record is not None
    return found.record


@pytest.mark.parametrize("said", [None, "", "1.0.0", "deal@1.0.0"])
def test_a_record_of_this_version_and_one_that_says_none_pass(
    workspace: Workspace, clean: Record, said: str | None
) -> None:
    found = prepare({**clean, "made_by": said}, workspace.flows["quote_to_cash"], workspace, lookups=NOBODY_ELSE)
    assert isinstance(found, Plan)


@pytest.mark.parametrize("said", ["1.1.0", "deal@2.0.0", "company@1.0.0", "1.0", {"major": 1}])
def test_any_other_is_stopped_before_anything_else_is_judged(workspace: Workspace, clean: Record, said: object) -> None:
    found = prepare({**clean, "made_by": said, "amount": "no amount"}, workspace.flows["quote_to_cash"], workspace)
    assert isinstance(found, Violations)
    [only] = found.found
    assert (only.reason, only.path) == ("contract_mismatch", "made_by")
    assert "deal@1.0.0" in only.expected and cause_of(only, "deals:1") == only.found != ""


def test_a_flow_with_a_gate_needs_a_sample_that_is_stopped_there(directory: Path) -> None:
    [mistake] = check(directory, kinds()).mistakes
    assert mistake.file == FLOW and "contract_mismatch" in mistake.what
    words = "sample: Made by another version\nentity: deals\nlike: clean.yaml\nchanges: {made_by: 9.0.0}\n"
    words += "expect:\n  reasons: [{reason: contract_mismatch, path: made_by}]\n"
    (directory / "samples/deals/another_version.yaml").write_text(words, "utf-8")
    report = check(directory, kinds())
    assert report.ok, [*report.mistakes, *report.samples]


@pytest.fixture
async def gated(tmp_path: Path, directory: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path, workspace=directory) as world:
        yield world


async def test_twenty_records_of_an_unpublished_version_are_one_card_to_the_owner_of_the_contract(
    gated: World, clean: Record
) -> None:
    now = gated.clock()
    for number in range(20):
        record = {**clean, "id": str(number), "made_by": "1.1.0"}
        told = Change(
            entity="deals", record_id=str(number), key=str(number), kind="deal.changed", occurred_at=now, payload=record
        )
        await gated.store.receive("crm", [told], {"deals": ["quote_to_cash"]}, now=now)
    await gated.work()
    [cause] = await gated.causes()
    assert (cause.reason, cause.unresolved, cause.team) == ("contract_mismatch", 20, "sales-ops")
    assert gated.erp.invoices() == []
