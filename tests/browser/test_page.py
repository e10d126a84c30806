"""The page in a real browser, as the people of the company use it. Time moves only by the page's own clock buttons."""

from __future__ import annotations

import os
import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.screen import IMAGES
from tests.browser.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

_PICTURES = bool(os.environ.get("UPDATE_SCREENSHOTS"))


async def test_the_page_opens_on_the_cards_of_the_channel(shop: Shop, look: Open) -> None:
    dana = await look(shop, "dana")
    await expect(dana.tab.locator("article")).not_to_have_count(0)
    await expect(dana.tab.locator(".story-line")).to_contain_text("invoices are posted")
    await dana.go("finance")
    await expect(dana.tab.get_by_test_id("nav-home")).to_contain_text("Meshline")
    assert "AtlasPro" in await dana.text_of("sales-ops")


async def test_a_missing_billing_code_is_filled_in_and_the_card_turns_resolved(shop: Shop, look: Open) -> None:
    cause = await shop.one("missing_billing_code", titled="Königsblau")
    dana = await look(shop, "dana")
    card = await dana.card(cause)
    await dana.press(card, "resolve")
    await dana.submit()
    await expect(dana.modal.get_by_test_id("error-q0")).to_have_text("Please complete this required field.")
    await expect(dana.modal.get_by_test_id("field-q0")).to_be_focused()
    await dana.answer("q0", "BC-DE-2002")
    await dana.submit()
    await expect(dana.modal).to_have_count(0)
    await expect(card).to_contain_text("Resolved · Billing code is missing")
    await expect(card).to_contain_text("Dana Okafor decided: Billing code is “BC-DE-2002”.")
    await expect(card.get_by_test_id("action-resolve")).to_have_count(0)
    await expect(card.locator(".replies")).to_contain_text("repl")
    assert (await shop.billed(cause))["billing_code"] == "BC-DE-2002"


async def test_an_answer_that_cannot_be_right_is_told_beside_its_field(shop: Shop, look: Open) -> None:
    cause = await shop.one("invalid_amount", titled="Peñafiel")
    dana = await look(shop, "dana")
    card = await dana.card(cause)
    await dana.press(card, "resolve")
    await dana.answer("q0_other", "about 40,000")
    await dana.submit()
    await expect(dana.modal.get_by_test_id("error-q0")).to_contain_text("Enter digits, such as 1234.56.")
    await expect(dana.modal.get_by_test_id("field-q0_other")).to_have_value("about 40,000")
    await dana.tab.keyboard.press("Escape")
    await expect(dana.modal).to_have_count(0)
    assert (await shop.cause(cause.id)).unresolved == 1


async def test_one_click_uses_the_suggestion_for_every_record_of_the_card(shop: Shop, look: Open) -> None:
    cause = await shop.one("unknown_product")
    dana = await look(shop, "dana")
    card = await dana.card(cause)
    await expect(card).to_contain_text(f"{cause.unresolved} records stopped for one cause.")
    await expect(card).to_contain_text("Product is “AtlasPro”")
    await dana.press(card, "suggest")
    await expect(dana.confirm).to_contain_text(f"{cause.unresolved} records worth")
    await dana.tab.get_by_test_id("confirm-no").click()
    await expect(card.get_by_test_id("action-suggest")).to_be_focused()
    assert (await shop.cause(cause.id)).unresolved == cause.unresolved
    await dana.press(card, "suggest")
    await dana.tab.get_by_test_id("confirm-yes").click()
    await expect(card).to_contain_text("Resolved · Product is not in the price list")
    await expect(card).to_contain_text("Product “AtlasPro” means “Atlas Pro”.")
    await shop.billed(cause)


async def test_a_viewer_is_refused_where_everybody_can_see_it_and_nothing_changes(shop: Shop, look: Open) -> None:
    cause = await shop.one("missing_payment_terms", titled="Fährhaus")
    sam = await look(shop, "sam")
    card = await sam.card(cause)
    await sam.press(card, "take")
    await expect(sam.toast).to_contain_text("This is for Sales Operations: Dana Okafor (owner)")
    await expect(sam.whispers.last).to_contain_text("Nothing was changed.")
    assert (await shop.cause(cause.id)).version == cause.version
    await sam.act_as("ben")
    await expect(sam.tab.locator(".actor-title")).to_have_text("Sales Ops")
    await expect(sam.whispers).to_have_count(0)


