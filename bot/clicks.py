"""What Slack sent, as values: a click on a card, a submitted modal. Nothing in it is trusted beyond who pressed and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.carried import Carried, carried
from sync.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A press on a card. `verb` is what was asked for, `cause` and `version` what the button was drawn with."""

    verb: str
    user: str
    channel: str
    trigger: str
    cause: int
    version: int
    candidate: str | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A submitted modal. `view` is Slack's whole view object."""

    verb: str
    user: str
    cause: int
    version: int
    asked: str
    view: dict[str, Any]


def click(body: dict[str, Any]) -> Click:
    """The click in an interaction. Raises NotFound for a button that is not ours or from another time."""
    action = body["actions"][0]
    chosen = (action.get("selected_option") or {}).get("value") or ""
    meant = _meant(chosen or action.get("value") or "")
    return Click(
        verb=meant.verb or action["action_id"],
        user=body["user"]["id"],
        channel=(body.get("channel") or {}).get("id") or "",
        trigger=str(body.get("trigger_id") or ""),
        cause=meant.cause,
        version=meant.version,
        candidate=meant.candidate,
        key=f"{body['user']['id']}:{action['action_id']}:{action.get('action_ts', '')}:{meant.cause}"[:255],
    )


def submission(body: dict[str, Any]) -> Submission:
    """The modal that was submitted. Raises NotFound when it is not ours."""
    view = body["view"]
    meant = _meant(view.get("private_metadata") or "")
    return Submission(
        verb=meant.verb, user=body["user"]["id"], cause=meant.cause, version=meant.version, asked=meant.asked, view=view
    )


def _meant(text: str) -> Carried:
    meant = carried(text)
    if meant is None:
        raise NotFound("This button is from an older version of the card.")
    return meant
