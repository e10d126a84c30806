"""Every control that Meshline may put in front of a person can be worked on the page, by mouse and by keys, on a phone too."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.kitchen import Kitchen, buttons, dialog, field_of, open_kitchen, plain

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SALES = "C0SALESOPS"
DANA = "U0DANA0001"
Look = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="module")
async def kitchen() -> AsyncIterator[Kitchen]:
    async with open_kitchen() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, kitchen: Kitchen) -> AsyncIterator[Page]:
    tab = await browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    await tab.goto(f"{kitchen.slack.base}/#as={DANA}&view=channel&channel={SALES}")
    await expect(tab.locator("#main h1")).to_have_text("#sales-ops")
    yield tab
    await tab.close()
    assert complaints == []


async def command(page: Page) -> None:
    await page.get_by_test_id("composer").fill("/sync replay")
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.get_by_test_id("modal")).to_be_visible()


def last(kitchen: Kitchen, kind: str) -> dict[str, Any]:
    return [one for one in kitchen.seen if one["type"] == kind][-1]


async def test_a_command_opens_a_dialog_whose_search_finds_while_one_types(kitchen: Kitchen, page: Page) -> None:
    kitchen.options = {"GTX-PRO": "GTX Pro", "GTX-PLUS": "GTX Plus", "ATLAS": "Atlas"}
    search = field_of(
        "product", "Product", "external_select", min_query_length=2, placeholder=plain("Type two letters")
    )
    kitchen.views["first"] = dialog("Replay", search, field_of("note", "Note", "plain_text_input", optional=True))
    await command(page)
    box = page.get_by_test_id("field-product")
    await expect(box).to_be_focused()
    await page.keyboard.type("g")
    await expect(page.get_by_test_id("modal")).to_contain_text("Type at least 2 letters.")
    await page.keyboard.type("tx")
    await expect(page.locator(".found")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".found").nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("found-list")).to_be_hidden()
    await expect(page.get_by_test_id("modal")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("found-list")).to_be_visible()
    await expect(page.locator(".found").first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("GTX Pro")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    values = last(kitchen, "view_submission")["view"]["state"]["values"]
    assert values["product"]["product"]["selected_option"]["value"] == "GTX-PRO"


async def test_a_search_picks_by_mouse_and_forgets_letters_that_name_nothing(kitchen: Kitchen, page: Page) -> None:
    kitchen.options = {"ATLAS": "Atlas"}
    kitchen.views["first"] = dialog("Fix", field_of("product", "Product", "external_select", min_query_length=1))
    await command(page)
    box = page.get_by_test_id("field-product")
    await box.fill("zzz")
    await expect(page.get_by_test_id("modal")).to_contain_text("Nothing was found.")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("error-product")).to_have_text("Please complete this required field.")
    await box.fill("atl")
    await page.locator(".found", has_text="Atlas").click()
    await expect(box).to_have_value("Atlas")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)


async def test_every_kind_of_field_keeps_and_sends_what_was_put_in(kitchen: Kitchen, page: Page) -> None:
    two = [{"text": plain("At once"), "value": "now"}, {"text": plain("Tomorrow"), "value": "then"}]
    kitchen.views["first"] = dialog(
        "Everything",
        field_of("who", "Who", "users_select"),
        field_of("day", "Day", "datepicker", initial_date="2026-03-02"),
        field_of("hour", "Hour", "timepicker"),
        field_of("boxes", "Which", "checkboxes", options=two),
        field_of("link", "Contract", "url_text_input"),
        field_of("count", "How many", "number_input", is_decimal_allowed=False),
        field_of("mode", "When", "radio_buttons", options=two),
        field_of("long", "Why", "plain_text_input", multiline=True),
    )
    await command(page)
    modal = page.get_by_test_id("modal")
    await modal.get_by_test_id("field-who").select_option("U0BEN00001")
    await modal.get_by_test_id("field-hour").fill("09:30")
    await modal.get_by_role("checkbox", name="Tomorrow").check()
    await modal.get_by_test_id("field-link").fill("contract.pdf")
    await modal.get_by_test_id("field-count").fill("12")
    await modal.get_by_role("radio", name="At once").check()
    await modal.get_by_test_id("field-long").fill("two\nlines")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal.get_by_test_id("error-link")).to_have_text("Please enter a web address.")
    await modal.get_by_test_id("field-link").fill("https://files.example/order.pdf")
    await modal.get_by_test_id("modal-submit").click()
    await expect(modal).to_have_count(0)
    sent = {
        block: next(iter(one.values()))
        for block, one in last(kitchen, "view_submission")["view"]["state"]["values"].items()
    }
    assert sent["who"]["selected_user"] == "U0BEN00001"
    assert (sent["day"]["selected_date"], sent["hour"]["selected_time"]) == ("2026-03-02", "09:30")
    assert [one["value"] for one in sent["boxes"]["selected_options"]] == ["then"]
    assert (sent["count"]["value"], sent["long"]["value"]) == ("12", "two\nlines")


async def test_buttons_in_a_dialog_turn_the_page_push_and_lead_back_and_typed_words_stay(
    kitchen: Kitchen, page: Page
) -> None:
    note = field_of("note", "Note", "plain_text_input", optional=True)
    kitchen.views["first"] = dialog("Page 1", note, buttons("update_next", "push_more"))
    kitchen.views["update_next"] = dialog("Page 2", note, buttons("push_more"))
    kitchen.views["push_more"] = dialog("Details", buttons("push_last"))
    kitchen.views["push_last"] = dialog("The last one", {"type": "section", "text": plain("Third of three")})
    await command(page)
    await page.get_by_test_id("field-note").fill("keep me")
    await page.get_by_test_id("action-update_next").click()
    title = page.locator("#modal-title")
    await expect(title).to_have_text("Page 2")
    await expect(page.get_by_test_id("field-note")).to_have_value("keep me")
    await page.get_by_test_id("action-push_more").click()
    await expect(title).to_have_text("Details")
    await page.get_by_test_id("action-push_last").click()
    await expect(title).to_have_text("The last one")
    await page.keyboard.press("Escape")
    await expect(title).to_have_text("Details")
    await page.get_by_test_id("modal").get_by_label("Back to Page 2").click()
    await expect(title).to_have_text("Page 2")
    await expect(page.get_by_test_id("field-note")).to_have_value("keep me")


async def test_an_answer_that_is_sent_while_one_types_reaches_the_app(kitchen: Kitchen, page: Page) -> None:
    config = {"trigger_actions_on": ["on_character_entered"]}
    find = field_of(
        "find", "Find", "plain_text_input", dispatch_action_config=config, dispatch_action=True, optional=True
    )
    kitchen.views["first"] = dialog("All records", find)
    await command(page)
    await page.keyboard.type("x")
    await kitchen.heard(lambda one: one["type"] == "block_actions")
    assert last(kitchen, "block_actions")["actions"][0]["value"] == "x"


async def test_the_apps_own_entries_stand_in_a_messages_menu_and_beside_the_composer(
    kitchen: Kitchen, page: Page
) -> None:
    kitchen.views = {"about": dialog("The card"), "report": dialog("Report a fix")}
    for view in kitchen.views.values():
        view["blocks"] = [field_of("note", "Note", "plain_text_input", optional=True)]
    posted = await kitchen.api.chat_postMessage(channel=SALES, text="A card")
    message = page.get_by_test_id(f"message-{posted['ts']}")
    await message.hover()
    await page.get_by_test_id(f"shortcuts-{posted['ts']}").click()
    await page.get_by_role("menuitem", name="Show the exception").click()
    await expect(page.locator("#modal-title")).to_have_text("The card")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await page.get_by_test_id("composer").focus()
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_test_id("shortcuts")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#modal-title")).to_have_text("Report a fix")


def png(width: int = 24, height: int = 12) -> bytes:
    """The smallest picture that a browser shows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + b"\x99" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


