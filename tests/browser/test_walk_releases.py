"""A change of the rules is proposed, agreed to by another person, tried on a few records, and runs: lived through on the page."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.publishing import draft
from bot.releasing import Library
from sync.releases import Trial
from tests.browser.conftest import Open
from tests.browser.shop import USERS, Shop
from tests.browser.test_walk import centred, picture, quiet

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


_SAMPLE = """\
sample: Fifteen percent off is billed
entity: deals
like: clean.yaml
changes: {"lines[0].price": "2116.50", amount: "5213.00"}
expect:
  record:
    invoice:
      lines:
        - {product_code: Atlas Pro, unit_price_minor: 211650}
        - {product_code: Priority Care, unit_price_minor: 98000}
"""


async def publish(shop: Shop, words: str, trial: Trial) -> int:
    """What `meshline publish` does, with the tolerance of the price list changed."""
    workspace = shop.stage.directory / "workspace"
    flow = workspace / "flows" / "quote_to_cash.yaml"
    text = flow.read_text().replace("tolerance: 10%", "tolerance: 20%")
    flow.write_text(text.replace("\nversion: 1\n", "\nversion: 2\n"))
    (workspace / "samples" / "deals" / "price_fifteen_off.yaml").write_text(_SAMPLE)
    store, library = shop.stage.parts.store, shop.stage.parts.library
    assert isinstance(library, Library)
    found = await draft(store, library, workspace, by=USERS["dana"])
    assert found.blocked == ()
    made = await store.propose(found.proposal(by=USERS["dana"], words=words, trial=trial), now=shop.stage.now())
    shop.stage.parts.changed()
    return made.id


async def test_a_change_of_the_rules_is_agreed_to_tried_and_let_run(small_shop: Shop, look: Open) -> None:
    trial = Trial(kind="canary", share=1000)
    number = await publish(small_shop, "Sales may give 20%", trial)
    priya = await look(small_shop, "priya", "finance", viewport={"width": 1120, "height": 720})
    await quiet(priya)
    card = priya.tab.locator("article", has_text="Sales may give 20%").last
    await expect(card).to_contain_text(f"Release {number} is proposed")
    await expect(card).to_contain_text("Sales may give 20%")
    await centred(card)
    await picture(priya, "22-release-proposed")
    agree = card.get_by_role("button", name="Agree for").first
    await agree.click()
    await priya.tab.get_by_test_id("confirm-yes").click()
    await expect(card).to_contain_text("agreed by")
    await expect(card).to_contain_text(f"Release {number} is tried")
    await card.get_by_role("button", name="Let it run for all").click()
    await priya.tab.get_by_test_id("confirm-yes").click()
    await expect(card).to_contain_text(f"Release {number} runs")
    await centred(card)
    await picture(priya, "23-release-runs")
    assert (await small_shop.stage.parts.store.running_releases()).active == number