async def test_what_a_command_answers_is_seen_at_once_and_by_nobody_else(shop: Shop, look: Open) -> None:
    dana = await look(shop, "dana")
    await dana.say("/sync status")
    await expect(dana.whispers.last).to_contain_text("Quote to cash:")
    await expect(dana.whispers.last).to_contain_text("Only visible to you")
    await expect(dana.whispers.last).to_be_in_viewport()
    await dana.say("/sync exceptions")
    await expect(dana.whispers.last).to_contain_text("Open exceptions")
    await dana.say("/sync statsu")
    await expect(dana.whispers.last).to_contain_text("Did you mean /sync status?")
    await expect(dana.whispers.last).to_be_in_viewport()
    await expect(dana.whispers).to_have_count(3)
    await dana.say("/sync help")
    await dana.say("/sync status")  # written before the first was answered
    await expect(dana.whispers).to_have_count(5)
    await dana.act_as("ben")
    await expect(dana.tab.locator(".actor-title")).to_have_text("Sales Ops")
    await expect(dana.whispers).to_have_count(0)


async def test_class_a_needs_a_second_person_and_never_the_proposer(shop: Shop, look: Open) -> None:
    cause = await shop.one("price_off_list")
    faye = await look(shop, "faye", "finance")
    card = await faye.card(cause)
    await faye.press(card, "resolve")
    await faye.modal.get_by_role("radio", name="as it stands").check()
    await faye.submit()
    await expect(card).to_contain_text("A second person has to agree.")
    await faye.press(card, "approve")
    await faye.tab.get_by_test_id("confirm-yes").click()
    await expect(faye.toast).to_contain_text("Priya Raman")
    assert shop.invoice(cause) is None
    await faye.act_as("priya")
    await faye.press(card, "approve")
    await expect(faye.confirm).to_contain_text("as the second person")
    await faye.tab.get_by_test_id("confirm-yes").click()
    await expect(card).to_contain_text("Priya Raman approved what Faye Lindqvist proposed: Unit price")
    await shop.billed(cause)


async def test_the_home_tab_of_dana_lists_what_is_hers_and_its_buttons_work(shop: Shop, look: Open) -> None:
    cause = await shop.one("missing_payment_terms", titled="Fährhaus")
    dana = await look(shop, "dana")
    await dana.tab.get_by_test_id("nav-home").click()
    home = dana.tab.locator(".home-content")
    await expect(home).to_contain_text("My exceptions ·")
    await expect(home).to_contain_text("My team's queue ·")
    await expect(home).to_contain_text("Nothing is held or paused.")
    row = home.locator(".section", has_text=f"{cause.first[0].ref} · Fährhaus").first
    await row.get_by_test_id("action-resolve").click()
    await dana.modal.get_by_test_id("field-q0").select_option("NET30")
    await dana.submit()
    await expect(dana.modal).to_have_count(0)
    await expect(row).to_have_count(0)
    assert (await shop.billed(cause))["payment_terms"] == "NET30"


async def test_the_menu_behind_three_dots_snoozes_hands_over_and_tells_the_story(shop: Shop, look: Open) -> None:
    cause = await shop.one("amount_mismatch", titled="Žižkov")
    dana = await look(shop, "dana")
    card = await dana.card(cause)
    await dana.choose(card, "Snooze")
    await expect(dana.modal).to_contain_text("The clocks keep running.")
    await dana.modal.get_by_test_id("field-until").select_option("4")
    await dana.submit()
    await expect(card).to_contain_text("snoozed until")
    await dana.choose(card, "Hand over")
    await dana.modal.get_by_test_id("field-person").select_option("U0SAM00001")
    await dana.submit()
    await expect(dana.modal.get_by_test_id("error-person")).to_contain_text("Sam Whitfield is not in this team")
    await dana.modal.get_by_test_id("field-person").select_option("U0BEN00001")
    await dana.submit()
    await expect(card).to_contain_text("Ben Ortiz has it")
    await dana.choose(card, "Timeline")
    await expect(dana.modal).to_contain_text("Opened: Deal amount and line items disagree")
    await expect(dana.modal).to_contain_text("Dana Okafor snoozes it for 4 hours.")
    await expect(dana.modal).to_contain_text("Dana Okafor hands it over to Ben Ortiz.")
    await dana.tab.get_by_test_id("modal-close").click()
    await expect(dana.modal).to_have_count(0)


