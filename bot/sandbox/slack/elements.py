"""What Slack accepts inside a block: texts, options, buttons, menus and inputs, each with its published limits."""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.rules import (
    Problem,
    Rule,
    anything,
    at_least_one,
    by_type,
    every,
    exactly_one,
    flag,
    items,
    number,
    one_of,
    shape,
    string,
)

ID = string(255)
ADDRESS = string(3000)
STYLE = one_of("primary", "danger")


def plain(longest: int = 3000) -> Rule:
    return by_type({"plain_text": shape({"text": string(longest, 1)}, {"emoji": flag})})


def mrkdwn(longest: int = 3000) -> Rule:
    return by_type({"mrkdwn": shape({"text": string(longest, 1)}, {"verbatim": flag})})


def text(longest: int = 3000) -> Rule:
    both = {"text": string(longest, 1)}
    return by_type({"plain_text": shape(both, {"emoji": flag}), "mrkdwn": shape(both, {"verbatim": flag})})


CONFIRM = shape({"text": text(300)}, {"title": plain(100), "confirm": plain(30), "deny": plain(30), "style": STYLE})
PLAIN_OPTION = shape({"text": plain(75), "value": string(150)}, {"description": plain(75)})
OVERFLOW_OPTION = shape({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": ADDRESS})
OPTION = shape({"text": text(75), "value": string(150)}, {"description": text(75)})
GROUP = shape({"label": plain(75), "options": items(PLAIN_OPTION, 100)})
SLACK_FILE = every(at_least_one("id", "url"), shape({}, {"id": string(255), "url": ADDRESS}))
IMAGE = every(
    exactly_one("image_url", "slack_file"),
    shape({"alt_text": string(2000)}, {"image_url": ADDRESS, "slack_file": SLACK_FILE}),
)
DISPATCH = shape({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)})

_acting = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": flag}
_menu = {**_acting, "placeholder": plain(150)}
_typed = {
    "action_id": ID,
    "placeholder": plain(150),
    "focus_on_load": flag,
    "dispatch_action_config": DISPATCH,
    "initial_value": string(3000),
}


def _choosing(required: dict[str, Rule], **optional: Rule) -> Rule:
    return shape(required, {**_menu, **optional})


def _initial_is_offered(value: object, at: str) -> Iterator[Problem]:
    """An initial option has to be one of the options, word for word."""
    if not isinstance(value, dict):
        return
    initial = [*_listed_in(value, "initial_options"), *([value["initial_option"]] if "initial_option" in value else [])]
    offered = offered_options(value)
    if any(option not in offered for option in initial):
        yield "initial option must match one of the provided options", at


def offered_options(element: dict[str, Any]) -> list[Any]:
    groups = [group for group in _listed_in(element, "option_groups") if isinstance(group, dict)]
    return [*_listed_in(element, "options"), *(option for group in groups for option in _listed_in(group, "options"))]


def _listed_in(holder: dict[str, Any], name: str) -> list[Any]:
    found = holder.get(name)
    return found if isinstance(found, list) else []


def _static(multiple: bool) -> Rule:
    initial = {"initial_options": items(PLAIN_OPTION, 100)} if multiple else {"initial_option": PLAIN_OPTION}
    most = {"max_selected_items": number} if multiple else {}
    listed = {"options": items(PLAIN_OPTION, 100), "option_groups": items(GROUP, 100)}
    return every(
        exactly_one("options", "option_groups"), shape({}, {**_menu, **listed, **initial, **most}), _initial_is_offered
    )


def _picking(initial: str, **optional: Rule) -> Rule:
    return _choosing({}, **{initial: string(255)}, **optional)


def _picking_many(initial: str, **optional: Rule) -> Rule:
    return _choosing({}, **{initial: items(string(255), 100, 0)}, max_selected_items=number, **optional)


def _listed(initial: str, rule: Rule) -> Rule:
    return every(shape({"options": items(OPTION, 10)}, {**_acting, initial: rule}), _initial_is_offered)


BUTTON = shape(
    {"text": plain(75)},
    {
        "action_id": ID,
        "url": ADDRESS,
        "value": string(2000),
        "style": STYLE,
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
CONVERSATION_OPTIONS: dict[str, Rule] = {
    "default_to_current_conversation": flag,
    "response_url_enabled": flag,
    "filter": anything,
}
EXTERNAL = {"min_query_length": number}

BUTTONS: dict[str, Rule] = {
    "button": BUTTON,
    "workflow_button": shape(
        {"text": plain(75), "workflow": anything},
        {"action_id": ID, "style": STYLE, "accessibility_label": string(75), "confirm": CONFIRM},
    ),
    "overflow": shape({"options": items(OVERFLOW_OPTION, 5)}, {"action_id": ID, "confirm": CONFIRM}),
}
MENUS: dict[str, Rule] = {
    "static_select": _static(multiple=False),
    "external_select": _choosing({}, initial_option=PLAIN_OPTION, **EXTERNAL),
    "users_select": _picking("initial_user"),
    "conversations_select": _picking("initial_conversation", **CONVERSATION_OPTIONS),
    "channels_select": _picking("initial_channel", response_url_enabled=flag),
    "multi_static_select": _static(multiple=True),
    "multi_external_select": _choosing(
        {}, initial_options=items(PLAIN_OPTION, 100), max_selected_items=number, **EXTERNAL
    ),
    "multi_users_select": _picking_many("initial_users"),
    "multi_conversations_select": _picking_many("initial_conversations", **CONVERSATION_OPTIONS),
    "multi_channels_select": _picking_many("initial_channels"),
    "radio_buttons": _listed("initial_option", OPTION),
    "checkboxes": _listed("initial_options", items(OPTION, 10)),
    "datepicker": _picking("initial_date"),
    "timepicker": _picking("initial_time", timezone=string(255)),
    "datetimepicker": shape({}, {**_acting, "initial_date_time": number}),
}
TYPED: dict[str, Rule] = {
    "plain_text_input": shape({}, {**_typed, "multiline": flag, "min_length": number, "max_length": number}),
    "number_input": shape({"is_decimal_allowed": flag}, {**_typed, "min_value": string(255), "max_value": string(255)}),
    "email_text_input": shape({}, _typed),
    "url_text_input": shape({}, _typed),
    "rich_text_input": shape({}, {**_typed, "initial_value": anything}),
    "file_input": shape({}, {"action_id": ID, "filetypes": items(string(20), 100), "max_files": number}),
}
