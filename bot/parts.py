"""What a part of the Slack surface takes on. Each part answers for its own verbs; the listeners only carry to it what Slack sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from bot.blocks import Block
from bot.clicks import Click, Submission

Reply = dict[str, Any]
"""How a submitted dialog is answered, as Slack's acknowledgement has it: empty closes it, `response_action` says otherwise."""


class Part(Protocol):
    """A part of the surface."""

    @property
    def verbs(self) -> frozenset[str]:
        """The words of its buttons, menu entries and dialogs; no two parts share one."""
        ...

    async def on_click(self, click: Click) -> None:
        """Carry out a click, in a message, a dialog or the Home tab. Raises MeshlineError with the words for the person."""
        ...

    async def on_submit(self, sent: Submission) -> Reply:
        """Carry out a submitted dialog. Raises MeshlineError with the words for the person."""
        ...

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """The options of a select of ours for what a person typed into it, at most 100."""
        ...


def part_of(verb: str, parts: Sequence[Part], others: Part) -> Part:
    """Whose verb it is; `others` has every verb that no part claims."""
    return next((part for part in parts if verb in part.verbs), others)


def wrong_fields(wrong: dict[str, str]) -> Reply:
    """The answer that shows what is wrong beside the fields, by block id; with nothing wrong the dialog closes."""
    return {"response_action": "errors", "errors": wrong} if wrong else {}
