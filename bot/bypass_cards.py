"""What a card says of a change around Meshline: the question about the runbook, or its answer. Pure."""

from __future__ import annotations

from bot.blocks import Block, button, said, section
from bot.carried import Carried, carry
from sync.model import Cause

VERB = "postmortem"
_QUESTION = "*A postmortem is drafted.* What changes in the runbook, so that this does not happen again?"


def asked(cause: Cause) -> list[Block]:
    """The question, until somebody has answered it; then the answer. Nothing on other cards."""
    if cause.lesson is None:
        return []
    if cause.lesson:
        return [section(f"*In the runbook now:* “{said(cause.lesson, 600)}”")]
    value = carry(Carried(cause=cause.id, version=cause.version))
    return [section(_QUESTION, accessory=button(VERB, "Write it down", value))]
