"""A clock that stands still: what the card says of it, and the dialog that asks why. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.blocks import LABEL, Block, button, context, moment, option, plain, said, section
from bot.carried import Carried, carry
from bot.modals import modal
from bot.wording import Around, headline, is_many, person, refs
from sync.model import Case, Cause
from sync.pausing import LONGEST, STATES, WHY

REASON, NOTE, UNTIL = "why", "note", "until"
_LABELS = {"customer_waiting": "We wait for the customer", "merge_task": "Two records are being merged"}
_SPANS = {"1": "1 day", "3": "3 days", "7": "1 week", "14": "2 weeks"}
_LONGEST_NOTE = 300


def may_be_paused(cause: Cause) -> bool:
    """Whether the clock of any record of the card can be stopped now."""
    return any(case.state in STATES and case.paused_at is None for case in cause.first)


def stands_still(cause: Cause) -> bool:
    """Whether no clock of the card runs."""
    return bool(cause.unresolved) and cause.nearest is None and bool(cause.pauses)


def paused_blocks(cause: Cause, around: Around) -> list[Block]:
    """Why the clock stands still, since when, until when and by whom, with the button that lets it run."""
    if not cause.pauses or not cause.unresolved:
        return []
    first = cause.pauses[0]
    note = f" They noted: {said(first.note, _LONGEST_NOTE)}." if first.note else ""
    some = f" for {len(cause.pauses)} of the records" if is_many(cause) and not stands_still(cause) else ""
    words = (
        f"*The clock stands still{some}*: {WHY.get(first.why, said(first.why))}. {person(first.by, around)} stopped it "
        f"{moment(first.since)}; it runs again {moment(first.until)} at the latest.{note}"
    )
    value = carry(Carried(cause=cause.id, version=cause.version))
    return [section(words, accessory=button("resume_clock", "Let it run", value))]


def pause_view(cause: Cause, around: Around) -> Block:
    """Why, for how long, and a few words."""
    whys = [option(words, value) for value, words in _LABELS.items()]
    spans = [option(words, value) for value, words in _SPANS.items()]
    note = {"type": "plain_text_input", "max_length": _LONGEST_NOTE}
    blocks = [
        section(f"*{said(headline(cause), 300)}*\n{refs(cause)}"),
        _input(REASON, "Why does the clock have to stand still?", {"type": "static_select", "options": whys}),
        _input(UNTIL, "For how long at most?", {"type": "static_select", "options": spans, "initial_option": spans[1]}),
        {**_input(NOTE, "A few words", note), "optional": True},
        context("What is left of the time now is left when the clock runs again. It is on the card and on record."),
    ]
    return modal("pause_clock", "Stop the clock", blocks, cause=cause, submit="Stop the clock")


def chosen(view: Block, now: datetime) -> tuple[str, datetime, str] | None:
    """Why, until when and the note; None when no reason was chosen."""
    why = (_entered(view, REASON).get("selected_option") or {}).get("value")
    days = (_entered(view, UNTIL).get("selected_option") or {}).get("value")
    if why not in WHY:
        return None
    span = timedelta(days=int(days)) if days in _SPANS else timedelta(days=1)
    note = " ".join(str(_entered(view, NOTE).get("value") or "").split())[:_LONGEST_NOTE]
    return str(why), now + min(span, LONGEST), note


def severity_of(cases: list[Case]) -> str:
    """The class that counts for the right to stop the clock: the gravest."""
    return min((case.severity for case in cases), default="B")


def _input(block_id: str, label: str, element: Block) -> Block:
    shown = {"action_id": "answer", **element}
    return {"type": "input", "block_id": block_id, "label": plain(label, LABEL), "element": shown}


def _entered(view: Block, block_id: str) -> Block:
    values = (view.get("state") or {}).get("values") or {}
    return next(iter((values.get(block_id) or {}).values()), {})