async def test_a_discarded_record_is_never_billed(shop: Shop, look: Open) -> None:
    cause = await shop.one("amount_mismatch", titled="Endless")
    dana = await look(shop, "dana")
    card = await dana.card(cause)
    await dana.choose(card, "Discard")
    await expect(dana.modal).to_contain_text("No invoice will be written.")
    await dana.answer("note", "The customer cancelled")
    await dana.submit()
    await expect(card).to_contain_text("no record will be written: The customer cancelled.")
    await shop.calm()
    assert shop.invoice(cause) is None


async def test_a_salesperson_mends_the_deal_in_the_crm_and_replay_bills_it(shop: Shop, look: Open) -> None:
    cause = await shop.one("missing_billing_code", titled="Łódzka")
    deal = cause.first[0].subject.partition(":")[2]
    dana = await look(shop, "dana")
    await dana.tab.get_by_test_id("nav-deals").click()
    await dana.tab.get_by_test_id(f"deal-edit-{deal}").click()
    await dana.tab.get_by_test_id("field-billing_code").fill("BC-PL-7777")
    await dana.tab.get_by_test_id("deal-save").click()
    await expect(dana.toast).to_contain_text("Saved in the CRM.")
    await dana.go("sales-ops")
    card = await dana.card(cause)
    await dana.press(card, "replay")
    await expect(card).to_contain_text("Resolved ·")
    assert (await shop.billed(cause))["billing_code"] == "BC-PL-7777"
    await dana.tab.get_by_test_id("nav-invoices").click()
    await dana.tab.get_by_test_id("books-filter").fill(f"crm-deal-{deal}")
    await expect(dana.tab.locator("tbody tr")).to_have_count(1)
    await expect(dana.tab.locator("tbody tr .number")).to_have_text(re.compile(r"^[\d,]+\.\d\d EUR$"))


async def test_a_card_is_resolved_by_the_keyboard_alone(shop: Shop, look: Open) -> None:
    cause = await shop.one("missing_billing_code", titled="Lakeshore")
    dana = await look(shop, "dana")
    keys = dana.tab.keyboard
    card = await dana.card(cause)
    await dana.tab.get_by_test_id("composer").focus()
    await dana.tab_to(card.get_by_test_id("action-resolve"), backwards=True)
    await keys.press("Enter")
    await expect(dana.modal.get_by_test_id("field-q0")).to_be_focused()
    await keys.type("BC-US-9001")
    await keys.press("Enter")
    await expect(dana.modal).to_contain_text("empty → “BC-US-9001”")
    await dana.tab_to(dana.modal.get_by_test_id("modal-submit"))
    await keys.press("Enter")
    await expect(dana.modal).to_have_count(0)
    await expect(card).to_contain_text("Dana Okafor decided: Billing code is “BC-US-9001”.")
    await keys.press("Alt+ArrowDown")
    await expect(dana.tab.locator("#main h1")).to_have_text("#finance")
    await keys.press("/")
    await expect(dana.tab.get_by_test_id("composer")).to_be_focused()


async def test_the_page_can_be_read_on_a_phone_and_in_the_dark(shop: Shop, look: Open) -> None:
    cause = await shop.one("missing_billing_code", titled="Quill")
    dana = await look(shop, "dana", viewport={"width": 390, "height": 780}, color_scheme="dark")
    card = await dana.card(cause)
    await dana.press(card, "resolve")
    await expect(dana.modal.get_by_test_id("modal-submit")).to_be_in_viewport(ratio=1)
    wide = await dana.tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    await dana.tab.keyboard.press("Escape")
    await expect(dana.modal).to_have_count(0)
    assert await dana.tab.evaluate("document.documentElement.scrollWidth") <= 390


