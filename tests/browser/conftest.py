"""The demo on its real stage, and a browser that looks at it. Everything lives on the one loop of the module."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.screen import Screen
from tests.browser.shop import Shop, open_shop

_CHROMIUM = "/usr/bin/chromium"
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
_WIDE = {"width": 1280, "height": 800}

Open = Callable[..., Awaitable[Screen]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium without a window."""
    if shutil.which(_CHROMIUM) is None:
        pytest.skip(f"the browser story needs Chromium at {_CHROMIUM} (apt-get install chromium)")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(browser: Browser) -> AsyncIterator[Shop]:
    """The whole demo, sold and at rest, on a Monday at 10:00 in Berlin. Each test takes a card of its own."""
    async with open_shop() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def small_shop(browser: Browser) -> AsyncIterator[Shop]:
    """The same with few deals, for a test that moves the clock."""
    async with open_shop(deals=48) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def look(browser: Browser) -> AsyncIterator[Open]:
    """Opens the page as somebody. At the end no console error and no failed script may be left."""
    screens: list[Screen] = []

    async def open_as(shop: Shop, who: str, place: str = "sales-ops", **context: object) -> Screen:
        tab = await browser.new_page(**({"viewport": _WIDE, "locale": "en-GB"} | context))
        screen = Screen(tab, shop)
        screens.append(screen)
        await screen.open(who, place)
        return screen

    yield open_as
    complaints = [complaint for screen in screens for complaint in screen.complaints]
    for screen in screens:
        await screen.leave()
    assert complaints == []
