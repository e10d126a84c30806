"""Modals and the Home tab: opened once, within three seconds, by whoever pressed; submitted, refused, changed, stacked."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_world import BoltServer, Clock, actions, button, modal, option, section, text_input

from bot.sandbox.slack import CannotDo, SlackSandbox

SALES, DANA = "C0SALESOPS", "U0DANA0001"
SELECT = {
    "type": "input",
    "block_id": "terms",
    "label": {"type": "plain_text", "text": "Terms"},
    "element": {
        "type": "static_select",
        "action_id": "terms_pick",
        "options": [option("net30"), option("net60")],
        "initial_option": option("net30"),
    },
}


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def trigger(slack: SlackSandbox, view_id: str | None = None) -> str:
    return slack.state.rights.new_trigger(DANA, view_id)


async def test_a_trigger_lives_three_seconds(slack: SlackSandbox, web_api: AsyncWebClient, clock: Clock) -> None:
    old, fresh = await trigger(slack), await trigger(slack)
    clock.forward(seconds=3.0)
    await web_api.views_open(trigger_id=fresh, view=modal(section("hello")))
    clock.forward(seconds=0.1)
    assert await refused(web_api.views_open(trigger_id=old, view=modal(section("late")))) == "expired_trigger_id"


async def test_a_trigger_opens_one_modal(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    name = await trigger(slack)
    await web_api.views_open(trigger_id=name, view=modal(section("hello")))
    assert await refused(web_api.views_open(trigger_id=name, view=modal(section("x")))) == "exchanged_trigger_id"
    assert await refused(web_api.views_open(trigger_id="made.up", view=modal(section("x")))) == "invalid_trigger_id"
    assert len(slack.modals(DANA)) == 1


async def test_a_view_that_slack_would_refuse_leaves_the_trigger_unused(
    slack: SlackSandbox, web_api: AsyncWebClient
) -> None:
    name = await trigger(slack)
    view = modal(text_input("reason"))
    del view["submit"]
    assert await refused(web_api.views_open(trigger_id=name, view=view)) == "invalid_arguments"
    await web_api.views_open(trigger_id=name, view=modal(text_input("reason")))


async def test_an_update_with_an_old_hash_conflicts(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    opened = (await web_api.views_open(trigger_id=await trigger(slack), view=modal(section("loading"))))["view"]
    changed = modal(section("here it is"))
    await web_api.views_update(view_id=opened["id"], hash=opened["hash"], view=changed)
    late = web_api.views_update(view_id=opened["id"], hash=opened["hash"], view=modal(section("older")))
    assert await refused(late) == "hash_conflict"
    assert await refused(web_api.views_update(view_id="V0GONE", view=changed)) == "not_found"
    assert slack.modals(DANA)[0]["blocks"][0]["text"]["text"] == "here it is"


async def test_three_modals_are_the_most(slack: SlackSandbox, web_api: AsyncWebClient) -> None:
    opened = (await web_api.views_open(trigger_id=await trigger(slack), view=modal(section("1"))))["view"]
    second = await web_api.views_push(trigger_id=await trigger(slack, opened["id"]), view=modal(section("2")))
    assert second["view"]["previous_view_id"] == second["view"]["root_view_id"] == opened["id"]
    await web_api.views_push(trigger_id=await trigger(slack, opened["id"]), view=modal(section("3")))
    fourth = web_api.views_push(trigger_id=await trigger(slack, opened["id"]), view=modal(section("4")))
    assert await refused(fourth) == "push_limit_reached"


async def test_a_submission_carries_every_field_and_closes_the_modal(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.view("fix")
    async def fix(ack: Any, view: dict[str, Any]) -> None:
        bolt.seen.append(view)
        await ack()

    shown = modal(text_input("reason"), SELECT, callback_id="fix", private_metadata="case:7")
    await web_api.views_open(trigger_id=await trigger(slack), view=shown)
    assert (await slack.submit(DANA, {"reason": "agreed"})).ok
    assert slack.modals(DANA) == []
    [view] = bolt.seen
    assert view["private_metadata"] == "case:7"
    assert view["state"]["values"]["reason"]["reason_typed"] == {"type": "plain_text_input", "value": "agreed"}
    assert view["state"]["values"]["terms"]["terms_pick"]["selected_option"]["value"] == "net30"


async def test_what_slack_itself_would_not_send_never_reaches_the_app(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    number = {"type": "number_input", "action_id": "n", "is_decimal_allowed": False, "min_value": "1"}
    shown = modal(
        text_input("reason", element={"min_length": 3}),
        text_input("note", optional=True),
        text_input("n", element=number),
    )
    await web_api.views_open(trigger_id=await trigger(slack), view=shown)
    assert set((await slack.submit(DANA, {})).errors) == {"reason", "n"}
    assert set((await slack.submit(DANA, {"reason": "no", "n": "1.5"})).errors) == {"reason", "n"}
    assert (await slack.submit(DANA, {"reason": "yes", "n": 0})).errors == {"n": "Please enter a number of at least 1."}
    with pytest.raises(CannotDo, match="no field called colour"):
        await slack.submit(DANA, {"colour": "red"})
    assert bolt.requests == []


async def test_an_answer_can_complain_change_stack_and_clear(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    answers: list[dict[str, Any]] = [
        {"response_action": "errors", "errors": {"reason": "Say more."}},
        {"response_action": "errors", "errors": {"elsewhere": "?"}},
        {"response_action": "update", "view": modal(text_input("reason"), callback_id="fix")},
        {"response_action": "update", "view": modal(section("x" * 3001), callback_id="fix")},
        {"response_action": "push", "view": modal(section("sure?"), callback_id="fix")},
        {"response_action": "clear"},
    ]

    @bolt.app.view("fix")
    async def fix(ack: Any) -> None:
        await ack(**answers.pop(0))

    await web_api.views_open(trigger_id=await trigger(slack), view=modal(text_input("reason"), callback_id="fix"))
    seen = [(await slack.submit(DANA, {"reason": "x"}), len(slack.modals(DANA))) for _ in range(5)]
    assert [(ack.ok, ack.error, depth) for ack, depth in seen] == [
        (False, "errors", 1),
        (False, "invalid_response", 1),
        (True, None, 1),
        (False, "invalid_response", 1),
        (True, None, 2),
    ]
    assert seen[0][0].errors == {"reason": "Say more."}
    assert len(slack.trouble) == 2
    await slack.submit(DANA, {})
    assert slack.modals(DANA) == []


async def test_a_submission_that_nobody_answers_leaves_the_modal_open(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    await web_api.views_open(trigger_id=await trigger(slack), view=modal(text_input("reason"), callback_id="nobody"))
    ack = await slack.submit(DANA, {"reason": "x"})
    assert (ack.ok, ack.error, len(slack.modals(DANA))) == (False, "dispatch_failed", 1)
    assert slack.ephemerals(DANA)[0].text.startswith("submit failed")


async def test_closing_is_told_only_to_an_app_that_asked(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.view_closed("fix")
    async def closed(ack: Any, body: dict[str, Any]) -> None:
        bolt.seen.append(body)
        await ack()

    for asked in (False, True):
        view = modal(section("x"), callback_id="fix", notify_on_close=asked)
        await web_api.views_open(trigger_id=await trigger(slack), view=view)
        assert (await slack.close(DANA)).ok
        assert slack.modals(DANA) == []
    assert [body["is_cleared"] for body in bolt.seen] == [False]


async def test_a_click_inside_a_modal_keeps_what_was_chosen_and_may_stack_another(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.action("terms_pick")
    async def picked(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        bolt.seen.append(body)
        await client.views_push(trigger_id=body["trigger_id"], view=modal(section("why?")))

    opened = await web_api.views_open(
        trigger_id=await trigger(slack), view=modal({**SELECT, "dispatch_action": True}, callback_id="fix")
    )
    await slack.modal_click(DANA, opened["view"]["id"], "terms_pick", option="net60")
    await slack.wait(lambda: len(slack.modals(DANA)) == 2)
    state = bolt.seen[0]["view"]["state"]["values"]["terms"]["terms_pick"]
    assert state["selected_option"]["value"] == "net60"
    without = {**SELECT, "element": {**SELECT["element"], "options": [option("net30")]}}  # type: ignore[dict-item]
    await web_api.views_update(view_id=opened["view"]["id"], view=modal(without))
    [changed, _] = slack.modals(DANA)
    assert changed["state"]["values"]["terms"]["terms_pick"]["selected_option"]["value"] == "net30"


async def test_the_home_tab_opens_is_published_and_can_be_pressed(
    slack: SlackSandbox, web_api: AsyncWebClient, bolt: BoltServer
) -> None:
    @bolt.app.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        view = {"type": "home", "blocks": [section("my queue"), actions(button("refresh"))]}
        await client.views_publish(user_id=event["user"], view=view)

    @bolt.app.action("refresh")
    async def refresh(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(section("fresh")))

    assert slack.home(DANA) is None
    await slack.open_home(DANA)
    await slack.wait(lambda: slack.home(DANA))
    await slack.home_click(DANA, "refresh")
    await slack.wait(lambda: slack.modals(DANA))
    home = slack.home(DANA)
    assert home is not None
    stale = web_api.views_publish(user_id=DANA, hash="0.old", view={"type": "home", "blocks": [section("x")]})
    assert await refused(stale) == "hash_conflict"
