"""How a drawing reads to somebody who hears it or looks once: whole sentences, no code words, nothing cut in the middle.

`complaints` says everything that is wrong with a message, a dialog or a Home tab; an empty list is a good drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Drawn = dict[str, Any]
LONGEST_TEXT, LONGEST_ANSWER = 300, 600
DATA = frozenset(
    {
        "vat_id",
        "tax_code",
        "billing_code",
        "billing_status",
        "billing_ref",
        "price_list",
        "unit_price_minor",
        "total_minor",
        "invoice_number",
        "credit_notes",
        "issue_date",
        "line_item",
    }
)
"""Names of fields in the drawn world's own systems, which people there know by these names."""
_LONGEST = {"section": 3000, "context": 600, "header": 150}
_LABEL = 40
_LINK = re.compile(r"<(?:https?|mailto):[^|<>]*\|([^<>]*)>")
_MOMENT = re.compile(r"<!date\^\d+\^[^|<>]*\|([^<>]*)>")
_MENTION = re.compile(r"<[@#!][^<>]*>")
_CODE = re.compile(r"`[^`]*`")
_QUOTED = re.compile(r"“[^”]*”")
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_SNAKE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
_MARKUP = re.compile(r"[*<>|]|(?<!\w)_\S|\S_(?!\w)|&(?:amp|lt|gt);")
_LEAK = re.compile(r"\b(?:None|null|True|False|undefined|NaN)\b|\{\}|\[\]|Case\(|EX-None")
_ENDS = (".", "!", "?", "…", ":", ".)", "”")
RELEASE = DATA | {"price_within", "price_off_list", "quote_to_cash"}
"""And the words of workspace files, which a release changes."""
_ITEM = ("•", "…", "`", "EX-", "1", "2", "3")


def complaints(drawn: Drawn, *, data: frozenset[str] = frozenset(), longest: int = LONGEST_TEXT) -> list[str]:
    """Everything wrong with how it reads. `data` are words of the drawn world that may stand as they are; `longest` is what
    the top-level text may hold: what comes unasked is shorter than what somebody asked for."""
    surface = drawn.get("type", "message")
    top = [*text_complaints(drawn.get("text", ""), data=data, longest=longest)] if surface == "message" else []
    blocks = [f"{block['type']}: {one}" for block in drawn["blocks"] for one in _block(block, data)]
    return [*top, *blocks, *_pressables(drawn), *_titles(drawn)]


def text_complaints(text: str, *, data: frozenset[str] = frozenset(), longest: int = LONGEST_TEXT) -> Iterator[str]:
    """The top-level text: what a phone shows on its lock screen and a screen reader says."""
    said = f"text {text[:90]!r}"
    if not text:
        yield "no top-level text"
        return
    if not (text[0].isupper() or text[0].isdigit()):
        yield f"{said} does not begin like a sentence"
    if not text.endswith((".", "!", "?", "…")):
        yield f"{said} does not end like a sentence"
    if len(text) > longest and not text.endswith("…"):
        yield f"{said} has {len(text)} characters"
    if found := _MARKUP.search(_QUOTED.sub("", text)):
        yield f"{said} still has markup: {found[0]!r}"
    yield from (f"{said} {one}" for one in _words(text, data))


def heard(block: Drawn) -> str:
    """What a screen reader says of a block."""
    return plain("\n".join(_texts(block)))


def plain(text: str) -> str:
    """mrkdwn as it is read aloud."""
    return _unmarked(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _unmarked(text: str) -> str:
    read = _MENTION.sub("somebody", _MOMENT.sub(r"\1", _LINK.sub(r"\1", text)))
    for mark in ("*", "_", "~", "*"):
        read = re.sub(rf"(?<!\w)\{mark}(?=\S)([^{mark}\n]+)(?<=\S)\{mark}(?!\w)", r"\1", read)
    return read


def _block(block: Drawn, data: frozenset[str]) -> Iterator[str]:
    if block["type"] in ("divider", "actions", "input"):
        return
    if block["type"] == "image":
        yield from (f"{one} (image)" for one in text_complaints(block["alt_text"], data=data))
        return
    read = heard(block)
    if not _EMOJI.sub("", read).strip():
        yield "says nothing without its pictures"
    if len(read) > _LONGEST.get(block["type"], 3000):
        yield f"{len(read)} characters: {read[:60]!r}"
    yield from (f"{one}: {read[:120]!r}" for one in _words(read, data))
    if found := re.search(r"[*~]\S|<[@#!h]", _CODE.sub("", _QUOTED.sub("", _unmarked("\n".join(_texts(block)))))):
        yield f"markup is left, {found[0]!r}: {read[:120]!r}"
    if block["type"] == "section" and block.get("text"):
        yield from _sentences(plain(block["text"]["text"]))


def _sentences(read: str) -> Iterator[str]:
    """Prose ends like prose. A line of a list, a title with its value and a heading may stand alone."""
    lines = [line for line in read.split("\n") if line.strip()]
    for line in lines:
        alone = (
            line.lstrip().startswith(_ITEM)
            or line[0].islower()
            or line.endswith("UTC")
            or " → " in line
            or "·" in line
            or len(line) <= _LABEL
        )
        if not alone and not line.rstrip().endswith(_ENDS):
            yield f"does not end like a sentence: {line[-90:]!r}"


def _words(text: str, data: frozenset[str]) -> Iterator[str]:
    bare = _CODE.sub("“”", _QUOTED.sub("“”", text))
    for word in _SNAKE.findall(bare):
        if word not in data:
            yield f"holds the code word {word!r}"
    if found := _LEAK.search(bare):
        yield f"leaks {found[0]!r}"
    if "  " in bare or " ." in bare or " ," in bare or ".." in bare.replace("...", ""):
        yield "has a stray space or dot"


def _pressables(drawn: Drawn) -> Iterator[str]:
    for block in drawn["blocks"]:
        buttons = [one for one in block.get("elements", ()) if one.get("type") == "button"]
        if block["type"] == "actions" and sum(one.get("style") == "primary" for one in buttons) > 1:
            yield "two primary buttons"
        for one in buttons:
            yield from _label(one["text"]["text"])


def _label(words: str) -> Iterator[str]:
    if words[0].islower() or words.endswith((".", ":")) or len(words) > 75:
        yield f"a button says {words!r}"
    if _SNAKE.search(words) or _EMOJI.fullmatch(words.strip()):
        yield f"a button says {words!r}"


def _titles(drawn: Drawn) -> Iterator[str]:
    for name in ("title", "submit", "close"):
        words = (drawn.get(name) or {}).get("text", "")
        if words and (not (words[0].isupper() or words[0].isdigit()) or _SNAKE.search(words) or len(words) > 24):
            yield f"{name} says {words!r}"


def _texts(block: Drawn) -> Iterator[str]:
    for name in ("text", "label", "hint", "title"):
        inner = block.get(name)
        if isinstance(inner, dict):
            yield inner["text"]
        elif isinstance(inner, str):
            yield inner
    for one in block.get("fields", ()):
        yield one["text"]
    for one in block.get("elements", ()):
        if one.get("type") in ("mrkdwn", "plain_text"):
            yield one["text"]
        elif one.get("type") == "image":
            yield one["alt_text"]
    for row in block.get("rows", ()):
        yield " · ".join(cell.get("text", "") for cell in row)
