"""“Show all”: every record of a card, page by page, and found by what people call it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drawings import NOW, around, case, many, resolved, same_as_snapshot

from bot.views_all import all_view
from store.pages import Page
from sync.model import Cause
from tests.bot.hands import DANA, SAM, only_cause, press
from tests.world import World

COUNT = 23


@pytest.fixture
async def card(world: World) -> Cause:
    """A card of 23 deals."""
    for number in range(COUNT):
        name = {3: "100% Bio", 4: "Under_score", 5: "Müller & Söhne"}.get(number, f"Customer {number}")
        company = world.company(name=name, vat_id=f"DE{100_000_000 + number}", domain=f"c{number}.example")
        world.deal(company, [("GTX-Basic (2025)", 1, "2490.00")], dealname=f"Deal {number}")
    await world.work()
    return await only_cause(world)


def listed(view: dict[str, Any]) -> list[str]:
    """The ids on a page."""
    rows = [one["text"]["text"] for one in view["blocks"] if one["type"] == "section"]
    return [row.split("*")[1] for row in rows if row.startswith("*EX-")]


def where(view: dict[str, Any]) -> str:
    return str(next(one for one in view["blocks"] if one["type"] == "context")["elements"][0]["text"])


async def turned(world: World, user: str, action: str) -> dict[str, Any]:
    assert (await world.slack.modal_click(user, None, action)).ok
    [view] = world.slack.modals(user)
    return dict(view)


async def searched(world: World, words: str) -> list[str]:
    view = world.slack.modals(DANA)[-1]
    ack = await world.slack.submit(DANA, {"all_search_block": words}, view_id=view["id"])
    assert ack.ok, ack
    return listed(world.slack.modals(DANA)[-1])


async def test_the_list_opens_on_its_first_page_and_turns(world: World, card: Cause) -> None:
    assert (await press(world, DANA, card, "all")).ok
    [first] = world.slack.modals(DANA)
    assert first["title"]["text"] == "All 23 records"
    assert listed(first) == [f"EX-{number}" for number in range(1, 11)]
    assert where(first) == "Product is not in the price list · 23 records · page 1 of 3"
    assert listed(await turned(world, DANA, "all_next")) == [f"EX-{number}" for number in range(11, 21)]
    last = await turned(world, DANA, "all_next")
    assert listed(last) == ["EX-21", "EX-22", "EX-23"] and where(last).endswith("page 3 of 3")
    assert listed(await turned(world, DANA, "all_previous"))[0] == "EX-11"
    assert world.slack.trouble == [] == world.slack.refused


async def test_whoever_sees_the_card_may_look_and_changes_nothing(world: World, card: Cause) -> None:
    assert (await press(world, SAM, card, "all")).ok
    assert len(listed(world.slack.modals(SAM)[-1])) == 10
    assert (await only_cause(world)).version == card.version


async def test_a_search_finds_names_customers_and_numbers_and_takes_no_sign_for_a_wildcard(
    world: World, card: Cause
) -> None:
    assert (await press(world, DANA, card, "all")).ok
    assert await searched(world, "deal 22") == ["EX-23"]
    assert await searched(world, "ex-7") == ["EX-7"]
    assert await searched(world, "100%") == ["EX-4"]
    assert await searched(world, "under_") == ["EX-5"]
    assert await searched(world, "Müller") == ["EX-6"]
    assert await searched(world, "%") == ["EX-4"]
    assert await searched(world, "<!channel> ' OR 1=1 --") == []
    assert "No record matches" in str(world.slack.modals(DANA)[-1]["blocks"])
    assert await searched(world, "customer") == [f"EX-{number}" for number in (1, 2, 3, 7, 8, 9, 10, 11, 12, 13)]
    assert where(world.slack.modals(DANA)[-1]).endswith("20 found of 23 records · page 1 of 2")
    assert listed(await turned(world, DANA, "all_next")) == [f"EX-{number}" for number in range(14, 24)]


async def test_enter_searches_too(world: World, card: Cause) -> None:
    assert (await press(world, DANA, card, "all")).ok
    typed = {"all_search_block": "deal 22"}
    ack = await world.slack.client.modal_click(DANA, None, "all_search", block_id=None, option=None, values=typed)
    assert ack.ok and listed(world.slack.modals(DANA)[-1]) == ["EX-23"]


async def test_a_page_that_is_not_there_is_the_last_one(world: World, card: Cause) -> None:
    page = await world.store.page_of(card.id, number=2**31)
    assert (page.number, page.pages, len(page.cases)) == (3, 3, 3)
    nothing = await world.store.page_of(card.id, number=5, search="nobody")
    assert (nothing.number, nothing.pages, nothing.found) == (1, 1, 0)


def test_every_page_is_drawn() -> None:
    cause = many("unknown_product", 412)
    some = (*(case("unknown_product", number) for number in range(7, 16)), resolved(case("unknown_product", 16)))
    first = Page(cause=cause, cases=some, number=1, pages=42, found=412, search="")
    same_as_snapshot("view-all-first", all_view(first, around(NOW)))
    same_as_snapshot("view-all-middle", all_view(replace(first, number=21), around(NOW)))
    found = Page(cause=cause, cases=some[:1], number=1, pages=1, found=1, search="renewal 7")
    same_as_snapshot("view-all-found", all_view(found, around(NOW)))
    none = Page(cause=cause, cases=(), number=1, pages=1, found=0, search="<!channel> nobody")
    same_as_snapshot("view-all-none", all_view(none, around(NOW)))
