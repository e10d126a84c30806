"""`meshline sync`: read a source now and deliver what is due; with --dry-run, what that would come to. Progress goes to stderr."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any

import typer

from bot.backfill import AGAIN, BIND, CREATE, KEEP, NOTHING, REFUSE, Foreseeing, Foreseen
from bot.cli.asking import Json
from bot.cli.running import moment_of, product, run
from bot.cli.telling import MISUSE, fail, show
from sync.model import Received
from sync.reasons import reason

_EVERY_SECONDS, _AT_ONCE = 1.0, 500
_WORDS = {
    CREATE: "would be created",
    BIND: "would be bound to the record that is there",
    KEEP: "were written before",
    NOTHING: "have nothing to do",
    REFUSE: "would be refused",
    AGAIN: "could not be asked about",
}


def sync(
    flow: str,
    since: Annotated[
        str | None, typer.Option(help="Read history from this day or moment on, such as 2026-01-31.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be written; needs --since.")] = False,
    first: Annotated[int, typer.Option(min=0, max=10_000, help="With --dry-run: name so many records.")] = 20,
    as_json: Json = False,
) -> None:
    """Read a flow's source now and deliver what is due. What was interrupted goes on where it stopped."""
    began = moment_of(since)
    if dry_run:
        if began is None:
            fail("a dry run needs --since: from which day or moment on to look", MISUSE)
        found = run(lambda: _foreseen(flow, began, first))
        show(document(found), as_json=as_json, text=lambda: in_words(found))
        return
    said = run(lambda: _carried_out(flow, began))
    show({"flow": flow, "said": said}, as_json=as_json, text=lambda: said)


async def _carried_out(flow: str, since: datetime | None) -> str:
    async with product() as parts:
        found, progress = parts.workspace.flow(flow), _Progress()
        words = await parts.jobs.poll(found, since=since, told=progress.read) if parts.jobs else ""
        settled, more = 0, True
        while more:
            done = await parts.engine.drain(limit=_AT_ONCE)
            settled, more = settled + done, done >= _AT_ONCE
            progress.say(f"{settled:,} deliveries settled")
        return f"{words} {settled} deliveries settled."


async def _foreseen(flow: str, since: datetime, first: int) -> Foreseen:
    async with product() as parts:
        progress = _Progress()
        foreseeing = Foreseeing(line=parts.engine.line, flow=parts.workspace.flow(flow))
        return await foreseeing.run(since, most=first, told=lambda many: progress.say(f"{many:,} records looked at"))


class _Progress:
    """A line a second at most."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def read(self, got: Received) -> None:
        """So much was read by now."""
        self.say(f"{got.received:,} changes read, {got.duplicates:,} known already")

    def say(self, words: str) -> None:
        """Unless something was said a moment ago."""
        if time.monotonic() - self._said >= _EVERY_SECONDS:
            self._said = time.monotonic()
            typer.echo(words, err=True)


def document(found: Foreseen) -> dict[str, Any]:
    """A dry run for programs; amounts are minor units."""
    return {
        "flow": found.flow,
        "since": found.since.isoformat(),
        "records": found.records,
        "outcomes": {
            what: {"records": found.counts[what], "minor": {one.currency: one.minor for one in found.sums(what)}}
            for what in _WORDS
            if found.counts[what]
        },
        "refused": {
            code: {"records": many, "minor": {one.currency: one.minor for one in found.refused(code)}}
            for code, many in found.reasons.most_common()
        },
        "first": [
            {"subject": one.subject, "title": one.title, "outcome": one.what, "reason": one.reason, "words": one.words,
             "currency": one.money.currency if one.money else None, "minor": one.money.minor if one.money else None}
            for one in found.first
        ],
        "written": 0,
    }  # fmt: skip


def in_words(found: Foreseen) -> str:
    """A dry run for people."""
    lines = [f"{found.flow} since {found.since:%Y-%m-%d %H:%M UTC}: {found.records:,} records. Nothing was written."]
    for what, words in _WORDS.items():
        if found.counts[what]:
            lines.append(f"  {found.counts[what]:,} {words}{_money(found.sums(what))}")
            if what == REFUSE:
                lines += [
                    f"    {many:,} {reason(code).title}{_money(found.refused(code))}"
                    for code, many in found.reasons.most_common()
                ]
    for one in found.first:
        why = f": {one.words}" if one.words else ""
        money = f", {one.money}" if one.money is not None else ""
        lines.append(f"{one.subject} {one.title}{money} -> {one.what}{why}")
    if found.records > len(found.first):
        lines.append(f"and {found.records - len(found.first):,} more; --first names more of them")
    return "\n".join(lines)


def _money(sums: Any) -> str:
    told = ", ".join(str(one) for one in sums)
    return f", {told}" if told else ""
