"""The views methods: modals that a trigger opens, and the Home tab."""

import json

from bot.sandbox.slack.limits import LARGEST_VIEW, view_problems
from bot.sandbox.slack.params import Params
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Json, SlackError
from bot.sandbox.slack.views import View


def refuse_unsound(view: Json, kind: str) -> Json:
    """The view, if Slack would show it. Raises SlackError with everything that is wrong with it."""
    if len(json.dumps(view)) > LARGEST_VIEW:
        raise SlackError("view_too_large")
    problems = view_problems(view)
    if view.get("type") in ("modal", "home") and view["type"] != kind:
        problems.append(f"must be a {kind} view [json-pointer:/view/type]")
    if problems:
        raise SlackError("invalid_arguments", problems)
    return view


def open_view(state: State, params: Params) -> Json:
    """A modal in front of the person who made the trigger. A trigger from inside a modal stacks it on top."""
    trigger = state.rights.check_trigger(params.need("trigger_id"))
    shown = refuse_unsound(params.view(), "modal")
    place = state.views.open if trigger.view_id is None else state.views.push
    view = place(trigger.user, shown)
    trigger.used = True
    return _answer(state, view)


def push_view(state: State, params: Params) -> Json:
    trigger = state.rights.check_trigger(params.need("trigger_id"))
    shown = refuse_unsound(params.view(), "modal")
    if trigger.view_id is None:
        raise SlackError("invalid_trigger_id")
    view = state.views.push(trigger.user, shown)
    trigger.used = True
    return _answer(state, view)


def update_view(state: State, params: Params) -> Json:
    view_id, external_id = params.text("view_id"), params.text("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments", ["missing required field: view_id [json-pointer:/view_id]"])
    view = state.views.find(view_id=view_id, external_id=external_id)
    shown = refuse_unsound(params.view(), view.shown["type"])
    return _answer(state, state.views.update(view, shown, params.text("hash")))


def publish_view(state: State, params: Params) -> Json:
    user = params.need("user_id")
    if user not in state.workspace.people:
        raise SlackError("user_not_found")
    shown = refuse_unsound(params.view(), "home")
    return _answer(state, state.views.publish(user, shown, params.text("hash")))


def _answer(state: State, view: View) -> Json:
    return {"view": state.views.shape(view)}
