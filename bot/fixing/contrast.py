"""The difference that a second person agrees to, on the approver's card: what the ERP has, or would get, against what it will."""

from __future__ import annotations

from bot.blocks import few, quote, said
from sync.model import Case

_MOST = 5
_STANDS = {
    "": "as the record stands → as proposed; nothing is there yet",
    "draft": "the draft there → what will be written",
    "posted": "what is posted there → what will be written",
    "written": "what is there → what will be written",
}


def contrast_lines(case: Case) -> list[str]:
    """The fields that will be written otherwise, in mrkdwn; nothing where no difference is known."""
    if not case.contrast:
        return []
    head = f"*In the ERP* ({_STANDS.get(case.contrast[0].stands, _STANDS['written'])}):"
    lines = [
        f"• {said(one.what, 60)}, {said(one.field, 80)}: {quote(one.before, 80)} → {quote(one.after, 80)}"
        for one in case.contrast
    ]
    return [head, *few(lines, _MOST)]
