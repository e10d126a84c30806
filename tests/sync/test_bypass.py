"""Somebody changes in the CRM what only Meshline writes."""

from __future__ import annotations

import pytest

from store.ledger import Store
from sync.errors import IllegalMove
from sync.model import Overlay
from tests.store.words import press, rows
from tests.world import World


async def billed(world: World) -> str:
    deal = world.deal(world.company())
    await world.settle()
    return deal


async def changed(world: World, deal: str, **fields: str) -> None:
    world.crm.update("deals", deal, fields)
    await world.settle()


async def test_a_field_that_only_meshline_writes_is_changed_and_one_case_tells_of_it(world: World) -> None:
    deal = await billed(world)
    assert await world.store.bypasses() == []
    await changed(world, deal, billing_status="paid")
    await changed(world, deal, dealname="another name")
    case = await world.only_case()
    assert (case.reason, case.four_eyes, case.team) == ("bypassed", True, "revops")
    assert "billing_status was billed and is paid" in case.detail
    [kept] = await world.store.bypasses()
    assert (kept.what.subject, str(kept.what.money)) == (f"deals:{deal}", "4,980.00 EUR")
    assert len(world.erp.posted()) == 1


async def test_what_meshline_wrote_is_put_back_once_two_people_agreed(world: World) -> None:
    deal = await billed(world)
    await changed(world, deal, invoice_number="", billing_status="paid")
    await decide(world, "put_back")
    assert (world.crm.deal(deal)["billing_status"], world.crm.deal(deal)["invoice_number"]) == ("billed", "INV-00001")
    assert await world.store.exceptions() == []
    [kept] = await world.store.bypasses()
    assert (kept.decision, kept.lesson) == ("put_back", "")


async def test_what_was_let_stand_is_not_told_of_again_but_the_next_change_is(world: World) -> None:
    deal = await billed(world)
    await changed(world, deal, billing_status="paid")
    await decide(world, "accept")
    await changed(world, deal, dealname="another name")
    assert await world.store.exceptions() == [] and world.crm.deal(deal)["billing_status"] == "paid"
    await changed(world, deal, billing_status="disputed")
    assert (await world.only_case()).reason == "bypassed"


async def test_who_puts_it_back_by_hand_and_presses_replay_is_through(world: World) -> None:
    deal = await billed(world)
    await changed(world, deal, billing_status="paid")
    await changed(world, deal, billing_status="billed")
    case = await world.only_case()
    await press(world.store, "replay", [case.id], now=world.clock.now)
    await world.settle()
    assert await world.store.exceptions() == []


async def test_our_own_write_that_comes_back_as_a_change_is_none(world: World) -> None:
    await billed(world)
    [[events]] = await rows(world.store, "SELECT count(*) FROM events")
    assert events > 1  # what we wrote was heard of
    assert await world.store.bypasses(unlearned=False) == []


async def test_a_bypass_stays_on_the_list_until_one_person_says_what_changes_in_the_runbook(world: World) -> None:
    deal = await billed(world)
    await changed(world, deal, billing_status="paid")
    await decide(world, "accept")
    [kept] = await world.store.bypasses()
    store: Store = world.store
    await store.learn(kept.id, "sales may not edit billing fields", postmortem="…", by="UOMAR", now=world.clock.now)
    assert await store.bypasses() == []
    with pytest.raises(IllegalMove, match="already"):
        await store.learn(kept.id, "something else", postmortem="…", by="UMIRA", now=world.clock.now)
    [learned] = await store.bypasses(unlearned=False)
    assert (learned.lesson, learned.lesson_by) == ("sales may not edit billing fields", "UOMAR")


async def decide(world: World, what: str) -> None:
    """One proposes, another approves, and it is carried out."""
    case = await world.only_case()
    found = case.violations[0].found
    answer = Overlay(path="decision", found=found, action="set", value=what, reason="bypassed")
    await press(world.store, "propose", [case.id], by="UOMAR", overlays={case.id: (answer,)}, now=world.clock.now)
    await press(world.store, "approve", [case.id], by="UPRIYA", now=world.clock.now)
    await world.settle()
