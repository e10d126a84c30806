"""What a person chose and typed, between plain values ("net30", a date, a user id) and the shapes that Slack sends to an app."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from bot.sandbox.slack.elements import offered_options
from bot.sandbox.slack.limits import elements_of
from bot.sandbox.slack.values import CannotDo, Json

Entered: TypeAlias = dict[tuple[str, str], Any]
"""(block_id, action_id) → plain value."""

Given: TypeAlias = Mapping[Any, Any]
"""block_id, action_id or both as a pair → plain value."""

_FIELDS: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
_LISTS = {"files", *(field for field, _ in _FIELDS.values() if field.endswith("s"))}
REQUIRED = "Please complete this required field."


def find_element(blocks: list[Json], action_id: str, block_id: str | None = None) -> tuple[str, Json]:
    """The element a person means, with its block's id. A block that was given a new id by an update is still what is seen
    until the update is shown, so an action that stands there once only is found by its name. Raises CannotDo."""
    named = [
        (block["block_id"], element)
        for block in blocks
        for element in elements_of(block)
        if element["action_id"] == action_id
    ]
    exactly = [one for one in named if block_id in (None, one[0])]
    if exactly or len(named) == 1:
        return (exactly or named)[0]
    raise CannotDo(f"There is nothing called {action_id} here any more.")


def action_of(element: Json, block_id: str, option: Any, at: str) -> Json:
    """The entry of `actions` that a click on this element makes."""
    kept: Json = {name: element[name] for name in ("type", "action_id", "text", "value", "style") if name in element}
    action: Json = {**kept, "block_id": block_id, "action_ts": at}
    if element["type"] == "overflow":
        return {**action, "selected_option": _option(element, option)}
    if element["type"] in _FIELDS:
        return {**action, **_chosen(element, option)}
    return action


def plain_of(chosen: Mapping[str, Any]) -> Any:
    """The plain value inside a payload such as {"selected_option": {"value": "net30"}}."""
    for field in ("value", *(field for field, _ in _FIELDS.values())):
        if field in chosen:
            return _plain(chosen[field])
    return None


def entered_by(blocks: list[Json], values: Given, before: Entered) -> Entered:
    """What stands in every field once these values are typed over it. Raises CannotDo."""
    places = list(_fields(blocks))
    entered = {key: _standing(element, key, before) for key, element in places}
    for name, value in values.items():
        meant = [(key, element) for key, element in places if name == key or name in key]
        if not meant:
            raise CannotDo(f"There is no field called {name} here.")
        key, element = meant[0]
        _chosen(element, value)
        entered[key] = value
    return entered


def state_of(blocks: list[Json], entered: Entered) -> dict[str, dict[str, Json]]:
    """`state.values`: every field with what stands in it now."""
    values: dict[str, dict[str, Json]] = {}
    for key, element in _fields(blocks):
        block_id, action_id = key
        chosen = _chosen(element, _standing(element, key, entered))
        values.setdefault(block_id, {})[action_id] = {"type": element["type"], **chosen}
    return values


def complaints(blocks: list[Json], entered: Entered) -> dict[str, str]:
    """What Slack's own client says before it sends anything: block_id → words."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            plain = entered.get((block["block_id"], element["action_id"]))
            empty = plain is None or plain == "" or plain == []
            said = (None if block.get("optional") else REQUIRED) if empty else _complaint(element, plain)
            if said:
                found[block["block_id"]] = said
    return found


def _fields(blocks: list[Json]) -> Iterator[tuple[tuple[str, str], Json]]:
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in _FIELDS:
                yield (block["block_id"], element["action_id"]), element


def _standing(element: Json, key: tuple[str, str], entered: Entered) -> Any:
    """What was entered, unless the app has taken that choice away meanwhile; else what the app put there."""
    if key in entered:
        with suppress(CannotDo):
            _chosen(element, entered[key])
            return entered[key]
    return _initial(element)


def _initial(element: Json) -> Any:
    return _plain(element.get(_FIELDS[element["type"]][1]))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _chosen(element: Json, plain: Any) -> Json:
    field = _FIELDS[element["type"]][0]
    if field in _LISTS:
        many = [] if plain is None else plain if isinstance(plain, list | tuple) else [plain]
        return {field: [_option(element, one) if field == "selected_options" else one for one in many]}
    if plain is None or plain == "":
        return {field: None}
    if field == "selected_option":
        return {field: _option(element, plain)}
    return {field: str(plain) if field == "value" else plain}


def _option(element: Json, wanted: Any) -> Json:
    """The option with this value, or at this place. Raises CannotDo."""
    offered: list[Json] = offered_options(element)
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": str(wanted), "emoji": True}, "value": wanted}
    if isinstance(wanted, int) and 0 <= wanted < len(offered):
        return offered[wanted]
    for option in offered:
        if option.get("value") == wanted:
            return option
    raise CannotDo(f"{wanted!r} is not one of the choices of {element['action_id']}.")


def _complaint(element: Json, plain: Any) -> str | None:
    match element["type"]:
        case "plain_text_input":
            return _length_complaint(element, str(plain))
        case "number_input":
            return _number_complaint(element, str(plain))
        case "email_text_input" if "@" not in str(plain):
            return "Please enter a valid email address."
        case "url_text_input" if "://" not in str(plain):
            return "Please enter a valid URL."
    return None


def _length_complaint(element: Json, typed: str) -> str | None:
    if len(typed) < element.get("min_length", 0):
        return f"Please use at least {element['min_length']} characters."
    if len(typed) > (most := element.get("max_length", 3000)):
        return f"Please use no more than {most} characters."
    return None


def _number_complaint(element: Json, typed: str) -> str | None:
    try:
        number = Decimal(typed)
    except InvalidOperation:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Please enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
