"""What happens to a dialog once the app has answered its submission: it closes, complains, changes or opens another."""

from dataclasses import replace

from bot.sandbox.slack.api_views import refuse_unsound
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import Ack, Json, SlackError
from bot.sandbox.slack.views import View

ERRORS = "errors"
NOT_SHOWABLE = "invalid_response"


def refused(errors: dict[str, str], ack: Ack | None = None) -> Ack:
    """The dialog stays open with these words under its fields. Without an `ack` the app was never asked."""
    answer = ack or Ack(ok=False, status=0, seconds=0.0, body={})
    return replace(answer, ok=False, error=ERRORS, body={"response_action": "errors", "errors": errors})


def follow(state: State, view: View, ack: Ack) -> Ack:
    """Do what the app answered. An answer that Slack could not show leaves the dialog open and is noted as trouble."""
    try:
        return _follow(state, view, ack)
    except SlackError as error:
        said = "; ".join([error.code, *error.problems])
        state.note_trouble(f"answer to view_submission: {said}")
        return replace(ack, ok=False, error=NOT_SHOWABLE)


def _follow(state: State, view: View, ack: Ack) -> Ack:
    match ack.body.get("response_action"):
        case None:
            state.views.close(view)
        case "clear":
            state.views.clear(view.user)
        case "update":
            state.views.update(view, refuse_unsound(_view_in(ack), "modal"))
        case "push":
            state.views.push(view.user, refuse_unsound(_view_in(ack), "modal"))
        case "errors":
            return _complain(view, ack)
        case other:
            raise SlackError(f"unknown response_action {other}")
    return ack


def _complain(view: View, ack: Ack) -> Ack:
    inputs = {block["block_id"] for block in view.shown["blocks"] if block["type"] == "input"}
    if not ack.errors or not inputs.issuperset(ack.errors):
        raise SlackError("errors must name input blocks of the view", sorted(set(ack.errors) - inputs))
    return refused(ack.errors, ack)


def _view_in(ack: Ack) -> Json:
    view = ack.body.get("view")
    if not isinstance(view, dict):
        raise SlackError("missing view")
    return view