async def test_a_picture_of_cards_with_a_dialog(shop: Shop, look: Open) -> None:
    cause = await shop.one("missing_billing_code", titled="Quill")
    dana = await look(shop, "dana")
    await dana.tab.get_by_test_id("story-dismiss").click()
    card = await dana.card(cause)
    await dana.press(card, "resolve")
    await dana.answer("q0", "BC-GB-4107")
    await expect(dana.modal).to_contain_text("Enter the billing code from the signed order form.")
    if _PICTURES:
        await dana.picture(IMAGES / "cards.png")


async def test_nobody_answers_so_the_backup_is_asked_billing_is_held_and_he_releases_it(
    small_shop: Shop, look: Open
) -> None:
    cause = await small_shop.one("missing_billing_code", titled=" – ")
    dana = await look(small_shop, "dana")
    card = await dana.card(cause)
    await dana.clock(240)
    await expect(card).to_contain_text("Nobody responded in time. Ben Ortiz is the backup and is asked now.")
    await dana.clock(1440)
    await dana.clock(1440)
    await dana.clock(240)
    await expect(card).to_contain_text("Late · Billing code is missing")
    await expect(card).to_contain_text("The deadline has passed.")
    await expect(card).to_contain_text(re.compile("Billing for .+ is held"))
    await card.locator(".replies").click()
    await expect(dana.tab.locator("article", has_text="The same holds for").first).to_contain_text("@Ben Ortiz")
    await expect(dana.thread).to_contain_text("Billing for this customer is held until somebody releases it.")
    await dana.act_as("ben")
    await expect(dana.tab.locator(".mention.mine").first).to_have_text("@Ben Ortiz")
    if _PICTURES:
        await dana.tab.get_by_test_id("story-dismiss").click()
        await card.scroll_into_view_if_needed()
        await dana.picture(IMAGES / "escalation.png")
    await dana.press(card, "resolve")
    await dana.answer("q0", "BC-US-1")
    await dana.submit()
    await expect(card).to_contain_text("Resolved ·")
    await expect(card).to_contain_text("is held")
    assert small_shop.invoice(cause) is None
    await dana.press(card, "release")
    await dana.tab.get_by_test_id("confirm-yes").click()
    await dana.answer("note", "The customer confirmed the order")
    await dana.submit()
    await expect(card).not_to_contain_text("is held")
    assert (await small_shop.billed(cause))["billing_code"] == "BC-US-1"


async def test_a_field_renamed_in_the_crm_is_one_card_and_after_the_mend_one_press_sets_all_going(
    small_shop: Shop, look: Open
) -> None:
    billed = len(small_shop.stage.world.erp.posted())
    dana = await look(small_shop, "dana")
    await dana.tab.get_by_test_id("nav-deals").click()
    for old, new in (("vat_id", "tax_number"), ("tax_number", "vat_id")):
        await dana.tab.get_by_test_id("rename-field").click()
        await dana.tab.get_by_test_id("rename-which").select_option(f"companies/{old}")
        await dana.tab.get_by_test_id("rename-new").fill(new)
        await dana.tab.get_by_test_id("rename-save").click()
        await expect(dana.tab.get_by_test_id("rename-form")).to_have_count(0)
        if new == "tax_number":
            won = next(one["id"] for one in small_shop.stage.world.crm.deals() if one["dealstage"] == "closedwon")
            await small_shop.stage.edit_deal(won, {"contract_url": "https://contracts.example/2"})
            await small_shop.until("schema_drift")
    await dana.go("sales-ops")
    cause = await small_shop.one("schema_drift")
    card = await dana.card(cause)
    await expect(card).to_contain_text(
        "VAT id (company.vat_id) is not in the source any more; renamed to company.tax_number?"
    )
    assert len(small_shop.stage.world.erp.posted()) == billed
    await dana.press(card, "replay")
    await dana.tab.get_by_test_id("confirm-yes").click()
    await expect(card).to_contain_text("Resolved ·")


async def test_the_morning_after_a_digest_says_what_is_open(small_shop: Shop, look: Open) -> None:
    dana = await look(small_shop, "dana")
    await dana.clock(1440)
    digest = dana.tab.locator("article", has_text="Sales Operations · digest")
    await expect(digest).to_contain_text("Nearest deadlines")
    await expect(digest).to_contain_text("Money stopped")
