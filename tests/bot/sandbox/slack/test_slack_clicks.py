"""What a person does in the sandbox reaches a real Bolt app, and what the app answers reaches the person."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import BoltServer, Clock, actions, button, option, section

from bot.sandbox.slack import CannotDo, SlackSandbox

SALES = "C0SALESOPS"
DANA, BEN = "U0DANA0001", "U0BEN00001"


async def card(web_api: AsyncWebClient, *elements: dict[str, Any]) -> str:
    posted = await web_api.chat_postMessage(channel=SALES, text="card", blocks=[section("card"), actions(*elements)])
    return str(posted["ts"])


async def test_a_signed_click_reaches_the_listener_with_all_it_needs(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.action("fix")
    async def fix(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        bolt.seen.append(body)
        await respond(text="on it", replace_original=False)

    ts = await card(web_api, button("fix", value="case:7"))
    ack = await slack.click(DANA, SALES, ts, "fix")
    await slack.wait(lambda: slack.ephemerals(DANA))

    assert (ack.ok, ack.status) == (True, 200)
    [body] = bolt.seen
    assert body["user"]["id"] == DANA
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": SALES, "is_ephemeral": False}
    assert body["message"]["ts"] == ts
    assert (body["actions"][0]["value"], body["actions"][0]["type"]) == ("case:7", "button")
    assert slack.ephemerals(DANA)[0].text == "on it"


async def test_a_click_with_another_secret_is_turned_away(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    slack.state.sender._secret = b"not the secret"
    ack = await slack.click(DANA, SALES, await card(web_api, button("fix")), "fix")
    assert (ack.ok, ack.status) == (False, 401)


async def test_a_press_on_what_was_just_updated_still_arrives_but_never_as_another_one(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.action("fix")
    async def fix(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        bolt.seen.append(body)

    first = [actions(button("fix", value="case:7")) | {"block_id": "old"}]
    ts = str((await web_api.chat_postMessage(channel=SALES, text="card", blocks=first))["ts"])
    again = [actions(button("fix", value="case:7")) | {"block_id": "new"}]
    await web_api.chat_update(channel=SALES, ts=ts, text="card", blocks=again)
    assert (await slack.click(DANA, SALES, ts, "fix", block_id="old")).ok
    two = [actions(button("fix", value=f"case:{n}")) | {"block_id": f"row-{n}"} for n in (7, 8)]
    await web_api.chat_update(channel=SALES, ts=ts, text="card", blocks=two)
    with pytest.raises(CannotDo, match="nothing called fix"):
        await slack.click(DANA, SALES, ts, "fix", block_id="new")
    await slack.click(DANA, SALES, ts, "fix", block_id="row-8")
    await slack.wait(lambda: len(bolt.seen) == 2)
    assert [one["actions"][0]["value"] for one in bolt.seen] == ["case:7", "case:8"]


async def test_choices_are_made_by_place_or_by_value(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.action("more")
    @bolt.app.action("who")
    @bolt.app.action("when")
    async def chosen(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        bolt.seen.append(body)

    overflow = {"type": "overflow", "action_id": "more", "options": [option("snooze"), option("hand_over")]}
    who, when = {"type": "users_select", "action_id": "who"}, {"type": "datepicker", "action_id": "when"}
    ts = await card(web_api, overflow, who, when)
    await slack.click(DANA, SALES, ts, "more", option=1)
    await slack.click(DANA, SALES, ts, "more", option="snooze")
    await slack.click(DANA, SALES, ts, "who", option=BEN)
    await slack.click(DANA, SALES, ts, "when", option="2026-03-09")
    await slack.wait(lambda: len(bolt.seen) == 4)

    first, second, third, fourth = [body["actions"][0] for body in bolt.seen]
    assert first["selected_option"]["value"] == "hand_over"
    assert second["selected_option"]["value"] == "snooze"
    assert third["selected_user"] == BEN
    assert fourth["selected_date"] == "2026-03-09"
    [(_, fields)] = bolt.seen[-1]["state"]["values"].items()
    assert fields["who"]["selected_user"] == BEN


async def test_what_is_not_there_cannot_be_pressed(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    ts = await card(web_api, button("fix"))
    whisper = await web_api.chat_postEphemeral(
        channel=SALES, user=BEN, text="x", blocks=[section("x"), actions(button("fix"))]
    )
    with pytest.raises(CannotDo, match="nothing called gone"):
        await slack.click(DANA, SALES, ts, "gone")
    with pytest.raises(CannotDo, match="no longer there"):
        await slack.click(DANA, SALES, "1.000001", "fix")
    with pytest.raises(CannotDo, match="somebody else"):
        await slack.click(DANA, SALES, whisper["message_ts"], "fix")
    with pytest.raises(CannotDo, match="id U0NOBODY00"):
        await slack.click("U0NOBODY00", SALES, ts, "fix")
    with pytest.raises(CannotDo, match="not a valid command"):
        await slack.command(DANA, SALES, "/giphy cats")


async def test_a_missed_ack_is_shown_to_the_person_and_noted(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    release = asyncio.Event()

    @bolt.app.action("fix")
    async def slow(ack: Any) -> None:
        await release.wait()
        await ack()

    slack.state.sender.ack_within = 0.05
    ts = await card(web_api, button("fix"))
    ack = await slack.click(DANA, SALES, ts, "fix")
    release.set()
    assert (ack.ok, ack.error) == (False, "operation_timeout")
    assert "didn't respond in time (operation_timeout)" in slack.ephemerals(DANA, SALES)[0].text
    assert slack.ephemerals(BEN) == []
    assert slack.trouble == ["fix by dana: operation_timeout (status 0)"]


async def test_an_unhandled_click_and_an_absent_app_are_shown_too(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    ts = await card(web_api, button("fix"))
    assert (await slack.click(DANA, SALES, ts, "fix")).status == 404
    slack.bot_url = None
    assert (await slack.click(DANA, SALES, ts, "fix")).status == 0
    assert len(slack.ephemerals(DANA, SALES)) == len(slack.trouble) == 2


async def test_a_response_url_answers_five_times_within_half_an_hour(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer, clock: Clock
) -> None:
    @bolt.app.action("fix")
    async def fix(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        bolt.seen.append(body)

    ts = await card(web_api, button("fix"))
    for _ in range(2):
        await slack.click(DANA, SALES, ts, "fix")
    await slack.wait(lambda: len(bolt.seen) == 2)
    first, second = [body["response_url"] for body in bolt.seen]
    async with aiohttp.ClientSession() as session:
        answers = [{"text": "whisper"}, {"text": "aloud", "response_type": "in_channel"}]
        answers += [{"text": "changed", "replace_original": True}, {"delete_original": True}]  # type: ignore[dict-item]
        shown = []
        for body in [*answers, {"text": "fifth"}, {"text": "sixth"}]:
            async with session.post(first, json=body) as response:
                shown.append((response.status, [message.text for message in slack.messages(SALES)]))
        clock.forward(minutes=31)
        async with session.post(second, json={"text": "late"}) as response:
            assert response.status == 404
    assert shown == [
        (200, ["card"]),
        (200, ["card", "aloud"]),
        (200, ["changed", "aloud"]),
        (200, ["aloud"]),
        (200, ["aloud"]),
        (404, ["aloud"]),
    ]
    assert [message.text for message in slack.ephemerals(DANA)] == ["whisper", "fifth"]


async def test_a_command_is_answered_to_the_one_who_asked(slack: SlackSandbox, bolt: BoltServer) -> None:
    @bolt.app.command("/sync")
    async def sync(ack: Any, command: dict[str, Any]) -> None:
        bolt.seen.append(command)
        await ack(text="all well", blocks=[section("*all well*")])

    ack = await slack.command(DANA, SALES, "/sync status  quote_to_cash")
    assert ack.ok
    assert (bolt.seen[0]["text"], bolt.seen[0]["channel_name"]) == ("status  quote_to_cash", "sales-ops")
    assert [message.text for message in slack.ephemerals(DANA, SALES)] == ["all well"]
    assert slack.messages(SALES) == []


async def test_a_command_that_fails_says_so(slack: SlackSandbox, bolt: BoltServer) -> None:
    ack = await slack.command(DANA, SALES, "/sync status")
    assert ack.error == "dispatch_failed"
    assert slack.ephemerals(DANA, SALES)[0].text.startswith("/sync failed")


async def test_an_event_that_fails_is_delivered_again_and_says_which_attempt_it_is(
    slack: SlackSandbox, bolt: BoltServer
) -> None:
    attempts: list[str] = []

    @bolt.app.middleware
    async def refuse_twice(body: dict[str, Any], next: Any) -> None:
        attempts.append(body["event_id"])
        if len(attempts) > 2:
            await next()

    @bolt.app.event("app_home_opened")
    async def opened(event: dict[str, Any]) -> None:
        bolt.seen.append(event)

    ack = await slack.open_home(DANA)
    await slack.wait(lambda: bolt.seen)
    await slack.events.settled()
    assert not ack.ok
    assert len(set(attempts)) == 1
    assert [headers.get("X-Slack-Retry-Num") for headers in bolt.requests] == [None, "1", "2"]
    assert bolt.requests[1]["X-Slack-Retry-Reason"] == "http_error"
    assert bolt.seen[0]["user"] == DANA


async def test_an_event_is_given_up_after_three_retries(slack: SlackSandbox, bolt: BoltServer) -> None:
    await slack.open_home(DANA)
    await slack.wait(lambda: any("given up" in line for line in slack.trouble))
    assert len(bolt.requests) == 4


async def test_free_text_is_escaped_and_heard_only_by_an_app_that_asked(slack: SlackSandbox, bolt: BoltServer) -> None:
    @bolt.app.event("message")
    async def heard(event: dict[str, Any]) -> None:
        bolt.seen.append(event)

    await slack.say(DANA, SALES, "a <!channel> & b")
    assert bolt.requests == []
    slack.events.subscribed.add("message")
    await slack.say(DANA, SALES, "again")
    await slack.wait(lambda: bolt.seen)
    assert slack.messages(SALES)[0].text == "a &lt;!channel&gt; &amp; b"
    assert bolt.seen[0]["text"] == "again"


async def test_shortcuts_and_forged_payloads_arrive_signed(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.shortcut("report")
    @bolt.app.action("fix")
    async def seen(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        bolt.seen.append(body)

    ts = await card(web_api, button("fix"))
    assert (await slack.shortcut(DANA, "report")).ok
    assert (await slack.shortcut(DANA, "report", channel=SALES, ts=ts)).ok
    forged = {"type": "block_actions", "user": {"id": "U0INTRUDER"}, "actions": [{"action_id": "fix", "block_id": "b"}]}
    assert (await slack.forge(forged)).ok
    await slack.wait(lambda: len(bolt.seen) == 3)
    assert [body["type"] for body in bolt.seen] == ["shortcut", "message_action", "block_actions"]
