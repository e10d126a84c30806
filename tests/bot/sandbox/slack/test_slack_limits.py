"""Each limit that Slack publishes is a refusal here, in words like Slack's own."""

from typing import Any

import pytest

from bot.sandbox.slack.limits import block_problems, view_problems

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def options(count: int, **more: Any) -> list[Block]:
    return [{"text": plain(f"Choice {number}"), "value": str(number), **more} for number in range(count)]


def button(**more: Any) -> Block:
    return {"type": "button", "text": plain("Press"), "action_id": "press", **more}


def select(**more: Any) -> Block:
    return {"type": "static_select", "action_id": "pick", "options": options(2), **more}


def acting(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def asking(element: Block, **more: Any) -> Block:
    return {"type": "input", "label": plain("Why"), "element": element, **more}


def section(**more: Any) -> Block:
    return {"type": "section", **more}


TYPED = {"type": "plain_text_input", "action_id": "typed"}
DIVIDER = {"type": "divider"}

REFUSED: dict[str, tuple[list[Any], str]] = {
    "an unknown block": ([{"type": "banner"}], "unsupported type: banner [json-pointer:/blocks/0/type]"),
    "a block without a type": ([{}], "missing required field: type [json-pointer:/blocks/0]"),
    "something that is no block": (["hello"], "must provide an object [json-pointer:/blocks/0]"),
    "an unknown field": ([{**DIVIDER, "color": "red"}], "invalid additional property: color [json-pointer:/blocks/0]"),
    "51 blocks": ([DIVIDER] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    "a long section": (
        [section(text=mrkdwn("x" * 3001))],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "an empty section text": ([section(text=mrkdwn(""))], "must be more than 0 characters"),
    "a section of nothing": ([section()], "must define at least one of: text, fields"),
    "eleven fields": (
        [section(fields=[mrkdwn("x")] * 11)],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "a long field": ([section(fields=[mrkdwn("x" * 2001)])], "must be less than 2001 characters"),
    "a header in mrkdwn": ([{"type": "header", "text": mrkdwn("x")}], "unsupported type: mrkdwn"),
    "a long header": ([{"type": "header", "text": plain("x" * 151)}], "must be less than 151 characters"),
    "a header of a string": ([{"type": "header", "text": "x"}], "must provide an object"),
    "eleven things in a context": ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "no more than 10 items"),
    "an empty context": ([{"type": "context", "elements": []}], "no less than 1 items"),
    "a button in a context": ([{"type": "context", "elements": [button()]}], "unsupported type: button"),
    "26 buttons": ([acting(*(button(action_id=str(n)) for n in range(26)))], "no more than 25 items allowed"),
    "no buttons": ([acting()], "no less than 1 items allowed"),
    "an input in a row of buttons": ([acting(TYPED)], "unsupported type: plain_text_input"),
    "a button in mrkdwn": ([acting(button(text=mrkdwn("x")))], "unsupported type: mrkdwn"),
    "a long button": ([acting(button(text=plain("x" * 76)))], "must be less than 76 characters"),
    "a long button value": ([acting(button(value="x" * 2001))], "must be less than 2001 characters"),
    "a long button url": ([acting(button(url="x" * 3001))], "must be less than 3001 characters"),
    "a green button": ([acting(button(style="green"))], "must be a valid enum value"),
    "a button value that is no text": ([acting(button(value=7))], "must provide a string"),
    "a long action_id": ([acting(button(action_id="x" * 256))], "must be less than 256 characters"),
    "a long block_id": ([{**DIVIDER, "block_id": "x" * 256}], "must be less than 256 characters"),
    "the same block_id twice": ([{**DIVIDER, "block_id": "a"}] * 2, "`block_id` already exists: a"),
    "the same action_id twice in a block": ([acting(button(), button())], "`action_id` already exists: press"),
    "a confirm without text": ([acting(button(confirm={"title": plain("Sure?")}))], "missing required field: text"),
    "a long confirm title": (
        [acting(button(confirm={"title": plain("x" * 101), "text": plain("x")}))],
        "must be less than 101 characters",
    ),
    "a long confirm text": ([acting(button(confirm={"text": plain("x" * 301)}))], "must be less than 301 characters"),
    "a long confirm button": (
        [acting(button(confirm={"text": plain("x"), "confirm": plain("x" * 31)}))],
        "must be less than 31 characters",
    ),
    "six things in an overflow": (
        [acting({"type": "overflow", "action_id": "more", "options": options(6)})],
        "no more than 5 items allowed",
    ),
    "101 options": ([acting(select(options=options(101)))], "no more than 100 items allowed"),
    "no options": ([acting(select(options=[]))], "no less than 1 items allowed"),
    "a menu of nothing": ([acting({"type": "static_select"})], "must define exactly one of: options, option_groups"),
    "a long option": ([acting(select(options=options(1, text=plain("x" * 76))))], "must be less than 76 characters"),
    "a long option value": ([acting(select(options=options(1, value="x" * 151)))], "must be less than 151 characters"),
    "an option without a value": ([acting(select(options=[{"text": plain("x")}]))], "missing required field: value"),
    "a long placeholder": ([acting(select(placeholder=plain("x" * 151)))], "must be less than 151 characters"),
    "an initial option from elsewhere": (
        [acting(select(initial_option={"text": plain("Other"), "value": "other"}))],
        "initial option must match one of the provided options",
    ),
    "eleven radio buttons": ([acting({"type": "radio_buttons", "options": options(11)})], "no more than 10 items"),
    "eleven checkboxes": ([acting({"type": "checkboxes", "options": options(11)})], "no more than 10 items"),
    "an input without a label": ([{"type": "input", "element": TYPED}], "missing required field: label"),
    "a long label": ([asking(TYPED, label=plain("x" * 2001))], "must be less than 2001 characters"),
    "a button as an input": ([asking(button())], "unsupported type: button"),
    "a number input that does not say if decimals are allowed": (
        [asking({"type": "number_input"})],
        "missing required field: is_decimal_allowed",
    ),
    "an image without alt_text": ([{"type": "image", "image_url": "https://x"}], "missing required field: alt_text"),
    "an image of nothing": ([{"type": "image", "alt_text": "x"}], "must define exactly one of: image_url, slack_file"),
    "two tables": ([{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}] * 2, "only one table allowed"),
    "markdown that is too long in total": (
        [{"type": "markdown", "text": "x" * 7000}] * 2,
        "markdown must be less than 12001 characters in total",
    ),
    "an alert in a message": ([{"type": "alert", "text": plain("x")}], "unsupported type: alert"),
    "a card in a message": ([{"type": "card"}], "unsupported type: card"),
    "two fields that want the focus": (
        [asking({**TYPED, "focus_on_load": True}), asking({**TYPED, "focus_on_load": True})],
        "only one element may set focus_on_load",
    ),
}


@pytest.mark.parametrize(("blocks", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_slack_refuses_in_a_message(blocks: list[Any], said: str) -> None:
    assert said in "\n".join(block_problems(blocks, "message"))


def view(**more: Any) -> Block:
    return {"type": "modal", "title": plain("Fix it"), "blocks": [DIVIDER], **more}


REFUSED_VIEWS: dict[str, tuple[Block, str]] = {
    "an unknown kind": ({"type": "drawer"}, "unsupported type: drawer [json-pointer:/view/type]"),
    "no title": ({"type": "modal", "blocks": [DIVIDER]}, "missing required field: title [json-pointer:/view]"),
    "a long title": (view(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
    "a long submit": (view(submit=plain("x" * 25)), "must be less than 25 characters"),
    "a long close": (view(close=plain("x" * 25)), "must be less than 25 characters"),
    "an input and no way to submit it": (view(blocks=[asking(TYPED)]), "missing required field: submit"),
    "no blocks": (view(blocks=[]), "no less than 1 items allowed [json-pointer:/view/blocks]"),
    "101 blocks": (view(blocks=[DIVIDER] * 101), "no more than 100 items allowed"),
    "long private metadata": (view(private_metadata="x" * 3001), "must be less than 3001 characters"),
    "a long callback_id": (view(callback_id="x" * 256), "must be less than 256 characters"),
    "a table in a modal": (view(blocks=[{"type": "table", "rows": []}]), "unsupported type: table"),
    "a title on the Home tab": ({**view(), "type": "home"}, "invalid additional property: title"),
    "an alert on the Home tab": (
        {"type": "home", "blocks": [{"type": "alert", "text": plain("x")}]},
        "unsupported type: alert",
    ),
    "markdown on the Home tab": (
        {"type": "home", "blocks": [{"type": "markdown", "text": "x"}]},
        "unsupported type: markdown",
    ),
}


@pytest.mark.parametrize(("shown", "said"), REFUSED_VIEWS.values(), ids=REFUSED_VIEWS.keys())
def test_slack_refuses_a_view(shown: Block, said: str) -> None:
    assert said in "\n".join(view_problems(shown))


def test_everything_at_its_limit_is_accepted() -> None:
    confirm = {
        "title": plain("x" * 100),
        "text": mrkdwn("x" * 300),
        "confirm": plain("x" * 30),
        "deny": plain("x" * 30),
    }
    buttons = [button(action_id=str(n), value="x" * 2000, text=plain("x" * 75), confirm=confirm) for n in range(24)]
    blocks = [
        {"type": "header", "text": plain("x" * 150), "block_id": "x" * 255},
        section(text=mrkdwn("x" * 3000), fields=[mrkdwn("x" * 2000)] * 10, accessory=select(options=options(100))),
        acting(*buttons, {"type": "overflow", "action_id": "more", "options": options(5)}),
        {"type": "context", "elements": [mrkdwn("x" * 3000)] * 10},
        *[DIVIDER] * 46,
    ]
    assert block_problems(blocks, "message") == []
    assert (
        view_problems(view(blocks=[asking(TYPED), {"type": "alert", "text": plain("x")}], submit=plain("x" * 24))) == []
    )


@pytest.mark.parametrize("broken", [None, 7, "x", [None], [{"type": ["list"]}], [{"type": "actions", "elements": 7}]])
def test_nonsense_is_refused_and_never_a_crash(broken: object) -> None:
    assert block_problems(broken, "message")


def test_every_problem_is_named_at_once() -> None:
    blocks = [{"type": "header", "text": mrkdwn("x")}, acting(button(style="green"))]
    assert len(block_problems(blocks, "message")) == 2
