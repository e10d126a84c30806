"""The Monday checklist as people read it: a mark and a word for each item, the evidence, and the command that shows more."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import Block, context, header, message, said, section
from sync.packs import Item

MORNING = 6


def checklist_message(items: Sequence[Item], company: str) -> Block:
    """The whole list as one message."""
    lines = checklist_lines(items)
    blocks = [
        header("Monday checklist"),
        section("\n".join(["*This morning*", *lines[:MORNING]])),
        section("\n".join(["*The last seven days*", *lines[MORNING:]])),
        context("Each line says what the ledger holds now, and the command that shows more."),
    ]
    return message(said(checklist_words(items, company), 3000), *blocks)


def checklist_words(items: Sequence[Item], company: str) -> str:
    """The notification and the screen reader's text."""
    open_ones = [one for one in items if not one.well]
    head = f"Monday checklist for {company}: {len(items) - len(open_ones)} of {len(items)} are well."
    if not open_ones:
        return head
    more = f", and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
    return f"{head} Look first at “{open_ones[0].title}”: {open_ones[0].evidence}{more}."


def checklist_lines(items: Sequence[Item]) -> list[str]:
    """A line for each item."""
    return [
        f"{'✔ well' if one.well else '• look'} · *{said(one.title, 100)}*: {said(one.evidence, 300)} `{one.look}`"
        for one in items
    ]
