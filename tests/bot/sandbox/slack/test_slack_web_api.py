"""The real Web API client cannot tell the sandbox from Slack."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import Clock, actions, button, section

from bot.sandbox.slack import SlackSandbox, UserGroup

SALES, FINANCE = "C0SALESOPS", "C0FINANCE0"
DANA, FAYE = "U0DANA0001", "U0FAYE0001"


async def refusal(call: object) -> SlackApiError:
    with pytest.raises(SlackApiError) as caught:
        await call  # type: ignore[misc]
    return caught.value


async def test_a_card_is_posted_edited_and_answered_in_its_thread(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    metadata = {"event_type": "card", "event_payload": {"id": "7"}}
    posted = await web_api.chat_postMessage(
        channel=SALES, text="broken", blocks=[section("*broken*"), actions(button("fix"))], metadata=metadata
    )
    assert posted["message"]["blocks"][0]["block_id"]
    await web_api.chat_postMessage(channel=SALES, text="Dana looks", thread_ts=posted["ts"])
    await web_api.chat_postMessage(channel=SALES, text="late!", thread_ts=posted["ts"], reply_broadcast=True)
    await web_api.chat_update(channel=SALES, ts=posted["ts"], text="fixed", blocks=[section("*fixed*")])

    root, broadcast = slack.messages(SALES)
    assert (root.text, root.metadata, bool(root.edited)) == ("fixed", metadata, True)
    assert broadcast.broadcast
    assert [reply.text for reply in slack.thread(SALES, root.ts)] == ["Dana looks", "late!"]

    history = await web_api.conversations_history(channel=SALES, include_all_metadata=True)
    assert [message["text"] for message in history["messages"]] == ["late!", "fixed"]
    assert history["messages"][1]["metadata"] == metadata
    assert history["messages"][1]["reply_count"] == 2
    replies = await web_api.conversations_replies(channel=SALES, ts=root.ts)
    assert [message["text"] for message in replies["messages"]] == ["fixed", "Dana looks", "late!"]


async def test_a_text_without_blocks_takes_the_blocks_away(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    posted = await web_api.chat_postMessage(channel=SALES, text="card", blocks=[section("card")])
    await web_api.chat_update(channel=SALES, ts=posted["ts"], text="only words")
    assert slack.messages(SALES)[0].blocks == []


async def test_refusals_use_slacks_own_words(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    said = await slack.say(DANA, SALES, "hello")
    slack.archive("C0REVOPS00")
    slack.remove_app(FINANCE)
    refused: dict[str, tuple[str, dict[str, str]]] = {
        "channel_not_found": ("chat.postMessage", {"channel": "C0NOWHERE0", "text": "x"}),
        "is_archived": ("chat.postMessage", {"channel": "C0REVOPS00", "text": "x"}),
        "not_in_channel": ("chat.postMessage", {"channel": FINANCE, "text": "x"}),
        "no_text": ("chat.postMessage", {"channel": SALES, "text": ""}),
        "msg_too_long": ("chat.postMessage", {"channel": SALES, "text": "x" * 40_001}),
        "thread_not_found": ("chat.postMessage", {"channel": SALES, "text": "x", "thread_ts": "1.000001"}),
        "cant_update_message": ("chat.update", {"channel": SALES, "ts": said.ts, "text": "x"}),
        "cant_delete_message": ("chat.delete", {"channel": SALES, "ts": said.ts}),
        "message_not_found": ("chat.update", {"channel": SALES, "ts": "1.000001", "text": "x"}),
        "user_not_in_channel": ("chat.postEphemeral", {"channel": SALES, "user": "U0NOBODY00", "text": "x"}),
        "users_not_found": ("users.lookupByEmail", {"email": "nobody@northwind.example"}),
        "user_not_found": ("users.info", {"user": "U0NOBODY00"}),
        "unknown_method": ("chat.shout", {}),
        "invalid_blocks_format": ("chat.postMessage", {"channel": SALES, "blocks": "{"}),
        "invalid_metadata_schema": ("chat.postMessage", {"channel": SALES, "text": "x", "metadata": "{}"}),
        "invalid_arguments": ("chat.postMessage", {"text": "x"}),
        "invalid_cursor": ("users.list", {"cursor": "?"}),
    }
    for word, (method, arguments) in refused.items():
        assert (await refusal(web_api.api_call(method, data=arguments))).response["error"] == word
    assert [line.split(": ")[1] for line in slack.refused] == list(refused)
    await web_api.conversations_join(channel=FINANCE)
    await web_api.chat_postMessage(channel=FINANCE, text="back again")


async def test_invalid_blocks_are_explained_line_by_line(web_api: AsyncWebClient) -> None:
    call = web_api.chat_postMessage(channel=SALES, text="x", blocks=[section("x" * 3001)])
    response = (await refusal(call)).response
    assert response["error"] == "invalid_blocks"
    said = "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert response["response_metadata"]["messages"] == [said]


async def test_only_the_right_token_is_let_in(slack: SlackSandbox) -> None:
    stranger = AsyncWebClient(token="xoxb-somebody-else", base_url=slack.api_url)
    assert (await refusal(stranger.auth_test())).response["error"] == "invalid_auth"
    nobody = AsyncWebClient(base_url=slack.api_url)
    assert (await refusal(nobody.auth_test())).response["error"] == "not_authed"


async def test_auth_test_says_who_and_the_header_says_which_scopes(
    slack: SlackSandbox, web_api: AsyncWebClient
) -> None:
    answer = await web_api.auth_test()
    assert answer["user_id"] == slack.app.user_id
    assert "chat:write" in answer.headers["x-oauth-scopes"]
    slack.state.scopes = ("users:read",)
    response = (await refusal(web_api.chat_postMessage(channel=SALES, text="x"))).response
    assert (response["error"], response["needed"]) == ("missing_scope", "chat:write")


async def test_the_sixth_message_in_a_second_is_too_many(
    slack: SlackSandbox, web_api: AsyncWebClient, clock: Clock
) -> None:
    for number in range(5):
        await web_api.chat_postMessage(channel=SALES, text=str(number))
    limited = (await refusal(web_api.chat_postMessage(channel=SALES, text="5"))).response
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")
    assert limited["error"] == "ratelimited"
    await web_api.chat_postMessage(channel=FINANCE, text="another channel has its own pace")
    clock.forward(seconds=1.0)
    await web_api.chat_postMessage(channel=SALES, text="5")
    slack.throttle.enabled = False
    for number in range(10):
        await web_api.chat_postMessage(channel=SALES, text=str(number))


async def test_bad_days_come_on_request(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    slack.faults.down = True
    assert (await refusal(web_api.auth_test())).response.status_code == 503
    slack.faults.down = False
    slack.faults.rate_limited_for = 1
    assert (await refusal(web_api.auth_test())).response.status_code == 429
    await web_api.auth_test()
    slack.faults.token_revoked = True
    assert (await refusal(web_api.auth_test())).response["error"] == "token_revoked"


async def test_a_lost_answer_belongs_to_a_message_that_was_posted(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    slack.faults.lose_answers = 1
    await web_api.auth_test()
    with pytest.raises(aiohttp.ClientError):
        await web_api.chat_postMessage(channel=SALES, text="posted?")
    assert [message.text for message in slack.messages(SALES)] == ["posted?"]


async def test_lists_come_in_pages(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    names: list[str] = []
    cursor: str | None = None
    while cursor != "":
        page = await web_api.conversations_list(limit=2, cursor=cursor)
        names += [channel["name"] for channel in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
    assert names == ["sales-ops", "finance", "marketing-ops", "crm-ops", "revops"]
    assert [len(page["members"]) async for page in await web_api.users_list(limit=4)] == [4, 4, 1]


async def test_people_groups_and_direct_messages_are_found(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    slack.add_usergroup(UserGroup(id="S0FINANCE0", handle="finance", name="Finance", users=(FAYE,)))
    found = await web_api.users_lookupByEmail(email="Faye@northwind.example")
    assert found["user"]["id"] == FAYE
    assert (await web_api.usergroups_users_list(usergroup="S0FINANCE0"))["users"] == [FAYE]
    assert (await web_api.usergroups_list())["usergroups"][0]["handle"] == "finance"
    direct = (await web_api.conversations_open(users=FAYE))["channel"]["id"]
    posted = await web_api.chat_postMessage(channel=FAYE, text="for you")
    assert posted["channel"] == direct
    assert (await web_api.conversations_members(channel=direct))["members"] == [FAYE, slack.app.user_id]
    assert (await web_api.conversations_info(channel=SALES))["channel"]["name"] == "sales-ops"
    assert (await web_api.team_info())["team"]["name"] == "Northwind Trading"
    assert (await web_api.bots_info())["bot"]["name"] == "Meshline"
    await web_api.reactions_add(channel=direct, timestamp=posted["ts"], name="eyes")
    again = web_api.reactions_add(channel=direct, timestamp=posted["ts"], name="eyes")
    assert (await refusal(again)).response["error"] == "already_reacted"
    permalink = await web_api.chat_getPermalink(channel=direct, message_ts=posted["ts"])
    assert permalink["permalink"].startswith(str(slack.base))


async def test_a_file_goes_up_in_three_steps_and_comes_down_again(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    uploaded = await web_api.files_upload_v2(
        channel=SALES, content="a,b\n1,2\n", filename="trail.csv", title="Trail", initial_comment="Here"
    )
    [message] = slack.messages(SALES)
    assert (message.text, message.files[0]["title"]) == ("Here", "Trail")
    async with aiohttp.ClientSession() as session, session.get(uploaded["file"]["url_private"]) as download:
        assert await download.text() == "a,b\n1,2\n"


async def test_a_whisper_is_for_one_reader(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    whispered = await web_api.chat_postEphemeral(channel=SALES, user=DANA, text="only you")
    assert [message.ts for message in slack.ephemerals(DANA, SALES)] == [whispered["message_ts"]]
    assert slack.ephemerals(FAYE) == slack.messages(SALES) == []
    call = web_api.chat_update(channel=SALES, ts=whispered["message_ts"], text="x")
    assert (await refusal(call)).response["error"] == "message_not_found"


async def test_a_deleted_root_leaves_its_place_to_its_replies(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    alone = await web_api.chat_postMessage(channel=SALES, text="alone")
    root = await web_api.chat_postMessage(channel=SALES, text="root")
    await web_api.chat_postMessage(channel=SALES, text="reply", thread_ts=root["ts"])
    for posted in (alone, root):
        await web_api.chat_delete(channel=SALES, ts=posted["ts"])
    assert [message.deleted for message in slack.messages(SALES)] == [True]
