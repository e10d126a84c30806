"""What Slack refuses, before it is shown to anybody: blocks, messages and views in, lines like Slack's own out."""

from collections.abc import Iterator

from bot.sandbox.slack.elements import (
    ADDRESS,
    BUTTONS,
    ID,
    IMAGE,
    MENUS,
    PLAIN_OPTION,
    SLACK_FILE,
    TYPED,
    mrkdwn,
    plain,
    text,
)
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
from bot.sandbox.slack.values import Json

LONGEST_TEXT = 40_000
LONGEST_MARKDOWN = 12_000
LARGEST_VIEW = 250_000

_named: dict[str, Rule] = {"block_id": ID}
_not_in_sections = {"datetimepicker"}
_not_in_inputs = {"overflow", "button", "workflow_button"}


def _accessory() -> Rule:
    menus = {kind: rule for kind, rule in MENUS.items() if kind not in _not_in_sections}
    return by_type({**BUTTONS, **menus, "image": IMAGE})


_cell = by_type(
    {"raw_text": shape({"text": string(3000, 1)}), "raw_number": anything, "rich_text": shape({"elements": anything})}
)
_rich = by_type(
    dict.fromkeys(("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"), anything)
)

EVERYWHERE: dict[str, Rule] = {
    "section": every(
        at_least_one("text", "fields"),
        shape(
            {}, {**_named, "text": text(), "fields": items(text(2000), 10), "accessory": _accessory(), "expand": flag}
        ),
    ),
    "header": shape({"text": plain(150)}, {**_named, "level": number}),
    "divider": shape({}, _named),
    "context": shape(
        {"elements": items(by_type({"image": IMAGE, "plain_text": plain(), "mrkdwn": mrkdwn()}), 10)}, _named
    ),
    "actions": shape({"elements": items(by_type({**BUTTONS, **MENUS}), 25)}, _named),
    "input": shape(
        {"label": plain(2000), "element": by_type({**MENUS, **TYPED})},
        {**_named, "hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
    "image": every(
        exactly_one("image_url", "slack_file"),
        shape(
            {"alt_text": string(2000)},
            {**_named, "title": plain(2000), "image_url": ADDRESS, "slack_file": SLACK_FILE},
        ),
    ),
    "rich_text": shape({"elements": items(_rich, 1000)}, _named),
    "video": shape(
        {"alt_text": string(2000), "title": plain(200), "thumbnail_url": ADDRESS, "video_url": ADDRESS},
        {
            **_named,
            "title_url": ADDRESS,
            "author_name": string(50),
            "description": plain(200),
            "provider_icon_url": ADDRESS,
            "provider_name": string(50),
        },
    ),
}
ONLY: dict[str, dict[str, Rule]] = {
    "message": {
        "markdown": shape({"text": string(LONGEST_MARKDOWN, 1)}, _named),
        "table": shape({"rows": items(items(_cell, 20), 100)}, {**_named, "column_settings": anything}),
    },
    "modal": {
        "alert": shape({"text": text()}, {**_named, "level": one_of("default", "info", "warning", "error", "success")}),
    },
    "home": {},
}
MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
_view_common: dict[str, Rule] = {
    "private_metadata": string(3000),
    "callback_id": ID,
    "external_id": ID,
    "blocks": anything,
}
VIEWS: dict[str, Rule] = {
    "modal": shape(
        {"title": plain(24), "blocks": anything},
        {
            **_view_common,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": flag,
            "notify_on_close": flag,
            "submit_disabled": flag,
        },
    ),
    "home": shape({"blocks": anything}, _view_common),
}


_SUGGESTION = every(
    exactly_one("options", "option_groups"),
    shape(
        {},
        {
            "options": items(PLAIN_OPTION, 100, 0),
            "option_groups": items(shape({"label": plain(75), "options": items(PLAIN_OPTION, 100, 0)}), 100, 0),
        },
    ),
)


def block_problems(blocks: object, surface: str, at: str = "/blocks") -> list[str]:
    """Everything that Slack would refuse about these blocks on a message, a modal or the Home tab."""
    least = 0 if surface == "message" else 1
    known = by_type({**EVERYWHERE, **ONLY[surface]})
    found = [*items(known, MOST_BLOCKS[surface], least)(blocks, at)]
    if isinstance(blocks, list):
        sound = [block for block in blocks if isinstance(block, dict)]
        found += [*_repeated_ids(sound, at), *_too_many(sound, at)]
    return _lines(found)


def view_problems(view: Json, at: str = "/view") -> list[str]:
    found = _lines([*by_type(VIEWS)(view, at)])
    kind = view.get("type")
    if kind not in VIEWS:
        return found
    if kind == "modal" and "submit" not in view and _has_input(view.get("blocks")):
        found += _lines([("missing required field: submit", at)])
    return found + (block_problems(view["blocks"], kind, f"{at}/blocks") if "blocks" in view else [])


def suggestion_problems(answer: Json) -> list[str]:
    """Everything that Slack would refuse about an answer to the letters typed into a menu."""
    return _lines([*_SUGGESTION(answer, "")])


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of a block, wherever the block keeps them."""
    listed = block.get("elements")
    held = [*(listed if isinstance(listed, list) else []), block.get("accessory"), block.get("element")]
    return [element for element in held if isinstance(element, dict) and is_interactive(element)]


def is_interactive(element: Json) -> bool:
    return str(element.get("type")) in {*BUTTONS, *MENUS, *TYPED}


def _repeated_ids(blocks: list[Json], at: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, block in enumerate(blocks):
        block_id = str(block.get("block_id") or "")
        if block_id and block_id in seen:
            yield f"`block_id` already exists: {block_id}", f"{at}/{place}/block_id"
        seen.add(block_id)
        actions = [element["action_id"] for element in elements_of(block) if element.get("action_id")]
        for action_id in sorted({str(action) for action in actions if actions.count(action) > 1}):
            yield f"`action_id` already exists: {action_id}", f"{at}/{place}"


def _too_many(blocks: list[Json], at: str) -> Iterator[Problem]:
    if sum(block.get("type") == "table" for block in blocks) > 1:
        yield "only one table allowed", at
    marked = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if marked > LONGEST_MARKDOWN:
        yield f"markdown must be less than {LONGEST_MARKDOWN + 1} characters in total", at
    if sum(bool(element.get("focus_on_load")) for block in blocks for element in elements_of(block)) > 1:
        yield "only one element may set focus_on_load", at


def _has_input(blocks: object) -> bool:
    return isinstance(blocks, list) and any(isinstance(one, dict) and one.get("type") == "input" for one in blocks)


def _lines(problems: list[Problem]) -> list[str]:
    return [f"{what} [json-pointer:{at}]" for what, at in problems]
