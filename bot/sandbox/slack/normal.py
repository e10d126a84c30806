"""Blocks as Slack gives them back: every id filled in, every default spelled out."""

from itertools import count
from typing import Any

from bot.sandbox.slack.limits import elements_of
from bot.sandbox.slack.values import Json

_numbers = count(1)
_DEFAULTS: dict[str, Json] = {"plain_text": {"emoji": True}, "mrkdwn": {"verbatim": False}}


def new_id(prefix: str) -> str:
    """A name that this process gives once."""
    return f"{prefix}{next(_numbers):07d}"


def normal(blocks: list[Json]) -> list[Json]:
    return [_block(spelled_out(block)) for block in blocks]


def _block(block: Json) -> Json:
    block.setdefault("block_id", new_id("b"))
    for element in elements_of(block):
        element.setdefault("action_id", new_id("a"))
    return block


def spelled_out(value: Any) -> Any:
    if isinstance(value, list):
        return [spelled_out(item) for item in value]
    if not isinstance(value, dict):
        return value
    defaults = _DEFAULTS.get(str(value.get("type")), {}) if isinstance(value.get("text"), str) else {}
    return {
        **{name: spelled_out(inner) for name, inner in value.items()},
        **{name: default for name, default in defaults.items() if name not in value},
    }
