"""The walk goes on: a clock that stands still, a fix made past Meshline, a morning of one's own, and the week in figures."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.shop import Shop
from tests.browser.test_walk import SIZE, centred, picture, quiet

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

LIGHT = {"viewport": SIZE, "color_scheme": "light"}


async def test_the_clock_of_a_record_stands_still_while_the_customer_is_asked(shop: Shop, look: Open) -> None:
    cause = await shop.one("missing_billing_code", titled="Quill")
    dana = await look(shop, "dana", **LIGHT)
    await quiet(dana)
    card = await dana.card(cause)
    await dana.choose(card, "Stop the clock")
    await dana.modal.get_by_role("combobox").first.select_option(index=1)
    await picture(dana, "24-stop-the-clock")
    await dana.submit()
    await expect(dana.modal).to_have_count(0)
    await expect(card).to_contain_text("stands still")
    await centred(card)
    await picture(dana, "25-clock-stands-still")


async def test_a_card_says_more_from_its_menu_and_takes_the_report_of_a_fix_made_past_meshline(
    shop: Shop, look: Open
) -> None:
    cause = await shop.one("amount_mismatch", titled="Žižkov")
    dana = await look(shop, "dana", **LIGHT)
    await quiet(dana)
    card = await dana.card(cause)
    await card.hover()
    await card.get_by_label("More for this message").click()
    await dana.tab.get_by_role("menuitem", name="Show this exception").click()
    await expect(dana.modal).to_contain_text("Žižkov")
    await picture(dana, "26-show-this-exception")
    await dana.modal.get_by_test_id("action-manual_fix").click()
    await dana.answer("system", "ERP")
    await dana.answer("what", "The invoice is written by hand: 2027-0117.")
    await dana.answer("why", "The customer needed it today.")
    await picture(dana, "27-manual-fix")
    await dana.submit()
    await expect(dana.modal).to_contain_text("on record")


async def test_a_morning_of_ones_own(small_shop: Shop, look: Open) -> None:
    dana = await look(small_shop, "dana", **LIGHT)
    await quiet(dana)
    await dana.tab.get_by_test_id("nav-home").click()
    await dana.tab.get_by_test_id("action-prefer").click()
    await dana.modal.get_by_test_id("field-digest").get_by_role("checkbox").check()
    await dana.modal.get_by_test_id("field-digest_at").fill("08:00")
    await picture(dana, "28-preferences")
    await dana.submit()
    await expect(dana.modal).to_have_count(0)
    await dana.clock(1440)
    await dana.tab.get_by_test_id("tab-messages").or_(dana.tab.get_by_test_id("channel-D0DANA0001")).first.click()
    digest = dana.tab.locator("#main article").first
    await expect(digest).to_contain_text("Your digest")
    await picture(dana, "29-personal-digest")


async def test_the_week_in_figures_comes_on_monday_with_its_chart(small_shop: Shop, look: Open) -> None:
    dana = await look(small_shop, "dana", "revops", **LIGHT)
    await quiet(dana)
    for _ in range(7):
        await dana.clock(1440)
    chart = dana.tab.locator("#main .file-picture img, #main .block.image img").first
    await expect(chart).to_be_visible(timeout=20_000)
    assert await chart.get_attribute("alt")
    await centred(chart)
    await picture(dana, "30-weekly-pack")
    pack = dana.tab.locator("article", has_text="Operations pack").last
    await pack.locator(".replies").click()
    await expect(dana.thread.locator(".file-chip")).to_contain_text(".csv")