async def test_a_chart_is_seen_with_its_words_and_a_table_is_downloaded(kitchen: Kitchen, page: Page) -> None:
    await kitchen.api.files_upload_v2(
        channel=SALES,
        initial_comment="The week in figures",
        file_uploads=[
            {"content": png(), "filename": "week.png", "title": "Week 10", "alt_txt": "Twelve came, ten went."},
            {"content": "a,b\n1,2\n", "filename": "week.csv", "title": "Figures of week 10"},
        ],
    )
    chart = page.get_by_role("img", name="Twelve came, ten went.")
    await expect(chart).to_be_visible()
    assert await chart.evaluate("image => image.naturalWidth") == 24
    async with page.expect_download() as saved:
        await page.get_by_test_id("file-week.csv").click()
    assert (await saved.value).suggested_filename == "week.csv"


async def test_the_home_tab_keeps_what_was_chosen_and_leads_to_the_apps_messages(kitchen: Kitchen, page: Page) -> None:
    pick = {"type": "timepicker", "action_id": "at", "initial_time": "08:00"}
    row = {"type": "actions", "block_id": "prefs", "elements": [pick]}
    view = {"type": "home", "blocks": [row, buttons("save_it", block_id="go")]}
    await kitchen.api.views_publish(user_id=DANA, view=view)
    await kitchen.api.chat_postMessage(channel=DANA, text="Your morning: nothing is open.")
    await page.get_by_test_id("nav-home").click()
    at = page.get_by_test_id("action-at")
    await at.fill("07:30")
    await page.get_by_test_id("action-save_it").click()
    await kitchen.heard(lambda one: one.get("actions", [{}])[0].get("action_id") == "save_it")
    values = last(kitchen, "block_actions")["view"]["state"]["values"]
    assert values["prefs"]["at"]["selected_time"] == "07:30"
    await page.get_by_test_id("tab-messages").click()
    await expect(page.locator("#main h1")).to_have_text("Meshline")
    await expect(page.locator("#main article")).to_contain_text("Your morning: nothing is open.")
    await page.get_by_test_id("tab-home").click()
    await expect(at).to_have_value("07:30")


async def test_a_dialog_with_a_search_fits_a_phone(kitchen: Kitchen, page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 780})
    kitchen.options = {str(n): f"Acme Tools and Machinery Holding {n}" for n in range(40)}
    kitchen.views["first"] = dialog(
        "Pick the company", field_of("who", "Company", "external_select", min_query_length=1)
    )
    await command(page)
    await page.keyboard.type("acme")
    await expect(page.locator(".found")).to_have_count(40)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await expect(page.get_by_test_id("modal-submit")).to_be_in_viewport(ratio=1)
