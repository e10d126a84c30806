"""The two systems are compared: invoices that are there twice are found, told, and put right on their card."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.shop import Shop
from tests.browser.test_walk import SIZE, centred, picture, quiet

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_what_is_billed_twice_is_found_and_taken_back(small_shop: Shop, look: Open) -> None:
    shop, parts = small_shop, small_shop.stage.parts
    books = shop.stage.world.erp.books
    first, second = [each for each in books.posted() if each.kind == "invoice"][:2]
    books.invoices["I-90001"] = replace(first, id="I-90001", number="INV-90001")
    books.invoices["I-90002"] = replace(second, id="I-90002", number="INV-90002")
    shop.stage.clock.forward(timedelta(hours=1))
    assert parts.reconciling is not None
    with tempfile.TemporaryDirectory() as folder:
        parts.reconciling.spools = Path(folder)
        run = await parts.reconciling.run(parts.workspace.flow("quote_to_cash"), by="clock", full=True)
    assert run.counts == {"duplicate": 2}
    await shop.until("drift_duplicate")
    omar = await look(shop, "omar", "revops", color_scheme="light", viewport=SIZE)
    await quiet(omar)
    report = omar.tab.locator("article", has_text="Reconciliation").last
    await expect(report).to_contain_text("2 records disagree")
    await centred(report)
    await picture(omar, "31-reconciliation")
    await report.get_by_role("button", name="Show all").click()
    await expect(omar.modal).to_contain_text("What to do")
    await picture(omar, "32-by-customer")
    await omar.modal.get_by_role("button", name="By record").click()
    await expect(omar.modal.get_by_text("is in erp 2 times")).to_have_count(2)
    await omar.tab.keyboard.press("Escape")

    faye = await look(shop, "faye", "finance", color_scheme="light", viewport=SIZE)
    await quiet(faye)
    cause = await shop.one("drift_duplicate")
    card = await faye.card(cause)
    await expect(card).to_contain_text("2 records")
    await centred(card)
    await picture(faye, "33-billed-twice")
    await faye.press(card, "resolve")
    await faye.modal.locator("select").first.select_option("take_back")
    await faye.submit()
    await faye.act_as("priya")
    await faye.press(card, "approve")
    await faye.tab.get_by_test_id("confirm-yes").click()
    await expect(card).to_contain_text("approved what Faye Lindqvist proposed")
    await centred(card)
    await picture(faye, "34-taken-back")
    for _ in range(100):
        notes = {each.credits: each.total_minor for each in books.posted() if each.kind == "credit_note"}
        if len(notes) == 2:
            break
        await faye.tab.wait_for_timeout(50)
    assert notes == {"I-90001": -first.total_minor, "I-90002": -second.total_minor}
