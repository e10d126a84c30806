"""Block Kit in small, safe pieces. Every builder keeps Slack's limits, and text from outside can start no mention, no link,
no emoji code and no formatting, and reads from left to right as it was written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sync.mapping import clean

Block = dict[str, Any]

HEADER, SECTION, FIELD, BUTTON, OPTION, VALUE = 150, 3000, 2000, 75, 75, 2000
PLACEHOLDER, MESSAGE, LABEL, TITLE, METADATA = 150, 4000, 2000, 24, 3000
MOST_FIELDS, MOST_OPTIONS, MOST_CONTEXT, MOST_BUTTONS, MOST_SELECT = 10, 5, 10, 25, 100

_BLANKS = re.compile(r"\s+")
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_EMOJI = re.compile(r":(?=[\w+'-]{1,100}:)")
_SHOUT = re.compile(r"@(?=here|channel|everyone)", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);")
_STYLES = (None, "primary", "danger")


def tidy(text: str) -> str:
    """One line without control characters, null bytes and direction overrides."""
    return _BLANKS.sub(" ", clean(text))


def escape(text: str) -> str:
    """Text from outside, as a part of mrkdwn: it shows what it says and does nothing."""
    safe = _EMPHASIS.sub("ˍ", tidy(text).translate(_LOOKALIKES))
    safe = _SHOUT.sub("@\u2060", _EMOJI.sub("∶", safe)).replace("://", "∶//")
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clip(text: str, limit: int) -> str:
    """At most `limit` characters; what is left out is counted: `Acme … 12 more`."""
    if len(text) <= limit:
        return text
    head = text[: max(0, limit - len(f" … {len(text)} more"))].rstrip()
    return f"{head} … {len(text) - len(head)} more"[:limit]


def said(text: str, limit: int = 200) -> str:
    """Text from outside, clipped and escaped."""
    return escape(clip(tidy(text), limit))


def quote(text: str, limit: int = 120) -> str:
    """A value as it was found, in quotation marks; the word `empty` when nothing was."""
    return f"“{said(text, limit)}”" if tidy(text) else "empty"


def fit(markup: str, limit: int) -> str:
    """Markup of ours within a limit, never cut inside an entity, a date or a link."""
    if len(markup) <= limit:
        return markup
    end = max(0, limit - len(f" … {len(markup)} more"))
    for tag in _TAG.finditer(markup):
        if tag.start() < end < tag.end():
            end = tag.start()
    head = markup[:end].rstrip()
    return f"{head} … {len(markup) - len(head)} more"


def few(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and how many are left out."""
    return [*lines[:most], *([f"… {len(lines) - most} more"] if len(lines) > most else [])]


def moment(at: datetime) -> str:
    """A time that Slack shows in each reader's own time zone."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{utc(at)}>"


def utc(at: datetime) -> str:
    """A time in words, for notifications and screen readers."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def link(url: str | None, text: str, limit: int = 120) -> str:
    """A link to an https address of ours; the text alone when there is none."""
    words = said(text, limit)
    if url is None or not re.fullmatch(r"https://[^\s<>|\"]{1,2000}", url):
        return words
    return f"<{url.replace('&', '&amp;')}|{words}>"


def plain(text: str, limit: int = SECTION) -> Block:
    """Plain text: nothing in it is markup."""
    return {"type": "plain_text", "text": clip(tidy(text), limit) or "–", "emoji": False}


def mrkdwn(markup: str, limit: int = SECTION) -> Block:
    """Markup of ours around escaped text. Slack must not look for names and addresses in it."""
    return {"type": "mrkdwn", "text": fit(markup, limit) or "–", "verbatim": True}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text, HEADER)}


def section(markup: str, accessory: Block | None = None) -> Block:
    """A paragraph, with at most one thing to press beside it."""
    block = {"type": "section", "text": mrkdwn(markup)}
    return block | {"accessory": accessory} if accessory else block


def fields(*pairs: tuple[str, str]) -> Block:
    """Named values side by side."""
    shown = [mrkdwn(f"*{name}*\n{markup}", FIELD) for name, markup in pairs[:MOST_FIELDS]]
    return {"type": "section", "fields": shown}


def context(*markup: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [mrkdwn(each) for each in few(markup, MOST_CONTEXT - 1)]}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    """Things to press."""
    return {"type": "actions", "elements": list(elements[:MOST_BUTTONS])}


def button(action_id: str, text: str, value: str, style: str | None = None, confirm: Block | None = None) -> Block:
    """One button. Raises ValueError for a value that Slack would refuse: a value is never cut."""
    if len(value) > VALUE or style not in _STYLES:
        raise ValueError(f"the button {action_id} cannot be drawn")
    block: Block = {"type": "button", "action_id": action_id, "text": plain(text, BUTTON), "value": value}
    return block | ({"style": style} if style else {}) | ({"confirm": confirm} if confirm else {})


def option(text: str, value: str, description: str = "", url: str | None = None) -> Block:
    """One entry of a select, a radio group or an overflow menu. Raises ValueError for a value that Slack would refuse."""
    if not 0 < len(value) <= OPTION:
        raise ValueError(f"the option {clip(tidy(text), OPTION)} cannot be drawn")
    block: Block = {"text": plain(text, OPTION), "value": value}
    return block | ({"description": plain(description, OPTION)} if description else {}) | ({"url": url} if url else {})


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    """The menu behind three dots."""
    return {"type": "overflow", "action_id": action_id, "options": list(options[:MOST_OPTIONS])}


def confirm(title: str, text: str, yes: str, no: str = "Cancel", style: str | None = None) -> Block:
    """The question before a button counts."""
    block: Block = {
        "title": plain(title, 100), "text": plain(text, 300), "confirm": plain(yes, 30), "deny": plain(no, 30),
    }  # fmt: skip
    return block | ({"style": style} if style else {})


def message(text: str, *blocks: Block) -> Block:
    """What a post carries: blocks, and the words that notifications and screen readers get."""
    return {"text": fit(text, MESSAGE) or "–", "blocks": list(blocks[:50])}
