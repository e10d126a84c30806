"""What a change of a workspace does, as text, JSON and GitHub annotations. Pure: a comparison in, words out."""

from __future__ import annotations

import dataclasses
from typing import Any

from bot.cli.reports import annotation
from sync.mapping import clean
from sync.workspace.diff.change import Category
from sync.workspace.diff.comparing import Comparison
from sync.workspace.diff.locating import Spotted

_HEADS = {
    Category.BREAKING: "BREAKING: blocks, and nobody can approve it",
    Category.PROOF: "NEEDS REPLAY PROOF: may change what is written; replay recorded events, then approve",
    Category.APPROVAL: "NEEDS APPROVAL: a person of the right role agrees",
    Category.SAFE: "SAFE: changes nothing that is written",
}
_COUNTED = {
    Category.BREAKING: "breaking",
    Category.PROOF: "to prove by replay",
    Category.APPROVAL: "to approve",
    Category.SAFE: "safe",
}
_LEVELS = {Category.BREAKING: "error", Category.PROOF: "warning", Category.APPROVAL: "warning", Category.SAFE: "notice"}
Prefixes = tuple[str, str]
"""What leads from the root of the repository to the old side and to the new one."""


def document(comparison: Comparison) -> dict[str, Any]:
    """For programs."""
    return {
        "blocked": comparison.blocked,
        "proposer": comparison.proposer,
        "counts": {category.value: len(comparison.of(category)) for category in Category},
        "changes": [_plain(each) for each in comparison.changes],
        "mistakes": [dataclasses.asdict(each) for each in comparison.mistakes],
        "old_mistakes": [dataclasses.asdict(each) for each in comparison.old_mistakes],
    }


def _plain(each: Spotted) -> dict[str, Any]:
    kept = ("category", "kind", "noun", "name", "path", "old", "new", "words", "hint")
    told = {name: str(getattr(each.change, name)) for name in kept}
    return {**told, "approvers": list(each.change.approvers), "side": each.side, "file": each.file, "line": each.line}


def text(comparison: Comparison, prefixes: Prefixes) -> str:
    """For people: every change by category, worst first, with its file and line, and who must agree."""
    lines: list[str] = []
    for category in Category:
        found = comparison.of(category)
        if found:
            lines += [
                f"{_HEADS[category]} ({len(found)})",
                *(line for each in found for line in _told(each, prefixes)),
                "",
            ]
    return "\n".join([*lines, summary(comparison)])


def _told(each: Spotted, prefixes: Prefixes) -> list[str]:
    change = each.change
    about = " ".join(filter(None, (change.noun, change.name, change.path)))
    lines = [f"  {_file(each, prefixes)}:{each.line}  {clean(about)}", f"      {clean(change.words)}"]
    if change.old or change.new:
        lines.append(f"      {clean(change.old) or '(nothing)'} → {clean(change.new) or '(nothing)'}")
    if change.hint:
        lines.append(f"      hint: {clean(change.hint)}")
    if change.approvers:
        lines.append(f"      to approve: {', '.join(change.approvers)}")
    return lines


def _file(each: Spotted, prefixes: Prefixes) -> str:
    return f"{prefixes[0]}{each.file} (old)" if each.change.gone else f"{prefixes[1]}{each.file}"


def summary(comparison: Comparison) -> str:
    """One line: how many changes of each category, and who proposes them."""
    counts = ", ".join(f"{len(comparison.of(category))} {_COUNTED[category]}" for category in Category)
    words = counts if comparison.changes else "nothing changes"
    return f"{words}; proposed by {clean(comparison.proposer)}" if comparison.proposer else words


def mistakes(comparison: Comparison) -> str:
    """What is wrong with either side, with file and line."""
    old = [f"old side: {each}" for each in comparison.old_mistakes]
    return "\n".join([*old, *(str(each) for each in comparison.mistakes)])


def github(comparison: Comparison, prefixes: Prefixes) -> str:
    """For GitHub: a workflow command for each change and mistake, and a last line for the log. What is gone is shown where it
    stood on the old side."""
    lines = [_annotated(each, prefixes) for each in comparison.changes]
    lines += [
        annotation(f"{prefixes[1]}{each.file}", each.line, "Mistake", f"{each.what} ({each.right})")
        for each in comparison.mistakes
    ]
    return "\n".join([*lines, summary(comparison)])


def _annotated(each: Spotted, prefixes: Prefixes) -> str:
    change = each.change
    asked = f" To approve: {', '.join(change.approvers)}." if change.approvers else ""
    hint = f" {change.hint[:1].upper()}{change.hint[1:]}." if change.hint else ""
    title = f"{change.category.value}: {change.kind} in {change.noun} {change.name}"
    file = f"{prefixes[not change.gone]}{each.file}"
    return annotation(file, each.line, clean(title), clean(f"{change.words}.{hint}{asked}"), _LEVELS[change.category])
