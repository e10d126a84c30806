"""What a person sees and does on the page, in their words."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import ConsoleMessage, Locator, Page, Response, expect

from sync.model import Cause
from tests.browser.shop import PLACES, USERS, Shop

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
_PATIENCE = 8000


class Screen:
    """One tab. `complaints` is what the browser's console had to say."""

    def __init__(self, tab: Page, shop: Shop) -> None:
        self.tab, self.shop = tab, shop
        self.complaints: list[str] = []
        tab.set_default_timeout(_PATIENCE)
        expect.set_options(timeout=_PATIENCE)
        tab.on("console", self._on_console)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _on_response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.url}")

    async def open(self, who: str, place: str) -> None:
        """Open the page as somebody, in a channel."""
        await self.tab.goto(f"{self.shop.stage.page}/#as={USERS[who]}&view=channel&channel={PLACES[place]}")
        await expect(self.tab.locator("#main h1")).to_have_text(f"#{place}")

    async def leave(self) -> None:
        """Close the tab, and what a failed test may have left open in front of everybody."""
        slack = self.shop.stage.world.slack
        for user in USERS.values():
            while slack.modals(user):
                await slack.close(user)
        await self.tab.close()

    async def act_as(self, who: str) -> None:
        await self.tab.get_by_test_id("actor").select_option(USERS[who])
        await self.tab.wait_for_url(f"**/#*{USERS[who]}*")

    async def go(self, place: str) -> None:
        await self.tab.get_by_test_id(f"channel-{PLACES[place]}").click()
        await expect(self.tab.locator("#main h1")).to_have_text(f"#{place}")

    async def card(self, cause: Cause) -> Locator:
        """The card of a cause, scrolled into sight."""
        _, ts = await self.shop.place(cause)
        card = self.tab.get_by_test_id(f"message-{ts}")
        await card.scroll_into_view_if_needed()
        return card

    @property
    def modal(self) -> Locator:
        return self.tab.get_by_test_id("modal")

    @property
    def thread(self) -> Locator:
        return self.tab.locator("#thread")

    @property
    def toast(self) -> Locator:
        return self.tab.get_by_test_id("toast")

    @property
    def confirm(self) -> Locator:
        return self.tab.get_by_test_id("confirm")

    @property
    def whispers(self) -> Locator:
        """What only this person sees."""
        return self.tab.locator("article.ephemeral")

    async def press(self, card: Locator, action: str) -> None:
        await card.get_by_test_id(f"action-{action}").first.click()

    async def choose(self, card: Locator, entry: str) -> None:
        """An entry of the menu behind three dots."""
        await card.get_by_test_id("overflow-more").click()
        await self.tab.get_by_role("menuitem", name=entry).click()

    async def answer(self, field: str, text: str) -> None:
        await self.modal.get_by_test_id(f"field-{field}").fill(text)

    async def submit(self) -> None:
        await self.modal.get_by_test_id("modal-submit").click()

    async def say(self, text: str) -> None:
        """Write into the composer."""
        await self.tab.get_by_test_id("composer").fill(text)
        await self.tab.get_by_test_id("composer").press("Enter")

    async def clock(self, minutes: int) -> None:
        """One of the buttons beside the clock."""
        before = await self.tab.get_by_test_id("clock").get_attribute("datetime")
        await self.tab.get_by_test_id(f"clock-forward-{minutes}").click()
        await expect(self.tab.get_by_test_id("clock")).not_to_have_attribute("datetime", before or "")

    async def text_of(self, place: str) -> str:
        """Everything that a channel shows."""
        await self.go(place)
        await expect(self.tab.locator("#main article")).not_to_have_count(0)
        return await self.tab.locator("#main .message-list").inner_text()

    async def tab_to(self, target: Locator, *, backwards: bool = False) -> None:
        """Press Tab until the target has the focus."""
        for _ in range(300):
            if await target.evaluate("node => node === document.activeElement"):
                return
            await self.tab.keyboard.press("Shift+Tab" if backwards else "Tab")
        raise AssertionError("Tab never reaches it")

    async def picture(self, path: Path) -> None:
        """A screenshot for the documentation."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await self.tab.mouse.move(0, 0)
        await self.tab.screenshot(path=path, animations="disabled")
        assert path.stat().st_size <= 250_000  # noqa: ASYNC240  a picture on the local disk
