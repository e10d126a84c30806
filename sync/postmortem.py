"""The draft of a postmortem: what happened, when, what it is worth, why, and what would have caught it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.bypasses import KeptBypass
from sync.model import Entry

_MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part under its heading."""

    title: str
    lines: tuple[str, ...]


def draft(kept: KeptBypass, timeline: Sequence[Entry]) -> tuple[Part, ...]:
    """The five parts, from what the ledger knows; `timeline` is the journal of the record, the oldest line first."""
    what = kept.what
    fields = ", ".join(each.field for each in what.changes)
    return (
        Part(title="What happened", lines=(f"{what.title or what.subject}: {what.words}.",)),
        Part(title="Timeline", lines=(*map(_line, timeline[-_MOST:]), f"{kept.opened_at:%Y-%m-%d %H:%M} UTC found by Meshline")),
        Part(title="Impact", lines=(f"{what.money} stands on this record." if what.money else "No money is known to depend on it.",)),
        Part(title="Cause", lines=(_cause(kept),)),
        Part(title="What would have caught it",
             lines=(f"Nobody but Meshline may write {fields} in {what.connection}: take the right away there, or name in the "
                    "runbook who may and how it is told.",)),
    )  # fmt: skip


def as_text(parts: Sequence[Part], lesson: str) -> str:
    """The whole text with the change of the runbook, for the record."""
    told = [f"{part.title}\n" + "\n".join(f"- {line}" for line in part.lines) for part in parts]
    return "\n\n".join([*told, f"Change of the runbook\n- {lesson}"])


def _line(entry: Entry) -> str:
    return f"{entry.at:%Y-%m-%d %H:%M} UTC {entry.verb.replace('_', ' ')} by {entry.actor}"


def _cause(kept: KeptBypass) -> str:
    what = kept.what
    who = what.who or "somebody"
    return f"{who} wrote to {what.entity} in {what.connection} past Meshline; {what.connection} let it happen."
