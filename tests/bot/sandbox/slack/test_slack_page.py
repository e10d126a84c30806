"""The page's API shows each person their own Slack and lets them act in it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import BoltServer, actions, button, modal, section, text_input

from bot.sandbox.people import CHANNELS, PEOPLE
from bot.sandbox.slack import SlackSandbox

SALES = "C0SALESOPS"
DANA, BEN = "U0DANA0001", "U0BEN00001"


class Beside:
    """Stands in for the two systems beside Slack."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.edits: list[tuple[str, dict[str, str]]] = []

    def now(self) -> datetime:
        return self.moment

    async def forward(self, minutes: int) -> datetime:
        self.moment += timedelta(minutes=minutes)
        return self.moment

    def books(self) -> dict[str, Any]:
        return {"deals": [{"id": "1"}], "invoices": [], "faults": []}

    async def edit_deal(self, deal_id: str, properties: dict[str, str]) -> None:
        if deal_id != "1":
            raise LookupError("no such deal")
        self.edits.append((deal_id, properties))

    async def rename_field(self, kind: str, name: str, new: str) -> None:
        if (kind, name) != ("deals", "billing_code"):
            raise LookupError("no such field")
        self.edits.append((f"{kind}/{name}", {"new": new}))

    def story(self) -> list[str]:
        return ["Two companies share a VAT id."]


@pytest.fixture
async def beside() -> Beside:
    return Beside()


@pytest.fixture
async def slack(beside: Beside) -> AsyncIterator[SlackSandbox]:
    sandbox = SlackSandbox(
        people=PEOPLE, channels=CHANNELS, signing_secret="the-signing-secret", bot_token="xoxb-the-sandbox"
    )
    await sandbox.start(controls=beside)
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def page(slack: SlackSandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=slack.base) as session:
        yield session


async def get(page: aiohttp.ClientSession, path: str, user: str = DANA) -> Any:
    async with page.get(f"/sandbox/{path}", params={"as": user}) as response:
        return await response.json()


async def post(page: aiohttp.ClientSession, path: str, **body: Any) -> Any:
    async with page.post(f"/sandbox/{path}", json=body) as response:
        return await response.json()


async def test_a_person_sees_who_is_here_and_what_is_new(
    slack: SlackSandbox, page: aiohttp.ClientSession, web_api: AsyncWebClient
) -> None:
    await web_api.chat_postMessage(channel=SALES, text="new")
    state = await get(page, "state")
    assert (state["me"]["name"], state["me"]["role"], state["team"]["name"]) == ("dana", "owner", "Northwind Trading")
    assert len(state["people"]) == 8
    known = {"id": SALES, "name": "sales-ops", "direct": False, "topic": CHANNELS[0].topic, "unread": 1}
    assert state["channels"][0] == known
    assert state["story"] == ["Two companies share a VAT id."]
    assert await post(page, "read", **{"as": DANA, "channel": SALES}) == {"ok": True}
    assert (await get(page, "state"))["channels"][0]["unread"] == 0
    assert (await get(page, "state", BEN))["channels"][0]["unread"] == 1


async def test_a_channel_shows_roots_and_a_thread_its_replies(
    page: aiohttp.ClientSession, web_api: AsyncWebClient
) -> None:
    root = await web_api.chat_postMessage(channel=SALES, text="root", blocks=[section("*root*")])
    await web_api.chat_postMessage(channel=SALES, text="reply", thread_ts=root["ts"])
    await web_api.chat_postEphemeral(channel=SALES, user=BEN, text="psst")
    shown = await get(page, f"channels/{SALES}")
    assert [message["text"] for message in shown["messages"]] == ["root"]
    assert (shown["messages"][0]["reply_count"], shown["messages"][0]["thread_ts"]) == (1, None)
    assert [message["ephemeral"] for message in (await get(page, f"channels/{SALES}", BEN))["messages"]] == [
        False,
        True,
    ]
    thread = await get(page, f"channels/{SALES}/threads/{root['ts']}")
    assert (thread["root"]["text"], [reply["text"] for reply in thread["replies"]]) == ("root", ["reply"])


async def test_a_direct_message_appears_once_something_is_said(
    page: aiohttp.ClientSession, web_api: AsyncWebClient
) -> None:
    assert len((await get(page, "state"))["channels"]) == 5
    posted = await web_api.chat_postMessage(channel=DANA, text="your digest")
    [direct] = [channel for channel in (await get(page, "state"))["channels"] if channel["id"] == posted["channel"]]
    assert (direct["name"], direct["unread"]) == ("Meshline", 1)
    assert len((await get(page, "state", BEN))["channels"]) == 5


