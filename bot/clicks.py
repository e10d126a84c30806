"""What Slack sent, as values: a click on a card, a submitted modal. Nothing in it is trusted beyond who pressed and where."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from bot.carried import Carried, carried
from sync.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A press on a card, in a dialog or on the Home tab. `verb` is what was asked for, `cause` and `version` what the button was
    drawn with, `case` the one that it is about. `view` is Slack's whole view where it was pressed in one, `action` the
    element that was pressed."""

    verb: str
    user: str
    channel: str
    trigger: str
    cause: int
    version: int
    candidate: str | None
    key: str
    case: int | None = None
    ts: str = ""
    view: dict[str, Any] = field(default_factory=dict)
    action: dict[str, Any] = field(default_factory=dict)


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
    return _click(body, action, _pressed(body, action))


def _click(body: dict[str, Any], action: dict[str, Any], meant: Carried) -> Click:
    return Click(
        verb=meant.verb or action["action_id"],
        user=body["user"]["id"],
        channel=(body.get("channel") or {}).get("id") or "",
        trigger=str(body.get("trigger_id") or ""),
        cause=meant.cause,
        version=meant.version,
        candidate=meant.candidate,
        key=f"{body['user']['id']}:{action['action_id']}:{action.get('action_ts', '')}:{meant.cause}"[:255],
        case=meant.case,
        ts=str((body.get("message") or {}).get("ts") or ""),
        view=body.get("view") or {},
        action=action,
    )


def asked(body: dict[str, Any]) -> Click:
    """The select of a dialog that asks for its options. Raises NotFound when the dialog is not ours."""
    view = body.get("view") or {}
    meant = _meant(view.get("private_metadata") or "")
    action = {"action_id": str(body.get("action_id") or ""), "block_id": str(body.get("block_id") or "")}
    return _click(body, action, meant)


def _pressed(body: dict[str, Any], action: dict[str, Any]) -> Carried:
    """What a button or an option carries; a field of a dialog that tells of each change carries what its dialog does, and its
    own id is the verb."""
    chosen = (action.get("selected_option") or {}).get("value") or ""
    text = chosen or action.get("value") or ""
    dialog = carried((body.get("view") or {}).get("private_metadata") or "")
    if carried(text) is None and dialog is not None:
        return replace(dialog, verb="")
    return _meant(text)


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
