"""The dialog with a drafted postmortem. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import Block, said, section
from bot.bypass_cards import VERB
from bot.modals import modal
from bot.views import runbook_note
from sync.model import Cause
from sync.postmortem import Part


def postmortem_view(cause: Cause, parts: Sequence[Part]) -> Block:
    """The draft, and a field for the change of the runbook."""
    told = [
        section(f"*{said(part.title)}*\n" + "\n".join(f"• {said(line, 300)}" for line in part.lines)) for part in parts
    ]
    return modal(VERB, "Postmortem", [*told, runbook_note()], cause=cause, submit="Write it down")