async def test_press_fill_in_and_submit(
    page: aiohttp.ClientSession, web_api: AsyncWebClient, bolt: BoltServer, slack: SlackSandbox
) -> None:
    @bolt.app.action("fix")
    async def fix(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("reason"), callback_id="fix"))

    @bolt.app.view("fix")
    async def fixed(ack: Any, view: dict[str, Any]) -> None:
        typed = view["state"]["values"]["reason"]["reason_typed"]["value"]
        if typed == "no":
            await ack(response_action="errors", errors={"reason": "Say more."})
        else:
            await ack()

    posted = await web_api.chat_postMessage(channel=SALES, text="x", blocks=[actions(button("fix"), block_id="b")])
    pressed = {"as": DANA, "channel": SALES, "ts": posted["ts"], "block_id": "b", "action_id": "fix", "element": {}}
    assert await post(page, "click", **pressed) == {"ok": True}
    await slack.wait(lambda: slack.modals(DANA))
    [view] = (await get(page, "modals"))["views"]

    async def submit(typed: str) -> Any:
        values = {"reason": {"reason_typed": {"type": "plain_text_input", "value": typed}}}
        return await post(page, "modal/submit", **{"as": DANA, "view_id": view["id"], "values": values})

    assert await submit("") == {"ok": False, "errors": {"reason": "Please complete this required field."}}
    assert await submit("no") == {"ok": False, "errors": {"reason": "Say more."}}
    assert await submit("agreed") == {"ok": True}
    assert (await get(page, "modals"))["views"] == []
    gone = await post(page, "modal/close", **{"as": DANA, "view_id": view["id"]})
    assert gone == {"ok": False, "error": "This dialog is no longer open."}


async def test_what_fails_is_said_in_words(page: aiohttp.ClientSession, slack: SlackSandbox) -> None:
    answers = [
        await post(page, "click", **{"as": DANA, "channel": SALES, "ts": "1.000001", "action_id": "fix"}),
        await post(page, "click", channel=SALES),
        await post(page, "command", **{"as": DANA, "channel": SALES, "text": "/nothing"}),
        await post(page, "command", **{"as": DANA, "channel": SALES, "text": "/sync status"}),
        await post(page, "crm/deals/2", properties={"billing_code": "B-1"}),
        await get(page, "state", "U0NOBODY00"),
        await get(page, "channels/C0NOWHERE0"),
    ]
    assert [answer["error"] for answer in answers] == [
        "This message is no longer there.",
        "This request needs 'as'.",
        "/nothing is not a valid command.",
        "Meshline couldn't be reached (dispatch_failed).",
        "The CRM refused this: no such deal",
        "Nobody here has the id U0NOBODY00.",
        "There is no such channel.",
    ]


async def test_the_clock_the_books_and_the_crm_are_passed_on(page: aiohttp.ClientSession, beside: Beside) -> None:
    assert (await post(page, "clock", forward_minutes=60))["now"] == "2026-03-02T10:00:00Z"
    assert (await get(page, "clock"))["now"] == "2026-03-02T10:00:00Z"
    assert (await get(page, "books"))["deals"] == [{"id": "1"}]
    assert await post(page, "crm/deals/1", properties={"billing_code": "B-1"}) == {"ok": True}
    assert beside.edits == [("1", {"billing_code": "B-1"})]
    assert "error" in await post(page, "clock", forward_minutes="soon")


async def test_changes_stream_to_those_they_concern(
    slack: SlackSandbox, page: aiohttp.ClientSession, web_api: AsyncWebClient
) -> None:
    async with page.get("/sandbox/events", params={"as": DANA}) as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readline() == b": hello\n"
        await web_api.chat_postEphemeral(channel=SALES, user=BEN, text="not for Dana")
        posted = await web_api.chat_postMessage(channel=SALES, text="for all")
        slack.announce("story")
        lines = [await stream.content.readline() for _ in range(5)]
    changes = [json.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: ")]
    assert changes == [{"type": "message", "channel": SALES, "ts": posted["ts"]}, {"type": "story"}]


async def test_a_page_that_still_listens_does_not_hold_up_the_end(
    slack: SlackSandbox, page: aiohttp.ClientSession
) -> None:
    stream = await page.get("/sandbox/events", params={"as": DANA})
    await slack.stop()
    assert (await stream.content.read()).startswith(b": hello")


async def test_a_wait_that_is_never_met_ends(slack: SlackSandbox) -> None:
    with pytest.raises(TimeoutError):
        await slack.wait(lambda: False, timeout=0.01)


async def test_the_demo_can_listen_to_every_change(slack: SlackSandbox) -> None:
    changes = slack.subscribe()
    await slack.say(DANA, SALES, "hello")
    assert (await anext(changes))["type"] == "message"
