"""The whole way of a reconciliation: both sandboxes are listed, what disagrees gets a card, and the fix on the card mends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync.decide import overlays_for
from sync.errors import ConnectorError, IllegalMove
from sync.reconciling.nouns import Kind
from tests.store.words import press
from tests.world import World, small_world

FLOW = "quote_to_cash"


@pytest.fixture
async def billed(tmp_path: Path) -> AsyncIterator[World]:
    """Three deals of three companies, billed; an hour has passed."""
    async with small_world(tmp_path) as world:
        world.parts.reconciling.spools = tmp_path / "spools"
        for number in range(3):
            world.deal(world.company(f"Firm {number}", vat_id=f"DE12345670{number}", domain=f"f{number}.example"))
        await world.deliver()
        world.clock.forward(hours=1)
        yield world


async def reconcile(world: World, *, full: bool = False, by: str = "clock") -> Any:
    return await world.parts.reconciling.run(world.parts.workspace.flow(FLOW), by=by, full=full)


async def kinds(world: World) -> dict[str, Kind]:
    return {each.what.key: each.what.kind for each in await world.store.open_disagreements(FLOW)}


async def test_what_was_billed_agrees_to_the_cent_and_nothing_is_said(billed: World) -> None:
    run = await reconcile(billed)
    assert (run.mode, run.state, run.source_read, run.target_read, run.drifts) == ("full", "done", 3, 3, 0)
    [total] = run.totals
    assert total == {"period": "2026-11", "currency": "EUR", "source_count": 3, "source_minor": 1_494_000,
                     "target_count": 3, "target_minor": 1_494_000}  # fmt: skip
    assert await billed.store.exceptions() == [] and not await billed.store.has_pack("reconciliation", str(run.id))


async def test_a_deal_that_never_arrived_is_found_and_one_press_bills_it(billed: World) -> None:
    world = billed
    world.crm.webhooks.subscriptions.clear()  # nobody is told
    missed = world.deal(world.company("Lost Ltd", vat_id="DE999999990", domain="lost.example"))
    world.clock.forward(hours=1)
    run = await reconcile(world)
    assert run.counts == {"missing": 1} and await kinds(world) == {f"crm-deal-{missed}": Kind.MISSING}
    await world.deliver()
    case = await world.only_case()
    assert (case.reason, case.team, case.money.minor) == ("drift_missing", "finance", 498_000)
    assert f"deals {missed}" in case.violations[0].expected
    await press(world.store, "replay", [case.id], by="U0FAYE0001", now=world.clock())
    await world.settle(seconds=20)
    assert len(world.erp.posted()) == 4
    assert await world.store.exceptions() == [] and await kinds(world) == {}
    assert (await reconcile(world)).drifts == 0


@pytest.mark.slow
async def test_what_somebody_changed_in_the_erp_closes_by_itself_when_it_is_put_back(billed: World) -> None:
    world, books = billed, billed.erp.books
    first = world.erp.posted()[0]
    invoice = books.invoices[first["id"]]
    line = dict(invoice.lines[0]) | {"unit_price_minor": invoice.lines[0]["unit_price_minor"] + 1}
    books.invoices[first["id"]] = replace(invoice, lines=(line, *invoice.lines[1:]))
    world.clock.forward(hours=1)
    run = await reconcile(world)
    assert run.counts == {"bypass": 1} and run.stakes == {"EUR": 2}
    await world.deliver()
    case = await world.only_case()
    assert case.reason == "drift_bypass" and case.four_eyes
    said = case.violations[0].expected
    assert "4,980.02 EUR in erp and 4,980.00 EUR by crm" in said and "contract deal@1.0.0" in said
    world.clock.forward(hours=24)
    again = await reconcile(world)
    assert (again.mode, again.counts) == ("changed", {"bypass": 1})
    assert len(await world.store.exceptions()) == 1  # the same one
    books.invoices[first["id"]] = invoice
    world.clock.forward(hours=24)
    assert (await reconcile(world)).drifts == 0
    await world.deliver()
    assert await world.store.exceptions() == []


@pytest.mark.slow
async def test_two_people_accept_a_difference_as_it_is_and_it_is_not_found_again_until_it_changes(
    billed: World,
) -> None:
    world, books = billed, billed.erp.books
    first = world.erp.posted()[0]
    invoice = books.invoices[first["id"]]
    books.invoices[first["id"]] = replace(invoice, lines=(dict(invoice.lines[0]) | {"quantity": 3},))
    world.clock.forward(hours=1)
    await reconcile(world, full=True)
    await world.deliver()
    case = await world.only_case()
    accepted = overlays_for(case.violations, case.violations, {0: ""})
    given = {"overlays": {case.id: accepted}, "now": world.clock()}
    await press(world.store, "propose", [case.id], by="U0FAYE0001", **given)
    await press(world.store, "approve", [case.id], by="U0PRIYA001", **given)
    await world.deliver()
    assert await world.store.exceptions() == [] and await kinds(world) == {}
    world.clock.forward(hours=1)
    again = await reconcile(world, full=True)
    assert (again.drifts, again.explained) == (0, {"accepted by a person as it is": 1})
    books.invoices[first["id"]] = replace(invoice, lines=(dict(invoice.lines[0]) | {"quantity": 4},))
    world.clock.forward(hours=1)
    assert (await reconcile(world, full=True)).counts == {"bypass": 1}


@pytest.mark.slow
async def test_the_rows_of_a_run_go_into_the_owners_channel_with_their_csv(billed: World) -> None:
    world = billed
    world.erp.books.invoices.pop(world.erp.posted()[0]["id"])
    run = await reconcile(world)
    assert run.counts == {"missing": 1}
    post = await world.store.next_pack(now=world.clock())
    assert post is not None and post.channel == world.parts.workspace.team("revops").channel
    assert "1 record disagrees, 33.33% of all (1 new)" in post.body["text"]
    [rows] = post.files
    head, row = rows.content.decode("utf-8-sig").splitlines()
    assert head.startswith("kind,what,reference") and row.startswith("missing,") and ",4980.00," in row


@pytest.mark.slow
async def test_a_side_that_does_not_answer_concludes_nothing_and_tells_the_owner(billed: World) -> None:
    world = billed
    world.erp.books.invoices.pop(world.erp.posted()[0]["id"])
    await reconcile(world)
    token, world.erp.token = world.erp.token, "changed"
    with pytest.raises(ConnectorError):
        await reconcile(world, full=True)
    failed = (await world.store.runs(FLOW, limit=1))[0]
    assert failed.state == "failed" and "3 records of the source" in failed.detail
    assert len(await kinds(world)) == 1
    world.erp.token = token
    world.clock.forward(minutes=31)
    run = await reconcile(world)
    assert (run.mode, run.state, run.source_read, run.drifts) == ("full", "done", 3, 1)
    assert run.began_at == failed.began_at


@pytest.mark.slow
async def test_many_differences_stop_the_flow_only_where_it_is_armed(billed: World) -> None:
    world = billed
    flow = world.parts.workspace.flow(FLOW)
    world.erp.books.invoices.pop(world.erp.posted()[0]["id"])
    await world.parts.reconciling.run(flow, by="clock")
    assert await world.store.holds() == []
    armed = flow.model_copy(update={"reconcile": flow.reconcile.model_copy(update={"armed": True})})
    await world.parts.reconciling.run(armed, by="clock", full=True)
    [hold] = await world.store.holds()
    assert (hold.scope, hold.key, hold.source) == ("flow", FLOW, "drift") and "33.33%" in hold.why


async def test_the_clock_begins_one_run_a_day_and_not_on_the_first(billed: World) -> None:
    world, at = billed, billed.clock
    assert await world.parts.reconciling.look(at()) == 0
    at.forward(hours=24)
    begun = [await world.parts.reconciling.look(at()) for _ in range(3)]
    assert begun == [1, 0, 0]
    while world.parts.reconciling.under_way:
        await next(iter(world.parts.reconciling.under_way))
    [run] = await world.store.runs(FLOW)
    assert (run.by, run.state) == ("clock", "done")


@pytest.mark.slow
async def test_two_runs_of_one_flow_at_once_are_one(billed: World) -> None:
    world = billed
    held = await world.store.begin_run(FLOW, "full", by="clock", began=world.clock(), now=world.clock())
    assert held is not None
    with pytest.raises(IllegalMove, match="being reconciled already"):
        await reconcile(world)


async def _decide(world: World, value: str) -> None:
    case = await world.only_case()
    given = {"overlays": {case.id: overlays_for(case.violations, case.violations, {0: value})}, "now": world.clock()}
    await press(world.store, "propose", [case.id], by="U0FAYE0001", **given)
    await press(world.store, "approve", [case.id], by="U0PRIYA001", **given)
    await world.settle(seconds=20)


@pytest.mark.parametrize("posted", [False, True], ids=["a draft", "posted"])
async def test_a_second_invoice_under_the_same_reference_is_taken_back_with_one_press_of_two_people(
    billed: World, posted: bool
) -> None:
    world, books = billed, billed.erp.books
    first = books.invoices[world.erp.posted()[0]["id"]]
    twice = replace(first, id="I-90001", number="INV-90001" if posted else "", status="posted" if posted else "draft")
    books.invoices[twice.id] = twice
    world.clock.forward(hours=1)
    assert (await reconcile(world, full=True)).counts == {"duplicate": 1}
    await world.deliver()
    [question] = (await world.only_case()).violations
    assert f"Too many: I-90001. {first.id} stays." in question.expected
    await _decide(world, "take_back")
    assert await world.store.exceptions() == [] and await kinds(world) == {}
    assert books.invoices[first.id] == first and not books.duplicates()
    notes = [each for each in books.invoices.values() if each.kind == "credit_note"]
    assert [(each.credits, each.total_minor) for each in notes] == ([("I-90001", -first.total_minor)] if posted else [])
    assert books.invoices["I-90001"].status == ("posted" if posted else "void")
    world.clock.forward(hours=1)
    assert (await reconcile(world, full=True)).drifts == 0


async def test_whoever_reads_the_report_opens_what_disagrees_by_customer_and_record_by_record(billed: World) -> None:
    world = billed
    world.erp.books.invoices.pop(world.erp.posted()[0]["id"])
    run = await reconcile(world)
    sender = next(each for each in world.parts.jobs._also if "PackSender" in repr(each))
    await sender(world.clock())
    channel = world.parts.workspace.team("revops").channel
    report = next(one for one in world.slack.messages(channel) if "disagrees" in one.text)
    assert (await world.slack.click("U0SAM00001", channel, report.ts, "drifts_customers")).ok
    await world.slack.wait(lambda: "loading" not in world.slack.modals("U0SAM00001")[0]["callback_id"])
    [view] = world.slack.modals("U0SAM00001")
    assert "1 record" in str(view["blocks"][0]) and "Replay: the record is sent round again" in str(view["blocks"])
    assert (await world.slack.modal_click("U0SAM00001", None, "drifts")).ok
    await world.slack.wait(lambda: "has no invoice in erp" in str(world.slack.modals("U0SAM00001")))
    assert run.drifts == 1
