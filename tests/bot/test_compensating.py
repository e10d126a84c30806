"""What was billed and is wrong by now: people see what is credited and what is billed instead, two of them agree, and it is done
once, whatever happens on the way. A draft that nobody wants any more goes by itself."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.stage import example
from sync.connectors import kinds
from sync.errors import Mistake, Rejected
from sync.workspace.loader import attempt
from tests.bot.hands import FAYE, PRIYA, only_cause, press
from tests.world import World, small_world

FLOW = "flows/quote_to_cash.yaml"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path) as made:
        yield made


async def billed(world: World) -> str:
    deal = world.deal(world.company())
    await world.work()
    return deal


async def agree(world: World) -> None:
    """Two people, one after the other."""
    cause = await only_cause(world)
    assert (await press(world, FAYE, cause, "resolve")).ok
    assert (await world.slack.submit(FAYE, {"q0": "accept"})).ok
    await world.work()
    assert (await press(world, PRIYA, await only_cause(world), "approve")).ok
    await world.work()
    world.clock.forward(seconds=1)  # what was credited is billed anew a moment later
    await world.work()


def dearer(world: World, deal: str) -> None:
    """Two workstations at 2,490.00 become 2,739.00 each."""
    [line] = [one["id"] for one in world.crm.deal(deal)["lines"]]
    world.crm.update("line_items", line, {"price": "2739.00"})
    world.crm.update("deals", deal, {"amount": "5478.00"})


def documents(world: World) -> list[tuple[str, int, str]]:
    return [(one["reference"], one["total_minor"], one["status"]) for one in world.erp.invoices()]


async def test_an_invoice_whose_deal_changed_is_credited_and_billed_anew_once_two_people_saw_both_amounts(
    world: World,
) -> None:
    deal = await billed(world)
    dearer(world, deal)
    await world.work()
    case = await world.only_case()
    [asked] = case.violations
    assert (case.reason, case.four_eyes, asked.found) == ("to_credit", True, "INV-00001 over 4,980.00 EUR")
    assert asked.expected.startswith("Credit INV-00001 over 4,980.00 EUR and bill 5,478.00 EUR instead: ")
    assert documents(world) == [(f"crm-deal-{deal}", 498000, "posted")], "nothing before they agreed"
    await agree(world)
    assert documents(world) == [
        (f"crm-deal-{deal}", 498000, "posted"),
        (f"crm-deal-{deal}-credit", -498000, "posted"),
        (f"crm-deal-{deal}-v2", 547800, "posted"),
    ]
    assert world.erp.totals() == {"EUR": 547800} and world.erp.duplicates() == ()
    assert world.crm.deal(deal)["invoice_number"] == "INV-00002"
    assert await world.store.exceptions() == []


async def test_reconciliation_knows_what_was_credited_and_what_stands_for_it_now(world: World, tmp_path: Path) -> None:
    deal = await billed(world)
    dearer(world, deal)
    await world.work()
    await agree(world)
    world.clock.forward(hours=1)
    reconciling = world.parts.reconciling
    reconciling.spools = tmp_path / "spools"
    flow = world.parts.workspace.flow("quote_to_cash")
    assert (await reconciling.run(flow, by="clock", full=True)).counts == {}
    [second] = [each for each in world.erp.books.posted() if each.reference.endswith("-v2")]
    line = dict(second.lines[0]) | {"quantity": 3}
    world.erp.books.invoices[second.id] = replace(second, lines=(line,))
    world.clock.forward(hours=1)
    run = await reconciling.run(flow, by="clock", full=True)
    assert (run.counts, dict(run.stakes)) == ({"bypass": 1}, {"EUR": 273900})


async def test_what_was_agreed_to_counts_for_what_was_shown_and_for_nothing_later(world: World) -> None:
    deal = await billed(world)
    dearer(world, deal)
    await world.work()
    cause = await only_cause(world)
    assert (await press(world, FAYE, cause, "resolve")).ok
    assert (await world.slack.submit(FAYE, {"q0": "accept"})).ok
    await world.work()
    world.crm.update("deals", deal, {"billing_code": "BC-DE-2002"})
    assert (await press(world, PRIYA, await only_cause(world), "approve")).ok
    await world.work()
    assert documents(world) == [(f"crm-deal-{deal}", 498000, "posted")]
    assert "BC-DE-2002" in (await world.only_case()).violations[0].expected


@pytest.mark.slow
async def test_the_credit_and_the_new_invoice_are_made_once_though_every_answer_is_lost(world: World) -> None:
    deal = await billed(world)
    dearer(world, deal)
    await world.work()
    world.erp.faults.lose_answer_for = {
        (f"crm-deal-{deal}-credit", "credit"), (f"crm-deal-{deal}-v2", "create"), (f"crm-deal-{deal}-v2", "post"),
    }  # fmt: skip
    await agree(world)
    await world.settle(seconds=31)
    assert [total for _, total, _ in documents(world)] == [498000, -498000, 547800]
    assert world.erp.totals() == {"EUR": 547800}
    assert await world.store.exceptions() == []


@pytest.mark.slow
async def test_a_second_change_credits_the_second_invoice_and_not_the_first_again(world: World) -> None:
    deal = await billed(world)
    dearer(world, deal)
    await world.work()
    await agree(world)
    world.crm.update("deals", deal, {"billing_code": "BC-DE-2002"})
    await world.work()
    assert (await world.only_case()).violations[0].found == "INV-00002 over 5,478.00 EUR"
    await agree(world)
    assert [total for _, total, _ in documents(world)] == [498000, -498000, 547800, -547800, 547800]
    assert documents(world)[-1][0] == f"crm-deal-{deal}-v3" and world.erp.totals() == {"EUR": 547800}


async def test_a_deal_that_is_reopened_after_it_was_billed_is_credited_once_agreed_and_billed_anew_when_won_again(
    world: World,
) -> None:
    deal = await billed(world)
    world.crm.update("deals", deal, {"dealstage": "contractsent"})
    await world.work()
    [asked] = (await world.only_case()).violations
    assert asked.expected.startswith("Credit INV-00001 over 4,980.00 EUR and bill nothing instead: ")
    await agree(world)
    assert world.erp.totals() == {"EUR": 0} and await world.store.exceptions() == []
    world.crm.update("deals", deal, {"dealname": "renamed"})
    await world.work()
    assert len(documents(world)) == 2 and await world.store.exceptions() == []
    world.crm.update("deals", deal, {"dealstage": "closedwon"})
    await world.work()
    assert documents(world)[-1] == (f"crm-deal-{deal}-v2", 498000, "posted")
    assert world.erp.totals() == {"EUR": 498000} and world.erp.duplicates() == ()


@pytest.mark.slow
async def test_a_draft_of_a_deal_that_is_called_off_is_voided_by_itself_and_drawn_up_anew_when_it_is_won(
    world: World,
) -> None:
    deal = world.deal(world.company())
    post = world.parts.connections["erp"].post

    async def refused(entity: str, target_id: str) -> Any:
        raise Rejected("the tax code is missing")

    world.parts.connections["erp"].post = refused
    await world.work()
    assert [status for _, _, status in documents(world)] == ["draft"]
    world.parts.connections["erp"].post = post
    world.crm.update("deals", deal, {"dealstage": "contractsent"})
    await world.work()
    assert documents(world) == [(f"crm-deal-{deal}", 498000, "void")]
    world.crm.update("deals", deal, {"dealstage": "closedwon"})
    await world.work()
    assert documents(world)[-1] == (f"crm-deal-{deal}-v2", 498000, "posted")


@pytest.mark.slow
async def test_what_derives_from_a_credited_record_is_worked_out_anew_by_the_flow_that_says_how(tmp_path: Path) -> None:
    """Here the flow that derives something is told by its deliveries: one more, of its own kind, once the credit is made."""
    directory = tmp_path / "workspace"
    shutil.copytree(example(), directory)
    text = (directory / FLOW).read_text(encoding="utf-8")
    derived = text[: text.index("  - name: invoice\n")].replace("flow: quote_to_cash\n", "flow: commissions\n", 1)
    left_out = ("synthetic:", "receipts:", "reconcile:", "write_back:")
    derived = "\n".join(line for line in derived.splitlines() if not line.startswith(left_out)) + "\n"
    (directory / "flows/commissions.yaml").write_text(derived, encoding="utf-8")
    again = text.replace("dated: issue_date}", "dated: issue_date, recompute: [commissions]}", 1)
    (directory / FLOW).write_text(again, encoding="utf-8")
    async with small_world(tmp_path, workspace=directory) as world:
        deal = await billed(world)
        await world.settle()  # two flows that write one customer go one after the other
        dearer(world, deal)
        await world.settle()
        await world.work()
        before = await recomputed(world)
        await agree(world)
        await world.settle()
        assert (before, await recomputed(world)) == ([], [("commissions", "delivered")])


async def recomputed(world: World) -> list[tuple[str, str]]:
    """The deliveries that began with a compensation."""
    events = [event for event, _ in await world.store.recent_events() if event.kind == "recompute"]
    stories = [await world.store.trace(event.id) for event in events]
    return [(one["flow"], one["state"]) for story in stories for one in story["deliveries"]]


def changed(tmp_path: Path, old: str, new: str) -> list[Mistake]:
    directory = tmp_path / "workspace"
    shutil.copytree(example(), directory)
    text = (directory / FLOW).read_text(encoding="utf-8")
    assert old in text
    (directory / FLOW).write_text(text.replace(old, new, 1), encoding="utf-8")
    return attempt(directory, kinds())[1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{operation: void, safe: true}", "{operation: credit, entity: credit_note}", "`credit` takes back a post"),
        ("entity: credit_note, dated", "entity: customer, dated", "erp makes no credit notes of customer"),
        ("dated: issue_date}", "dated: issue_date, safe: true}", "safe"),
        (
            "{operation: void, safe: true}",
            "{operation: void, recompute: [commissions]}",
            "no flow called 'commissions'",
        ),
    ],
)
def test_a_compensation_that_cannot_be_carried_out_is_a_mistake_of_the_flow(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    [mistake] = changed(tmp_path, old, new)
    assert words in f"{mistake.what} {mistake.right}"
