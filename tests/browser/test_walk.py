"""The walk: a day with Meshline in Slack, by mouse and keyboard alone, as `docs/walk.md` tells it. UPDATE_SCREENSHOTS=1 takes the
pictures anew; each chapter stands by itself."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.screen import Screen
from tests.browser.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WALK = Path(__file__).resolve().parents[2] / "docs" / "walk"
_LARGEST = 120_000
SIZE = {"width": 1120, "height": 720}
Look = Callable[..., Awaitable[Screen]]


async def picture(screen: Screen, name: str, *, toasts: bool = False) -> None:
    """A step of the walk, for the page that tells it; without the short notes of the step before."""
    if not os.environ.get("UPDATE_SCREENSHOTS"):
        return
    WALK.mkdir(parents=True, exist_ok=True)
    await screen.tab.mouse.move(0, 0)
    while not toasts and await screen.toast.count():
        await screen.toast.first.get_by_label("Dismiss").click()
    path = WALK / f"{name}.png"
    shot = await screen.tab.screenshot(animations="disabled")
    Image.open(BytesIO(shot)).convert("RGB").quantize(160, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size <= _LARGEST


async def quiet(screen: Screen) -> None:
    """Without the demo's own story above the conversation."""
    dismiss = screen.tab.get_by_test_id("story-dismiss")
    if await dismiss.is_visible():
        await dismiss.click()


async def centred(card: Locator) -> None:
    await card.evaluate("node => node.scrollIntoView({block: 'center'})")


@pytest.fixture
async def walk(look: Open) -> Look:
    async def begin(shop: Shop, who: str, place: str = "sales-ops") -> Screen:
        screen = await look(shop, who, place, color_scheme="light", viewport=SIZE)
        await quiet(screen)
        return screen

    return begin


async def test_1_a_field_is_filled_in_by_the_keyboard(shop: Shop, walk: Look) -> None:
    cause = await shop.one("missing_billing_code", titled="Königsblau")
    dana = await walk(shop, "dana")
    card = await dana.card(cause)
    await centred(card)
    await picture(dana, "01-card")
    await dana.tab.get_by_test_id("composer").focus()
    await dana.tab_to(card.get_by_test_id("action-resolve"), backwards=True)
    await dana.tab.keyboard.press("Enter")
    await expect(dana.modal.get_by_test_id("field-q0")).to_be_focused()
    await dana.tab.keyboard.type("BC-DE-2002")
    await dana.tab.keyboard.press("Enter")
    await expect(dana.modal).to_contain_text("empty → “BC-DE-2002”")
    await picture(dana, "02-fill")
    await dana.tab_to(dana.modal.get_by_test_id("modal-submit"))
    await dana.tab.keyboard.press("Enter")
    await expect(dana.modal).to_have_count(0)
    await expect(card).to_contain_text("Resolved · Billing code is missing")
    await centred(card)
    await picture(dana, "03-resolved")
    assert (await shop.billed(cause))["billing_code"] == "BC-DE-2002"


async def test_2_a_candidate_is_picked_with_the_reason_why(shop: Shop, walk: Look) -> None:
    cause = await shop.one("missing_payment_terms", titled="Fährhaus")
    dana = await walk(shop, "dana")
    card = await dana.card(cause)
    await dana.press(card, "resolve")
    await dana.modal.get_by_test_id("field-q0").select_option("NET30")
    await expect(dana.modal).to_contain_text("30 days net")
    await picture(dana, "04-pick")
    await dana.submit()
    await expect(card).to_contain_text("Resolved ·")
    assert (await shop.billed(cause))["payment_terms"] == "NET30"


async def test_3_one_decision_counts_for_all_records_of_one_cause(shop: Shop, walk: Look) -> None:
    cause = await shop.one("unknown_product")
    dana = await walk(shop, "dana")
    card = await dana.card(cause)
    await centred(card)
    await picture(dana, "05-cause")
    await card.get_by_test_id("action-all").click()
    await expect(dana.modal).to_contain_text(cause.first[0].ref)
    await dana.modal.get_by_role("textbox").fill("Königsblau")
    await dana.tab.keyboard.press("Enter")
    await expect(dana.modal).not_to_contain_text(cause.first[0].ref)
    await expect(dana.modal).to_contain_text("Königsblau")
    await picture(dana, "05-show-all")
    await dana.tab.keyboard.press("Escape")
    await expect(dana.modal).to_have_count(0)
    await dana.press(card, "suggest")
    await expect(dana.confirm).to_contain_text(f"{cause.unresolved} records worth")
    await picture(dana, "06-confirm")
    await dana.tab.get_by_test_id("confirm-yes").click()
    await expect(card).to_contain_text("Resolved · Product is not in the price list")
    await centred(card)
    await picture(dana, "07-all-decided")
    await shop.billed(cause)


