"""The digest of a team's channel: what came, what was decided, what is late and what waits. Silent when nothing happened."""

from __future__ import annotations

from collections.abc import Callable

from bot.blocks import Block, context, divider, few, fields, header, message, said, section
from bot.glance import cause_line, hold_line
from bot.wording import Around, counted, due_plain, headline, told, worth
from store.reports import Period

_NEAREST = 5


def digest(
    team_title: str, period: Period, around: Around, permalink: Callable[[int], str | None] | None = None
) -> Block | None:
    """The message, or nothing when there is nothing to say. `permalink` finds the card of a cause."""
    if not (period.opened or period.resolved or period.unresolved or period.holds):
        return None
    blocks = [header(f"{told(team_title, around, 100)} · digest"), section(_sentence(period)), fields(*_facts(period))]
    if period.causes:
        lines = [f"• {cause_line(cause, around, permalink)}" for cause in period.causes[:_NEAREST]]
        blocks += [divider(), section("\n".join(["*Nearest deadlines*", *lines]))]
    if period.holds:
        held = [f"• {hold_line(hold, around)}" for hold in period.holds]
        blocks.append(section("\n".join(["*Billing on hold*", *few(held, _NEAREST)])))
    blocks.append(context("Each card in this channel carries the button that fixes it."))
    return message(said(_words(team_title, period, around), 3000), *blocks)


def _sentence(period: Period) -> str:
    were, are = ("was" if period.resolved == 1 else "were"), ("is" if period.unresolved == 1 else "are")
    came = f"*{period.opened:,}* came and *{period.resolved:,}* {were} resolved."
    if not period.unresolved:
        return f"{came} Nothing is open."
    if period.unresolved == period.late == 1:
        return f"{came} *1* is open, and it is late."
    late = (
        f"*{period.late:,}* of them late"
        if period.late
        else "none of them late"
        if period.unresolved > 1
        else "not late"
    )
    return f"{came} *{period.unresolved:,}* {are} open, {late}."


def _facts(period: Period) -> tuple[tuple[str, str], ...]:
    return (
        ("Open", f"{period.unresolved:,}"),
        ("Late", f"{period.late:,}"),
        ("Money stopped", worth(period.sums) or "none"),
        ("Customers on hold", f"{len(period.holds):,}"),
    )


def _words(team_title: str, period: Period, around: Around) -> str:
    money = f" {worth(period.sums)} stopped." if period.sums else ""
    held = f" Billing on hold for {counted(len(period.holds), 'customer')}." if period.holds else ""
    nearest = period.causes[0] if period.causes else None
    first = f" Nearest: {headline(nearest)}, {due_plain(nearest.nearest, around)}." if nearest else ""
    sentence = _sentence(period).replace("*", "")
    return f"Digest for {team_title}: {sentence}{money}{held}{first}"
