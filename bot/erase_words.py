"""The report of an erasure, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.erase_files import Line

_NAMES: Mapping[str, str] = {
    "events": "changes as they were received", "attempts": "records as they were read", "writes": "answers of the ERP",
    "cases": "exceptions", "overlays": "decisions about values", "messages": "lines for Slack", "journal": "lines of the journal",
    "deliveries": "deliveries", "suggestions": "suggestions", "proposed_rules": "proposed rules", "packs": "packs",
    "pack_files": "files of packs", "manual_fixes": "fixes by hand", "holds": "billing holds", "rollouts": "decisions about many",
    "rollout_cases": "decisions about many", "releases": "published workspaces",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found about a data subject and what became of it. `kept` says what stays, with why."""

    subject: str
    erased: bool
    found: dict[str, int]
    exceptions: tuple[int, ...]
    slack_messages: int
    slack_files: int
    samples: tuple[Line, ...]
    rewritten: tuple[str, ...]
    kept: tuple[str, ...]


def in_words(told: Report) -> str:
    """The report, line by line."""
    lines = [f"{told.subject}: {'erased' if told.erased else 'nothing was changed; this would be erased'}"]
    lines += [f"  {many:,} {_NAMES.get(name, name)}" for name, many in sorted(told.found.items())]
    if not told.found:
        lines.append("  nothing is left of it in the ledger")
    if told.exceptions:
        lines.append(f"  exceptions: {', '.join(f'EX-{one}' for one in told.exceptions[:20])}")
    if told.slack_messages or told.slack_files:
        verb = "are" if told.erased else "would be"
        lines.append(
            f"  in Slack {told.slack_messages:,} messages {verb} rewritten and {told.slack_files:,} files deleted by the service"
        )
    lines += [
        f"  {one.file}:{one.number} names it{'' if told.rewritten else ' (--samples rewrites it)'}"
        for one in told.samples
    ]
    lines += [f"  rewritten: {one}; run `meshline check`, then publish" for one in told.rewritten]
    lines += [f"  kept: {one}" for one in told.kept]
    return "\n".join(lines)