async def test_4_one_proposes_and_another_approves(shop: Shop, walk: Look) -> None:
    cause = await shop.one("price_off_list", titled="O'Neill")
    faye = await walk(shop, "faye", "finance")
    card = await faye.card(cause)
    await faye.press(card, "resolve")
    await faye.modal.get_by_role("radio", name="as it stands").check()
    await expect(faye.modal).to_contain_text("→ accepted as it stands")
    await expect(faye.modal.locator(".busy")).to_have_count(0)
    await picture(faye, "08-propose")
    await faye.submit()
    await expect(card).to_contain_text("A second person has to agree.")
    await faye.press(card, "approve")
    await faye.tab.get_by_test_id("confirm-yes").click()
    await expect(faye.toast).to_contain_text("Priya Raman")
    await centred(card)
    await picture(faye, "09-not-by-oneself", toasts=True)
    await faye.act_as("priya")
    await centred(card)
    await faye.press(card, "approve")
    await expect(faye.confirm).to_contain_text("as the second person")
    await picture(faye, "10-approve")
    await faye.tab.get_by_test_id("confirm-yes").click()
    await expect(card).to_contain_text("Priya Raman approved what Faye Lindqvist proposed")
    await shop.billed(cause)


async def test_5_what_has_to_wait_is_snoozed_and_what_is_not_mine_is_handed_over(shop: Shop, walk: Look) -> None:
    cause = await shop.one("amount_mismatch", titled="Žižkov")
    dana = await walk(shop, "dana")
    card = await dana.card(cause)
    await dana.choose(card, "Snooze")
    await dana.modal.get_by_test_id("field-until").select_option("4")
    await picture(dana, "11-snooze")
    await dana.submit()
    await expect(card).to_contain_text("snoozed until")
    await dana.choose(card, "Hand over")
    await dana.modal.get_by_test_id("field-person").select_option("U0BEN00001")
    await picture(dana, "12-hand-over")
    await dana.submit()
    await expect(card).to_contain_text("Ben Ortiz has it")
    await card.locator(".replies").click()
    await expect(dana.thread.locator(".mention").last).to_have_text("@Ben Ortiz")
    await dana.act_as("ben")
    await centred(card)
    await picture(dana, "13-handed-over")
    await dana.choose(card, "Timeline")
    await expect(dana.modal).to_contain_text("Dana Okafor hands it over to Ben Ortiz.")
    await picture(dana, "14-timeline")


async def test_6_a_replay_is_looked_at_before_it_goes(shop: Shop, walk: Look) -> None:
    cause = await shop.one("missing_billing_code", titled="Łódzka")
    deal = cause.first[0].subject.partition(":")[2]
    dana = await walk(shop, "dana")
    await dana.tab.get_by_test_id("nav-deals").click()
    await dana.tab.get_by_test_id(f"deal-edit-{deal}").click()
    await dana.tab.get_by_test_id("field-billing_code").fill("BC-PL-7777")
    await picture(dana, "15-mended-in-the-crm")
    await dana.tab.get_by_test_id("deal-save").click()
    await dana.go("sales-ops")
    await dana.say("/sync replay")
    await expect(dana.modal).to_contain_text("Dry run")
    await dana.modal.get_by_test_id("field-case").select_option(cause.first[0].ref)
    await dana.modal.get_by_role("checkbox", name="Only look").check()
    await picture(dana, "16-replay-asks")
    await dana.submit()
    await expect(dana.modal).to_contain_text("Nothing was written.")
    await expect(dana.modal).to_contain_text("BC-PL-7777")
    await picture(dana, "17-dry-run")
    assert shop.invoice(cause) is None
    await dana.tab.keyboard.press("Escape")
    await dana.say(f"/sync replay {cause.first[0].ref}")
    await expect(dana.whispers.last).to_contain_text("is on its way again")
    assert (await shop.billed(cause))["billing_code"] == "BC-PL-7777"


async def test_7_home_shows_what_is_mine(shop: Shop, walk: Look) -> None:
    dana = await walk(shop, "dana")
    await dana.tab.get_by_test_id("nav-home").click()
    await expect(dana.tab.locator(".home-content")).to_contain_text("My exceptions")
    await picture(dana, "18-home")


async def test_8_nobody_answers_so_the_backup_is_asked_and_the_morning_has_a_digest(
    small_shop: Shop, walk: Look
) -> None:
    cause = await small_shop.one("missing_billing_code", titled=" – ")
    dana = await walk(small_shop, "dana")
    card = await dana.card(cause)
    await dana.clock(240)
    await expect(card).to_contain_text("Nobody responded in time. Ben Ortiz is the backup and is asked now.")
    await centred(card)
    await picture(dana, "19-no-answer")
    await dana.clock(1440)
    await dana.clock(1440)
    await dana.clock(240)
    await expect(card).to_contain_text("Late · Billing code is missing")
    await card.locator(".replies").click()
    await expect(dana.thread).to_contain_text("Nobody has responded to")
    await expect(dana.tab.locator("article", has_text="The same holds for").first).to_contain_text("@Ben Ortiz")
    await expect(card).not_to_contain_text("U0")  # whoever is asked has a name
    await dana.act_as("ben")
    await centred(card)
    await picture(dana, "20-late")
    await dana.tab.get_by_test_id("thread-close").click()
    digest = dana.tab.locator("article", has_text="Sales Operations · digest").last
    await expect(digest).to_contain_text("Nearest deadlines")
    await centred(digest)
    await picture(dana, "21-digest")
