"""What the app adds to Slack's menus: options found while a person types, entries of its own, and files that can be seen."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import BoltServer, actions, button, modal, option, plain, section

from bot.sandbox.installed import manifest, shortcuts
from bot.sandbox.slack import CannotDo, SlackSandbox

SALES = "C0SALESOPS"
DANA, BEN = "U0DANA0001", "U0BEN00001"
PRODUCTS = {"GTX-PRO": "GTX Pro", "GTX-PLUS": "GTX Plus", "ATLAS": "Atlas"}


def search(action_id: str = "product") -> dict[str, Any]:
    return {"type": "external_select", "action_id": action_id, "min_query_length": 1}


def asking(bolt: BoltServer) -> None:
    """The app: a button opens a dialog with a search, and the search finds products by their letters."""

    @bolt.app.action("open")
    async def opened(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        field = {"type": "input", "block_id": "q0", "label": plain("Product"), "element": search()}
        await client.views_open(trigger_id=body["trigger_id"], view=modal(field, callback_id="fix"))

    @bolt.app.options("product")
    async def found(ack: Any, payload: dict[str, Any], body: dict[str, Any]) -> None:
        bolt.seen.append(body)
        typed = payload["value"].casefold()
        await ack(options=[option(code, name) for code, name in PRODUCTS.items() if typed in name.casefold()])

    @bolt.app.view("fix")
    async def fixed(ack: Any, body: dict[str, Any]) -> None:
        bolt.seen.append(body)
        await ack()


async def post(slack: SlackSandbox, path: str, **body: Any) -> Any:
    async with aiohttp.ClientSession() as page, page.post(f"{slack.base}/sandbox/{path}", json=body) as answer:
        return await answer.json()


async def test_the_letters_typed_into_a_dialog_are_answered_with_options_and_one_is_submitted(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    asking(bolt)
    card = await web_api.chat_postMessage(channel=SALES, text="card", blocks=[actions(button("open"))])
    await slack.click(DANA, SALES, card["ts"], "open")
    await slack.wait(lambda: slack.modals(DANA))
    [view] = slack.modals(DANA)
    found = await post(slack, "options", **{"as": DANA}, view_id=view["id"], action_id="product", typed="gtx")
    assert [one["value"] for one in found["options"]] == ["GTX-PRO", "GTX-PLUS"]
    asked = bolt.seen[0]
    assert (asked["type"], asked["view"]["id"], asked["block_id"]) == ("block_suggestion", view["id"], "q0")
    assert (await slack.submit(DANA, {"q0": "GTX-PRO"})).ok
    chosen = bolt.seen[1]["view"]["state"]["values"]["q0"]["product"]["selected_option"]
    assert chosen["value"] == "GTX-PRO"


async def test_a_menu_of_a_message_asks_too_and_a_stranger_to_it_is_refused(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    asking(bolt)
    card = await web_api.chat_postMessage(channel=SALES, text="card", blocks=[actions(search())])
    about = {"as": DANA, "channel": SALES, "ts": card["ts"], "action_id": "product", "typed": "atl"}
    assert [one["value"] for one in (await post(slack, "options", **about))["options"]] == ["ATLAS"]
    assert bolt.seen[0]["message"]["ts"] == card["ts"]
    refused = await post(slack, "options", **(about | {"action_id": "another"}))
    assert refused == {"ok": False, "error": "There is nothing called another here any more."}


async def test_options_that_slack_could_not_show_are_trouble_and_said_so(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.options("product")
    async def too_long(ack: Any) -> None:
        await ack(options=[option("x", "y" * 76)])

    card = await web_api.chat_postMessage(channel=SALES, text="card", blocks=[actions(search())])
    with pytest.raises(CannotDo, match="options that cannot be shown"):
        await slack.client.message_options(DANA, SALES, card["ts"], "product", "y", block_id=None)
    assert "must be less than 76 characters" in slack.trouble[-1]
    with pytest.raises(CannotDo, match="The Home tab is empty"):
        await slack.options(DANA, None, "product", "y")


async def test_an_entry_of_a_messages_menu_tells_the_app_which_message(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.shortcut("about_card")
    async def chosen(ack: Any, body: dict[str, Any]) -> None:
        bolt.seen.append(body)
        await ack()

    card = await web_api.chat_postMessage(channel=SALES, text="card", blocks=[section("card")])
    await post(slack, "shortcut", **{"as": DANA}, callback_id="about_card", channel=SALES, ts=card["ts"])
    await post(slack, "shortcut", **{"as": BEN}, callback_id="about_card")
    on_message, anywhere = bolt.seen
    assert (on_message["type"], on_message["message"]["ts"]) == ("message_action", card["ts"])
    assert (anywhere["type"], anywhere["user"]["id"], "message" in anywhere) == ("shortcut", BEN, False)


def test_the_shortcuts_of_the_manifest_are_installed() -> None:
    written = manifest().read_text(encoding="utf-8")
    for one in shortcuts():
        assert one.kind in ("message", "global")
        assert one.callback_id in written
        assert len(one.name) <= 24


async def test_a_picture_is_shown_with_its_words_and_a_table_downloads_under_its_name(
    slack: SlackSandbox, web_api: AsyncWebClient
) -> None:
    await web_api.files_upload_v2(
        channel=SALES,
        initial_comment="The week",
        file_uploads=[
            {"content": b"\x89PNG", "filename": "week.png", "title": "Week 10", "alt_txt": "Twelve came, ten went."},
            {"content": "a,b\n", "filename": "week.csv", "title": "Figures"},
        ],
    )
    async with aiohttp.ClientSession(base_url=slack.base) as page:
        async with page.get(f"/sandbox/channels/{SALES}", params={"as": DANA}) as answer:
            [message] = (await answer.json())["messages"]
        image, table = message["files"]
        assert (message["text"], image["mimetype"], image["alt_txt"]) == (
            "The week",
            "image/png",
            "Twelve came, ten went.",
        )
        async with page.get(image["url"]) as shown:
            assert (shown.content_type, shown.headers["Content-Disposition"]) == ("image/png", "inline")
        async with page.get(table["url"]) as saved:
            assert saved.headers["Content-Disposition"] == 'attachment; filename="week.csv"'
