"""The dialogs, and what people entered in them. Pure: a view comes out, a view with its state goes in."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import LABEL, Block, context, few, option, plain, said, section
from bot.fixing.answers import answers, problems, suggested, usable
from bot.fixing.view import resolve_view
from bot.glance import entry_line
from bot.modals import loading_view, modal, notice_view
from bot.wording import Around, due, headline, named, proposed, refs, worth
from sync.model import Case, Cause, Entry

__all__ = [
    "HAND_OVER_BLOCK", "NOTE_BLOCK", "SNOOZED", "SNOOZE_BLOCK", "answers", "discard_view", "hand_over_choice", "hand_over_view",
    "history_view",
    "loading_view", "note_problems", "notice_view", "problems", "reason_text", "reject_view", "release_view",
    "resolve_view", "snooze_choice", "snooze_view", "suggested", "timeline_view", "usable",
]  # fmt: skip

HAND_OVER_BLOCK, NOTE_BLOCK, SNOOZE_BLOCK = "person", "note", "until"
_SNOOZES = {"1": "1 hour", "4": "4 hours", "tomorrow": "Tomorrow morning"}
SNOOZED = {"1": "for 1 hour", "4": "for 4 hours", "tomorrow": "until tomorrow morning"}
_LONGEST_NOTE, _MOST_LINES, _PER_BLOCK = 1000, 90, 5


def snooze_view(cause: Cause, around: Around) -> Block:
    """For how long."""
    options = [option(words, value) for value, words in _SNOOZES.items()]
    element = {"type": "static_select", "action_id": "answer", "options": options, "initial_option": options[0]}
    blocks = [
        _about(cause),
        _input(SNOOZE_BLOCK, "Remind again in", element),
        context(f"The clocks keep running. Deadline: {due(cause.nearest, around).removeprefix('by ')}."),
    ]
    return modal("snooze", "Snooze", blocks, cause=cause, submit="Snooze")


def hand_over_view(cause: Cause, around: Around) -> Block:
    """To whom."""
    element = {"type": "users_select", "action_id": "answer", "placeholder": plain("Choose a person", 150)}
    team = said(around.team_title(cause.team), 80)
    blocks = [
        _about(cause),
        _input(HAND_OVER_BLOCK, "Hand over to", element),
        context(
            f"Somebody of {team}, who is told at once. Deadline: {due(cause.nearest, around).removeprefix('by ')}."
        ),
    ]
    return modal("hand_over", "Hand over", blocks, cause=cause, submit="Hand over")


def discard_view(cause: Cause, around: Around) -> Block:
    """Why nothing should be written."""
    money = worth(cause.sums)
    stake = f" {money} will not be billed by Meshline." if money else ""
    blocks = [
        _about(cause),
        section(f"*No invoice will be written.*{stake} The decision stays on record with your name."),
        _note("Why is it discarded?"),
    ]
    return modal("discard", "Discard", blocks, cause=cause, submit="Discard")


def reject_view(cause: Cause, around: Around) -> Block:
    """Why the proposal is not good."""
    blocks = [
        _about(cause),
        section(f"{proposed(cause.first[0], around)}\nIt goes back to the proposer with your words."),
        _note("Why is it rejected?"),
    ]
    return modal("reject", "Reject proposal", blocks, cause=cause, submit="Reject")


def hold_view(cause: Cause, cases: Sequence[Case]) -> Block:
    """Why the customers of these records may not be billed; one record for each customer."""
    names = [f"• *{said(case.customer_name or case.customer or '', 80)}*" for case in cases]
    blocks = [
        _about(cause),
        section("\n".join(["No invoice goes out until somebody releases it, for:", *few(names, 10)])),
        _note("Why may nothing be billed?"),
        context("Drafts are written on. What waits goes out in order when the hold is released."),
    ]
    return modal("hold_billing", "Hold billing", blocks, cause=cause, submit="Hold billing")


def runbook_note() -> Block:
    """The field for what changes in the runbook; `reason_text` reads it."""
    return _note("What changes in the runbook?")


def release_view(cause: Cause, around: Around) -> Block:
    """Why these customers may be billed again."""
    held = [f"• *{said(hold.called, 80)}*: {named(hold.why, around)}" for hold in cause.holds]
    blocks = [
        section("\n".join(["Invoices go out again for", *few(held, 10)])),
        _note("Why may billing go on?"),
        context("An invoice that is out cannot be taken back here. The release is recorded with your name."),
    ]
    return modal("release", "Release billing", blocks, cause=cause, submit="Release billing")


def timeline_view(lines: Sequence[str], title: str = "Timeline") -> Block:
    """What happened, line by line as given."""
    return _told(title, [said(line, 280) for line in lines])


def history_view(entries: Sequence[Entry], around: Around, title: str = "Timeline") -> Block:
    """What happened, from the journal, with times in the reader's own zone."""
    return _told(title, [entry_line(entry, around) for entry in entries])


def snooze_choice(view: Block) -> str:
    """A number of hours, or `tomorrow`; the shortest when nothing legal was chosen."""
    chosen = (_entered(view, SNOOZE_BLOCK).get("selected_option") or {}).get("value")
    return chosen if chosen in _SNOOZES else "1"


def hand_over_choice(view: Block) -> str:
    """The chosen person's id, empty when nobody was."""
    return str(_entered(view, HAND_OVER_BLOCK).get("selected_user") or "")


def reason_text(view: Block) -> str:
    """The words of a discard, a rejection or a release."""
    return " ".join(str(_entered(view, NOTE_BLOCK).get("value") or "").split())[:_LONGEST_NOTE]


def note_problems(view: Block) -> dict[str, str]:
    """What is wrong with those words."""
    return {} if reason_text(view) else {NOTE_BLOCK: "Please write a few words; they stay on record."}


def _told(title: str, lines: Sequence[str]) -> Block:
    shown = few([f"• {line}" for line in lines], _MOST_LINES) or ["Nothing has happened yet."]
    blocks = [section("\n".join(shown[at : at + _PER_BLOCK])) for at in range(0, len(shown), _PER_BLOCK)]
    return modal("timeline", title, blocks)


def _about(cause: Cause) -> Block:
    return section(f"*{said(headline(cause), 300)}*\n{refs(cause)}")


def _note(label: str) -> Block:
    element = {"type": "plain_text_input", "action_id": "answer", "multiline": True, "min_length": 3,
               "max_length": _LONGEST_NOTE}  # fmt: skip
    return _input(NOTE_BLOCK, label, element)


def _input(block_id: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": block_id, "label": plain(label, LABEL), "element": element}


def _entered(view: Block, block_id: str) -> Block:
    values = (view.get("state") or {}).get("values") or {}
    return next(iter((values.get(block_id) or {}).values()), {})
