"""What a person, or somebody who made a request up, sends to Meshline through Slack: presses and dialogs, correctly signed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from bot.carried import Carried, asked_of, carried, carry
from bot.sandbox.slack import payloads
from bot.sandbox.slack.values import Ack
from bot.sandbox.stage import example
from sync.decide import shared_questions
from sync.model import Cause
from tests.world import World

DANA, BEN, GUS, PRIYA, SAM = "U0DANA0001", "U0BEN00001", "U0GUS00001", "U0PRIYA001", "U0SAM00001"
FAYE, MIRA, OMAR = "U0FAYE0001", "U0MIRA0001", "U0OMAR0001"


def workspace_with_members(directory: Path) -> Path:
    """The example company, in which Gus is a member of Sales Operations and Ben one of Billing."""
    shutil.copytree(example(), directory)
    settings = directory / "meshline.yaml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace("    backup: U0BEN00001\n", "    backup: U0BEN00001\n    members: [U0GUS00001]\n", 1)
    text = text.replace("    backup: U0GUS00001\n", "    backup: U0GUS00001\n    members: [U0BEN00001]\n", 1)
    settings.write_text(text, encoding="utf-8")
    return directory


async def only_cause(world: World) -> Cause:
    [cause] = await world.causes()
    return cause


def value(cause: Cause, **more: Any) -> str:
    """What a button of this card carries."""
    return carry(Carried(**{"cause": cause.id, "version": cause.version, **more}))


def resolving(cause: Cause) -> str:
    """What the dialog that is open for this cause now carries."""
    asked = shared_questions([one.violations for one in cause.first])
    return value(cause, verb="resolve", asked=asked_of(asked, many=cause.unresolved > 1))


async def press(world: World, user: str, cause: Cause, action: str, *, option: Any = None) -> Ack:
    """A button of the card as it stands in Slack."""
    channel, ts = await world.card(cause.id)
    ack: Ack = await world.slack.click(user, channel, ts, action, option=option)
    return ack


async def choose(world: World, user: str, cause: Cause, verb: str) -> Ack:
    """An entry of the menu behind the three dots."""
    channel, ts = await world.card(cause.id)
    message = next(one for one in world.slack.messages(channel) if one.ts == ts)
    menu = next(block["accessory"] for block in message.blocks if block.get("accessory"))
    chosen = next(
        one["value"] for one in menu["options"] if (carried(one["value"]) or Carried(cause=0, version=0)).verb == verb
    )
    ack: Ack = await world.slack.click(user, channel, ts, menu["action_id"], option=chosen)
    return ack


async def forged(world: World, who: str, cause: Cause, action: str, carries: str | None = None, **changed: Any) -> Ack:
    """A press that no button offers, with a right signature."""
    channel, ts = await world.card(cause.id)
    state = world.slack.state
    pressed = {
        "type": "button", "action_id": action, "block_id": "b", "action_ts": state.workspace.next_ts(),
        "value": value(cause) if carries is None else carries,
    }  # fmt: skip
    payload = payloads.interaction(
        state.app, state.workspace.person(who), "block_actions",
        container={"type": "message", "message_ts": ts, "channel_id": channel}, channel={"id": channel, "name": "c"},
        message={"ts": ts}, trigger_id=state.rights.new_trigger(who), response_url="", actions=[pressed],
    )  # fmt: skip
    ack: Ack = await world.slack.forge(payload | changed)
    return ack


async def sent(
    world: World, user: str, carries: str, entered: dict[str, dict[str, Any]] | None = None, **changed: Any
) -> Ack:
    """A dialog that was never opened, submitted all the same, with a right signature."""
    state = world.slack.state
    values = {block_id: {"answer": answer} for block_id, answer in (entered or {}).items()}
    view = {"id": "V0MADEUP", "hash": "1", "type": "modal", "callback_id": "meshline_resolve", "private_metadata": carries,
            "state": {"values": values}, "blocks": []}  # fmt: skip
    payload = payloads.interaction(
        state.app, state.workspace.person(user), "view_submission", view=view, response_urls=[]
    )
    ack: Ack = await world.slack.forge(payload | changed)
    return ack


def typed(text: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": text}


def whispers(world: World, user: str) -> list[str]:
    """What only this person was told."""
    return [one.text for one in world.slack.ephemerals(user)]


async def refusals(world: World) -> int:
    """How many refused attempts are in the journal."""
    return len(await world.store.entries(noun="press", limit=1000))
