"""What Slack writes to an app about what a person did: one function for each kind of interaction, event and command."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.shapes import message_shape
from bot.sandbox.slack.values import App, Json, Message, Person

VERIFICATION_TOKEN = "sandbox"  # noqa: S105  the retired token that Slack still sends; it proves nothing


def interaction(app: App, person: Person, kind: str, **rest: Any) -> Json:
    return {
        "type": kind,
        "team": {"id": app.team_id, "domain": app.team_domain},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": app.team_id},
        "api_app_id": app.id,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
        **rest,
    }


def message_action(
    app: App,
    person: Person,
    *,
    message: Message,
    channel_name: str,
    action: Json,
    state: Mapping[str, Any],
    trigger_id: str,
    response_url: str,
) -> Json:
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    shown = {} if message.ephemeral else {"message": message_shape(message, app)}
    return interaction(
        app,
        person,
        "block_actions",
        container=container,
        trigger_id=trigger_id,
        channel={"id": message.channel, "name": channel_name},
        **shown,
        state={"values": state},
        response_url=response_url,
        actions=[action],
    )


def view_action(app: App, person: Person, *, view: Json, action: Json, trigger_id: str) -> Json:
    return interaction(
        app,
        person,
        "block_actions",
        container={"type": "view", "view_id": view["id"]},
        trigger_id=trigger_id,
        view=view,
        actions=[action],
    )


def suggestion(app: App, person: Person, *, block_id: str, action_id: str, typed: str, around: Json) -> Json:
    """A menu asks the app for the options that fit what was typed; `around` is the view or the message it stands in."""
    return interaction(app, person, "block_suggestion", block_id=block_id, action_id=action_id, value=typed, **around)


def slash_command(
    app: App, person: Person, *, channel: str, channel_name: str, text: str, trigger_id: str, response_url: str
) -> dict[str, str]:
    command, _, rest = text.strip().partition(" ")
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": app.team_id,
        "team_domain": app.team_domain,
        "channel_id": channel,
        "channel_name": channel_name,
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": rest.strip(),
        "api_app_id": app.id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def event(app: App, *, event_id: str, at: int, body: Json) -> Json:
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": app.team_id,
        "api_app_id": app.id,
        "event": body,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": at,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": app.team_id,
                "user_id": app.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }
